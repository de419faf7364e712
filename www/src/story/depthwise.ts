import type { ClassifySource, MobileNet, Tensor, Version } from 'mobilenet-wasm';
import { architectureOf } from '../networks';
import { text } from '../text';
import { CostExplorer } from './cost-explorer';
import { choice, line, make } from './elements';
import type { Figure, Surroundings } from './figure';
import { type Filtering, FilteringView } from './filtering';
import { ChannelGrid } from './grid';
import { drawMap, liveliest } from './maps';

/** The maps that one block of V1 computed from the frame. */
interface Seen {
  filtering: Filtering;
  mixed: Tensor;
}

/** Shows how a block of V1 filters each channel by itself, then mixes all of them, and what that saves. */
export class DepthwiseFigure implements Figure {
  readonly element: HTMLElement;
  readonly versions: readonly Version[] = ['v1'];
  readonly pause = 400;
  readonly showsMaps = true;
  changed = () => {};
  #seen: Seen | null = null;
  /** The block for which default channels were last chosen; -1 before the first look. */
  #begun = -1;
  readonly #block;
  readonly #costs: CostExplorer;
  readonly #grid: ChannelGrid;
  readonly #mixedGrid: ChannelGrid;
  readonly #mixed = make('canvas');
  readonly #filtering = new FilteringView();
  readonly #mixedCaption = line();

  constructor(around: Surroundings) {
    const words = text.figures.depthwise;
    this.#costs = new CostExplorer(around);
    const { channel } = text.figures;
    const { blocks } = architectureOf('v1');
    const names = blocks.map((_, index): [number, string] => [index, words.block(index + 1)]);
    this.#block = choice(words.chooseBlock, names, 0, () => this.changed());
    this.#grid = new ChannelGrid(words.inputs, channel, () => this.#showChannel());
    this.#mixedGrid = new ChannelGrid(words.mixed, channel, () => this.#showMixed());
    const step = (title: string, ...parts: HTMLElement[]) => make('div', 'step', make('h3', '', title), ...parts);
    this.element = make(
      'div',
      'depthwise',
      this.#block.element,
      make(
        'div',
        'steps',
        step(words.stepInputs, this.#grid.element),
        step(words.stepFilter, this.#filtering.element),
        step(words.stepMix, make('div', 'mixing', this.#mixedGrid.element, this.#mixed), this.#mixedCaption),
      ),
      make('h3', '', words.costs.title),
      this.#costs.element,
    );
  }

  async look(source: ClassifySource, [net]: readonly MobileNet[]): Promise<void> {
    const block = this.#block.value;
    const input = block === 0 ? 'stem' : `block ${block - 1} project`;
    const depthwise = `block ${block} depthwise`;
    const mixed = `block ${block} project`;
    const tensors = await net.inspect(source, { layers: [input, depthwise, mixed] });
    const filters = await net.filters(depthwise);
    const of = (name: string) => tensors.get(name) as Tensor;
    const { stride } = architectureOf('v1').blocks[block].depthwise ?? { stride: 1 };
    const { padding } = net.info;
    this.#seen = { filtering: { input: of(input), output: of(depthwise), filters, stride, padding }, mixed: of(mixed) };
    if (this.#begun !== block) {
      this.#begun = block;
      this.#grid.begin(liveliest(of(depthwise)));
      this.#mixedGrid.begin(liveliest(of(mixed)));
    }
    this.redraw();
    this.#costs.start();
  }

  redraw(): void {
    if (!this.#seen) return;
    this.#grid.show(this.#seen.filtering.input);
    this.#mixedGrid.show(this.#seen.mixed);
    this.#showChannel();
    this.#showMixed();
  }

  #showChannel(): void {
    if (this.#seen) this.#filtering.show(this.#seen.filtering, this.#grid.chosen);
  }

  #showMixed(): void {
    if (!this.#seen) return;
    const { filtering, mixed } = this.#seen;
    drawMap(this.#mixed, mixed, this.#mixedGrid.chosen);
    this.#mixedCaption.textContent = text.figures.depthwise.sum(this.#mixedGrid.chosen, filtering.output.channels);
  }
}
