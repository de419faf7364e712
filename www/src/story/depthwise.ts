import type { ClassifySource, MobileNet, Tensor, Version } from 'mobilenet-wasm';
import { architectureOf } from '../networks';
import { text } from '../text';
import { CostExplorer } from './cost-explorer';
import { choice, line, make } from './elements';
import type { Figure } from './figure';
import { FilterView } from './filter-view';
import { ChannelGrid } from './grid';
import { drawMap, largestOf, liveliest } from './maps';
import { digits } from './numbers';

/** What one block of V1 made of the frame. */
interface Seen {
  input: Tensor;
  filtered: Tensor;
  mixed: Tensor;
  /** The filters of the depthwise convolution, `kernel` x `kernel` each. */
  filters: Float32Array;
  kernel: number;
}

/** A block of V1 at work: every channel filtered by itself, then all of them mixed; and what that saves. */
export class DepthwiseFigure implements Figure {
  readonly element: HTMLElement;
  readonly versions: readonly Version[] = ['v1'];
  readonly pause = 400;
  readonly showsMaps = true;
  changed = () => {};
  #seen: Seen | null = null;
  /** The block for which channels were chosen to begin with. */
  #begun = -1;
  readonly #block;
  readonly #costs = new CostExplorer();
  readonly #grid: ChannelGrid;
  readonly #mixedGrid: ChannelGrid;
  readonly #before = make('canvas');
  readonly #after = make('canvas');
  readonly #mixed = make('canvas');
  readonly #filter = new FilterView();
  readonly #caption = line();
  readonly #mixedCaption = line();

  constructor() {
    const words = text.figures.depthwise;
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
        step(
          words.stepFilter,
          make('div', 'filtering', this.#before, this.#filter.element, this.#after),
          this.#caption,
        ),
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
    const { data, kernel } = filters;
    this.#seen = { input: of(input), filtered: of(depthwise), mixed: of(mixed), filters: data, kernel };
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
    this.#grid.show(this.#seen.input);
    this.#mixedGrid.show(this.#seen.mixed);
    this.#showChannel();
    this.#showMixed();
  }

  #showChannel(): void {
    if (!this.#seen) return;
    const { input, filtered, filters, kernel } = this.#seen;
    const channel = this.#grid.chosen;
    drawMap(this.#before, input, channel);
    drawMap(this.#after, filtered, channel);
    this.#filter.show(filters.subarray(channel * kernel ** 2, (channel + 1) * kernel ** 2), kernel);
    const most = digits(largestOf(filtered, channel));
    this.#caption.textContent = text.figures.depthwise.filtered(channel, kernel ** 2, most);
  }

  #showMixed(): void {
    if (!this.#seen) return;
    const { filtered, mixed } = this.#seen;
    drawMap(this.#mixed, mixed, this.#mixedGrid.chosen);
    this.#mixedCaption.textContent = text.figures.depthwise.sum(this.#mixedGrid.chosen, filtered.channels);
  }
}
