import type { ArchitectureLayer, Filters, NetworkInfo, Tensor } from 'mobilenet-wasm';
import { text } from '../text';
import { line, make } from './elements';
import { FilterView } from './filter-view';
import { drawMap, largestOf } from './maps';
import { digits, written } from './numbers';
import { PixelPicker } from './pixel-picker';
import { Reader } from './reader';

/** A depthwise convolution with its input and output. */
export interface Filtering {
  input: Tensor;
  output: Tensor;
  filters: Filters;
  stride: ArchitectureLayer['stride'];
  padding: NetworkInfo['padding'];
}

/** The padding above and left of a map, as in `src/arch/network.rs`. Pixels. */
export function paddingBefore(padding: NetworkInfo['padding'], size: number, kernel: number, stride: number): number {
  if (padding === 'symmetric') return Math.floor(kernel / 2);
  return Math.max(0, (Math.ceil(size / stride) - 1) * stride + kernel - size) >> 1;
}

/** Shows one channel before and after its filter, and the sum for the pixel at which the visitor points. */
export class FilteringView {
  readonly element: HTMLDivElement;
  readonly #before = make('canvas');
  readonly #after = make('canvas');
  readonly #window = make('i', 'mosaic-mark');
  readonly #pixel = make('i', 'mosaic-mark');
  readonly #filter = new FilterView();
  readonly #weights = new Reader(text.figures.depthwise.weights, this.#filter.element, 'rect:has(title)');
  readonly #picker: PixelPicker;
  readonly #told = line();
  readonly #sum = line();
  #shown: { filtering: Filtering; channel: number } | null = null;

  constructor() {
    const maps = [
      make('div', 'marked-map', this.#before, this.#window),
      make('div', 'marked-map', this.#after, this.#pixel),
    ];
    this.element = make(
      'div',
      'step',
      make('div', 'filtering', maps[0], this.#weights.element, maps[1]),
      this.#told,
      this.#sum,
    );
    const output = () => this.#shown?.filtering.output ?? null;
    this.#picker = new PixelPicker(maps, maps[1], text.figures.pixels, output, () => this.#showSum());
  }

  show(filtering: Filtering, channel: number): void {
    this.#shown = { filtering, channel };
    const { input, output, filters } = filtering;
    const taps = filters.kernel ** 2;
    drawMap(this.#before, input, channel);
    drawMap(this.#after, output, channel);
    this.#filter.show(filters.data.subarray(channel * taps, (channel + 1) * taps), filters.kernel);
    this.#weights.refresh();
    this.#told.textContent = text.figures.depthwise.filtered(channel, taps, digits(largestOf(output, channel)));
    this.#showSum();
  }

  /** Shows how the filter sums one pixel's neighbours. */
  #showSum(): void {
    if (!this.#shown) return;
    const { filtering, channel } = this.#shown;
    const { input, output, filters, stride, padding } = filtering;
    const { kernel } = filters;
    const [x, y] = this.#picker.at(output);
    const left = x * stride - paddingBefore(padding, input.width, kernel, stride);
    const top = y * stride - paddingBefore(padding, input.height, kernel, stride);
    const sum = sumAt(filtering, channel, left, top);
    const bias = filters.biases[channel];
    const value = output.data[(y * output.width + x) * output.channels + channel];
    place(this.#window, left, top, kernel, input);
    place(this.#pixel, x, y, 1, output);
    const numbers = [sum, bias, sum + bias, value].map((number) => written(number.toFixed(2)));
    const said = text.figures.depthwise.pixel(x, y, ...(numbers as [string, string, string, string]));
    this.#sum.textContent = said;
    this.#picker.say(said, output);
  }
}

/** The sum of the products of a filter and the pixels below it. Pixels beyond the border are zero. */
function sumAt({ input, filters }: Filtering, channel: number, left: number, top: number): number {
  const { kernel, data } = filters;
  const { width, height, channels } = input;
  let sum = 0;
  for (let row = 0; row < kernel; row++) {
    for (let column = 0; column < kernel; column++) {
      const [x, y] = [left + column, top + row];
      if (x < 0 || y < 0 || x >= width || y >= height) continue;
      const weight = data[(channel * kernel + row) * kernel + column];
      sum += weight * input.data[(y * width + x) * channels + channel];
    }
  }
  return sum;
}

function place({ style }: HTMLElement, x: number, y: number, side: number, { width, height }: Tensor): void {
  style.left = `${(100 * x) / width}%`;
  style.top = `${(100 * y) / height}%`;
  style.width = `${(100 * side) / width}%`;
  style.height = `${(100 * side) / height}%`;
}
