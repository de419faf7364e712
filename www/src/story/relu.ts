import type { Architecture, ClassifySource, MobileNet, Tensor, Version } from 'mobilenet-wasm';
import { percent } from '../format';
import { architectureIn } from '../networks';
import { text } from '../text';
import { DeadChart, type DeadLayer, mostDead } from './dead-chart';
import { line, make } from './elements';
import type { Figure } from './figure';
import { FilterView } from './filter-view';
import { deadChannels } from './maps';
import { Reader } from './reader';
import { SpiralView } from './spiral-view';

/** The most filters shown of dead and of living channels each. */
const SHOWN = 8;

/** The least share at the top of the charts' scale, so that a single dead channel is a low bar. */
const LEAST_SCALE = 0.1;

/** Shows what ReLU destroys: in a spiral, and in the channels of V1 and V2 on this frame. */
export class ReluFigure implements Figure {
  readonly element: HTMLElement;
  readonly versions: readonly Version[] = ['v1', 'v2'];
  // The figure reads all tensors of two networks, some 40 MB.
  readonly pause = 2000;
  readonly showsMaps = true;
  changed = () => {};
  readonly #charts = [new DeadChart('V1'), new DeadChart('V2')];
  readonly #told = line();
  readonly #filters = make('div', 'filters');
  readonly #weights = new Reader(
    text.figures.relu.filters,
    this.#filters,
    '.filter',
    (filter) => filter.getAttribute('aria-label') ?? '',
  );
  readonly #filtersTold = line();

  constructor() {
    const words = text.figures.relu;
    const key = (kind: DeadLayer['kind'], name: string) => make('li', kind, name);
    const { filter, widen, narrow } = words.kinds;
    const legend = make('ul', 'kinds', key('filter', filter), key('widen', widen), key('narrow', narrow));
    this.element = make(
      'div',
      'relu',
      make('h3', '', words.spiral),
      new SpiralView().element,
      make('h3', '', words.here),
      legend,
      ...this.#charts.flatMap(({ element }, index) => [make('h4', '', ['V1', 'V2'][index]), element]),
      this.#told,
      make('h3', '', words.filters),
      this.#weights.element,
      this.#filtersTold,
    );
  }

  async look(source: ClassifySource, networks: readonly MobileNet[]): Promise<void> {
    const found: DeadLayer[][] = [];
    // One network after the other: the tensors of both at once would take twice the memory.
    for (const net of networks) found.push(await deadLayers(source, net));
    const most = Math.max(LEAST_SCALE, ...found.map(mostDead));
    const shares = found.map((layers, index) => {
      this.#charts[index].show(layers, most);
      const sum = (of: (layer: DeadLayer) => number) => layers.reduce((sum, layer) => sum + of(layer), 0);
      return sum(({ dead }) => dead) / sum(({ channels }) => channels);
    });
    this.#told.textContent = text.figures.relu.total(percent(shares[0]), percent(shares[1]));
    await this.#showFilters(source, networks[0], found[0]);
  }

  redraw(): void {
    // The style sheet has all of its colours.
  }

  /** Shows filters of the depthwise convolution with the largest share of dead channels, and as many living ones. */
  async #showFilters(source: ClassifySource, net: MobileNet, layers: DeadLayer[]): Promise<void> {
    const words = text.figures.relu;
    const filtering = layers.filter(({ part }) => part === 'depthwise');
    const worst = filtering.reduce((a, b) => (b.dead / b.channels > a.dead / a.channels ? b : a));
    if (worst.dead === 0) {
      this.#filters.replaceChildren();
      this.#weights.refresh();
      this.#filtersTold.textContent = words.none;
      return;
    }
    const { data, kernel } = await net.filters(worst.name);
    const input = worst.block === 0 ? 'stem' : `block ${worst.block - 1} project`;
    const tensors = await net.inspect(source, { layers: [worst.name, input] });
    // `starved`: dead in the filter's input already.
    const [dead, starved] = [worst.name, input].map((name) => deadChannels(tensors.get(name) as Tensor));
    const of = (state: boolean) => dead.flatMap((isDead, channel) => (isDead === state ? [channel] : []));
    const show = (channels: number[]) =>
      channels.slice(0, SHOWN).map((channel) => {
        const view = new FilterView();
        view.show(data.subarray(channel * kernel ** 2, (channel + 1) * kernel ** 2), kernel);
        return view.element;
      });
    this.#filters.replaceChildren(
      make('h4', '', words.dead),
      make('div', 'filter-row', ...show(of(true))),
      make('h4', '', words.living),
      make('div', 'filter-row', ...show(of(false))),
    );
    this.#weights.refresh();
    const hungry = of(true).filter((channel) => starved[channel]).length;
    this.#filtersTold.textContent = words.worst(worst.block + 1, worst.dead, worst.channels, hungry);
  }
}

async function deadLayers(source: ClassifySource, net: MobileNet): Promise<DeadLayer[]> {
  const layers = layersOf(architectureIn(net));
  const tensors = await net.inspect(source, { layers: layers.map(({ name }) => name) });
  return layers.map((layer) => {
    const dead = deadChannels(tensors.get(layer.name) as Tensor);
    return { ...layer, dead: dead.filter(Boolean).length, channels: dead.length };
  });
}

/** The convolutions of V1 or V2, in order. V1's pointwise convolutions have an activation, so they count as expansions. */
function layersOf({ blocks }: Architecture): Omit<DeadLayer, 'dead' | 'channels'>[] {
  return blocks.flatMap(({ expand, project }, block) => {
    const named = (part: DeadLayer['part'], kind: DeadLayer['kind']) => ({
      name: `block ${block} ${part}`,
      kind,
      block,
      part,
    });
    const last = named('project', project.activation === 'linear' ? 'narrow' : 'widen');
    return [...(expand ? [named('expand', 'widen')] : []), named('depthwise', 'filter'), last];
  });
}
