import type { FitChoice } from 'mobilenet-wasm/fit';
import { percent } from '../format';
import { text } from '../text';

type Network = FitChoice['networks'][number];

/** Names a choice: a network with its input size, or a small network and a large one. */
export function nameOf({ networks, margin, escalated }: FitChoice): string {
  const [small, large] = networks.map(networkName);
  const { cascade } = text.figures.fit;
  return margin === null ? small : cascade(small, large, percent(margin), percent(escalated));
}

export function networkName({ name, model, options }: Network): string {
  if (!options?.resolution) return name;
  const precision = text.page.weights.precisions[options.precision ?? 'f32'];
  return text.figures.fit.network(model ?? name, options.resolution, precision);
}
