import type { ClassifySource, MobileNet, Tensor, TimedActivation, Version } from 'mobilenet-wasm';
import { percent } from '../format';
import { textOf } from '../messages';
import { engine } from '../engine';
import { text } from '../text';
import { CURVES, NAMES, comparison, difference } from './activations';
import { CurveChart } from './curve-chart';
import { type Bar, bar, line, make, slider } from './elements';
import type { Figure, Surroundings } from './figure';
import { duration, written } from './numbers';

/** The layer whose values are shown. Of the layers with h-swish it has the most channels, and few pixels. */
const LAYER = 'last pointwise';

/** Compares swish, h-swish and ReLU6: their curves, and their times on this device. */
export class HswishFigure implements Figure {
  readonly element: HTMLElement;
  readonly versions: readonly Version[] = ['v3-small'];
  readonly pause = 500;
  readonly showsMaps = true;
  changed = () => {};
  readonly #chart = new CurveChart();
  readonly #place;
  readonly #told = line();
  readonly #dipTold = line();
  readonly #bars = Object.fromEntries(NAMES.map((name) => [name, bar(text.figures.hswish.names[name])])) as Record<
    TimedActivation,
    Bar
  >;
  readonly #timesTold = line();
  readonly #again = make('button', 'small', text.figures.hswish.again);
  #timed = false;

  constructor(private readonly around: Surroundings) {
    const words = text.figures.hswish;
    const places = Array.from({ length: 121 }, (_, index) => (index - 60) / 10);
    this.#place = slider(
      words.place,
      places,
      3,
      () => this.#showPlace(),
      (x) => written(x.toFixed(1)),
    );
    this.#again.type = 'button';
    this.#again.addEventListener('click', () => void this.#time());
    const legend = NAMES.map((name) => make('li', name, words.names[name]));
    this.element = make(
      'div',
      'hswish',
      make('ul', 'kinds', ...legend),
      make(
        'div',
        'curves',
        make('div', 'step', this.#chart.element, this.#dipTold),
        make('div', 'step', make('h3', '', words.difference), this.#chart.difference, this.#place.element, this.#told),
      ),
      make('h3', '', words.times),
      make('ul', 'bars', ...NAMES.map((name) => this.#bars[name].element)),
      make('div', 'row', this.#timesTold, this.#again),
    );
    this.#timesTold.setAttribute('role', 'status');
    this.#showPlace();
  }

  async look(source: ClassifySource, [net]: readonly MobileNet[]): Promise<void> {
    const words = text.figures.hswish;
    // Not awaited: it waits for the end of this look.
    if (!this.#timed) void this.#time();
    const { data } = (await net.inspect(source, { layers: [LAYER] })).get(LAYER) as Tensor;
    this.#chart.showValues(data);
    const below = data.filter((value) => value < 0).length / data.length;
    this.#dipTold.textContent = net.info.minimalistic ? words.minimalistic : words.dip(percent(below));
  }

  redraw(): void {
    // The style sheet sets all colours.
  }

  #showPlace(): void {
    const x = this.#place.value;
    this.#chart.mark(x);
    const value = (name: TimedActivation) => written(CURVES[name](x).toFixed(3));
    const apart = written(difference(x).toFixed(3));
    const { names, told } = text.figures.hswish;
    this.#told.textContent = told(NAMES.map((name) => `${names[name]} ${value(name)}`).join(' · '), apart);
  }

  /** Times all three, one after the other, so that they don't compete for a core. */
  async #time(): Promise<void> {
    this.#timed = true;
    this.#again.disabled = true;
    const words = text.figures.hswish;
    try {
      const times = new Map<TimedActivation, number>();
      await this.around.alone(async () => {
        for (const name of NAMES) times.set(name, await (await engine()).timeActivation(name));
      });
      const of = (name: TimedActivation) => times.get(name) ?? 0;
      const longest = Math.max(...times.values());
      for (const name of NAMES) this.#bars[name].show([longest > 0 ? of(name) / longest : 0], duration(of(name)));
      this.#timesTold.textContent = comparison(words, of('swish'), of('hard-swish'));
    } catch (error) {
      this.#timesTold.textContent = text.figures.failed(textOf(error));
    } finally {
      this.#again.disabled = false;
    }
  }
}
