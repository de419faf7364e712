import { MobileNetError, type TimedLayer } from 'mobilenet-wasm';
import { engine } from '../engine';
import { count } from '../format';
import { textOf } from '../messages';
import { paragraph, text } from '../text';
import { CostPlane } from './cost-plane';
import { type Shape, fullMacs, ratio, separableMacs, verdict } from './costs';
import { type Bar, bar, line, make, slider } from './elements';
import type { Surroundings } from './figure';
import { duration } from './numbers';

/** How long the sliders must rest before a measurement, during which the columns wait. ms */
const SETTLED = 400;

/** How often both are timed, in turns, since other work may disturb some measurements. */
const ROUNDS = 3;

/** Compares both forms of a convolution: their multiply-accumulates and their time on this device. */
export class CostExplorer {
  readonly element: HTMLDivElement;
  readonly #kernel;
  readonly #inChannels;
  readonly #outChannels;
  readonly #height;
  readonly #width;
  readonly #formula = line('formula');
  readonly #told = line();
  readonly #plane = new CostPlane();
  readonly #counts: [full: Bar, separable: Bar];
  readonly #times: [full: Bar, separable: Bar];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #started = false;

  constructor(private readonly around: Surroundings) {
    const words = text.figures.depthwise.costs;
    const onInput = () => this.#showCounts();
    const channels = [8, 16, 32, 64, 128, 256, 512];
    this.#kernel = slider(words.kernel, [3, 5], 3, onInput, (k) => `${k}×${k}`);
    this.#inChannels = slider(words.inChannels, channels, 64, onInput);
    this.#outChannels = slider(words.outChannels, [...channels, 1024], 128, onInput);
    const sides = [7, 14, 28, 56, 112];
    this.#height = slider(words.height, sides, 28, onInput);
    this.#width = slider(words.width, sides, 28, onInput);
    const sliders = [this.#kernel, this.#inChannels, this.#outChannels, this.#height, this.#width];
    this.#counts = [bar(words.full), bar(words.separable)];
    this.#times = [bar(words.full), bar(words.separable)];
    const bars = (title: string, rows: Bar[]) => [
      make('h4', '', title),
      make('ul', 'bars', ...rows.map(({ element }) => element)),
    ];
    this.#told.setAttribute('role', 'status');
    this.element = make(
      'div',
      'costs',
      make('div', 'sliders', ...sliders.map(({ element }) => element)),
      make(
        'div',
        'measures',
        this.#formula,
        ...bars(words.counted, this.#counts),
        ...bars(words.timed, this.#times),
        this.#told,
      ),
      this.#plane.element,
    );
    this.#showCounts();
  }

  /** Begins to measure, when the visitor has come to the figure. */
  start(): void {
    if (this.#started) return;
    this.#started = true;
    this.#showCounts();
  }

  get #shape(): Shape {
    return {
      kernel: this.#kernel.value,
      inChannels: this.#inChannels.value,
      outChannels: this.#outChannels.value,
      height: this.#height.value,
      width: this.#width.value,
    };
  }

  #showCounts(): void {
    const shape = this.#shape;
    const { kernel, outChannels } = shape;
    const full = fullMacs(shape);
    const [depthwise, pointwise] = separableMacs(shape);
    const share = ratio(kernel, outChannels);
    const numbers = `1/${outChannels} + 1/${kernel ** 2} = ${share.toFixed(3)}`;
    this.#formula.replaceChildren(
      '1/',
      make('i', '', 'C'),
      make('sub', '', 'out'),
      ' + 1/',
      make('i', '', 'k'),
      `² = ${numbers}`,
    );
    this.#counts[0].show([1], count(full));
    this.#counts[1].show([depthwise / full, pointwise / full], count(depthwise + pointwise));
    this.#plane.mark(kernel, outChannels);
    for (const row of this.#times) row.show([], '');
    this.#told.textContent = this.#started ? text.figures.depthwise.costs.timing : '';
    if (this.#started) this.#timeLater();
  }

  #timeLater(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.around.alone(() => this.#time(this.#shape)), SETTLED);
  }

  async #time(shape: Shape): Promise<void> {
    const words = text.figures.depthwise.costs;
    const { inChannels } = shape;
    try {
      const layers: TimedLayer[] = [
        { ...shape, kind: 'convolution' },
        { ...shape, kind: 'depthwise', outChannels: inChannels },
        { ...shape, kind: 'pointwise', kernel: 1 },
      ];
      const least = layers.map(() => Infinity);
      for (let round = 0; round < ROUNDS; round++) {
        for (const [index, layer] of layers.entries()) {
          if (!same(shape, this.#shape)) return;
          least[index] = Math.min(least[index], await microseconds(layer));
        }
      }
      if (!same(shape, this.#shape)) return;
      const [full, depthwise, pointwise] = least;
      const both = depthwise + pointwise;
      const longest = Math.max(...[full, both].filter(Number.isFinite));
      const shown = (time: number) => (Number.isFinite(time) ? duration(time) : words.tooLarge);
      this.#times[0].show(Number.isFinite(full) ? [full / longest] : [], shown(full));
      this.#times[1].show(Number.isFinite(both) ? [depthwise / longest, pointwise / longest] : [], shown(both));
      const told = Number.isFinite(full) ? verdict(words, shape, full / both, depthwise / both) : [];
      this.#told.textContent = paragraph(...told);
    } catch (error) {
      this.#told.textContent = text.figures.failed(textOf(error));
    }
  }
}

function same(a: Shape, b: Shape): boolean {
  return (Object.keys(a) as (keyof Shape)[]).every((side) => a[side] === b[side]);
}

/** The time of a layer; infinite if it is too much work to measure. */
async function microseconds(layer: TimedLayer): Promise<number> {
  try {
    return (await (await engine()).timeLayer(layer)).microseconds;
  } catch (error) {
    if (error instanceof MobileNetError && error.code === 'BAD_INPUT') return Infinity;
    throw error;
  }
}
