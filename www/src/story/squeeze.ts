import type { ClassifySource, MobileNet, Tensor, Version } from 'mobilenet-wasm';
import { shortLabel } from '../class-names';
import { percent } from '../format';
import { architectureOf } from '../networks';
import { text } from '../text';
import { choice, line, make } from './elements';
import type { Figure } from './figure';
import { GateChart } from './gates';
import { drawMap, largestOf } from './maps';

/** Number of shown maps of the strongest and of the weakest gates. */
const SHOWN = 4;

interface Seen {
  gates: Tensor;
  filtered: Tensor;
}

/** Shows the gates of a block of V3 on this frame, and the network's answer with all gates open. */
export class SqueezeFigure implements Figure {
  readonly element: HTMLElement;
  readonly versions: readonly Version[] = ['v3-small'];
  readonly pause = 700;
  readonly showsMaps = true;
  changed = () => {};
  #seen: Seen | null = null;
  readonly #block;
  readonly #chart = new GateChart();
  readonly #told = line();
  readonly #strongest = make('div', 'map-row');
  readonly #weakest = make('div', 'map-row');
  readonly #answers = make('dl', 'answers-pair');
  readonly #body: HTMLDivElement;
  readonly #missing = line();

  constructor() {
    const words = text.figures.squeeze;
    const { blocks } = architectureOf('v3-small');
    const names = blocks.flatMap(({ squeezeExcite }, index): [number, string][] =>
      squeezeExcite ? [[index, words.block(index + 1)]] : [],
    );
    // The second block is the default: the first has hardly any channels, and the last hardly any pixels.
    this.#block = choice(words.chooseBlock, names, names[1][0], () => this.changed());
    this.#body = make(
      'div',
      'live-figure',
      this.#block.element,
      this.#chart.element,
      this.#told,
      make(
        'div',
        'extremes',
        make('div', 'step', make('h3', '', words.strongest), this.#strongest),
        make('div', 'step', make('h3', '', words.weakest), this.#weakest),
      ),
      make('h3', '', words.answer),
      this.#answers,
    );
    this.element = make('div', 'squeeze', this.#missing, this.#body);
  }

  async look(source: ClassifySource, [net]: readonly MobileNet[]): Promise<void> {
    const words = text.figures.squeeze;
    this.#body.hidden = net.info.minimalistic;
    this.#missing.textContent = net.info.minimalistic ? words.minimalistic : '';
    if (net.info.minimalistic) return;
    const block = this.#block.value;
    const [gates, filtered] = [`block ${block} excite`, `block ${block} depthwise`];
    const learned = await net.inspect(source, { layers: [gates, filtered, 'classifier'] });
    const open = await net.inspect(source, { layers: ['classifier'], gates: 'open' });
    this.#seen = { gates: learned.get(gates) as Tensor, filtered: learned.get(filtered) as Tensor };
    this.redraw();
    const answers = [learned, open].map((tensors) => answerOf(net, tensors.get('classifier') as Tensor));
    this.#answers.replaceChildren(
      ...[words.learned, words.open].flatMap((name, index) => [make('dt', '', name), make('dd', '', answers[index])]),
    );
  }

  redraw(): void {
    if (!this.#seen) return;
    const { gates, filtered } = this.#seen;
    const channels = Array.from({ length: gates.channels }, (_, channel) => channel);
    const strength = channels.map((channel) => largestOf(filtered, channel));
    // Many gates are 1. Of equal gates, those with the strongest maps come first.
    const ranked = channels.sort((a, b) => gates.data[b] - gates.data[a] || strength[b] - strength[a]);
    this.#chart.show(gates, ranked);
    const shut = gates.data.filter((gate) => gate === 0).length;
    const open = gates.data.filter((gate) => gate === 1).length;
    this.#told.textContent = text.figures.squeeze.told(gates.channels, shut, open);
    // One scale for all, to show the effect of a gate on its map.
    const most = Math.max(...strength);
    const show = (channel: number) => {
      const canvas = make('canvas');
      drawMap(canvas, filtered, channel, most);
      const gate = gates.data[channel].toFixed(2);
      return make('figure', '', canvas, make('figcaption', 'reading', text.figures.squeeze.gate(channel + 1, gate)));
    };
    this.#strongest.replaceChildren(...ranked.slice(0, SHOWN).map(show));
    this.#weakest.replaceChildren(...ranked.slice(-SHOWN).reverse().map(show));
  }
}

/** The most probable class and its probability. */
function answerOf({ info, labels }: MobileNet, { data }: Tensor): string {
  // Some checkpoints have a background class before the others.
  const logits = data.subarray(info.logits - info.classes);
  const top = logits.reduce((best, logit, index) => (logit > logits[best] ? index : best), 0);
  // Softmax includes the background class.
  const sum = data.reduce((sum, logit) => sum + Math.exp(logit - logits[top]), 0);
  const name = labels?.[top];
  const probability = percent(1 / sum);
  const { named, unnamed } = text.figures.squeeze;
  return name ? named(shortLabel(name, top), probability) : unnamed(top, probability);
}
