import type { FitChoice, FitSearch } from 'mobilenet-wasm/fit';
import { milliseconds, percent } from '../format';
import { text } from '../text';
import { type TimeAxis, timeAxis } from '../time-axis';
import { type Slider, drawing, make, shape, slider } from './elements';
import { nameOf } from './fit-words';

const WIDTH = 560;
const HEIGHT = 330;
const PLOT = { left: 62, right: WIDTH - 16, top: 26, bottom: HEIGHT - 52 };
/** The number of the slider's steps from one end of the time axis to the other. */
const STEPS = 120;

/** Maps times and agreements to places on the drawing. */
interface Scale {
  x: (ms: number) => number;
  y: (agreement: number) => number;
}

/** Plots time against agreement: networks, cascades, the frontier that no choice beats, and the line that the visitor drags. */
export class FitPlot {
  readonly element = make('div', 'fit-plot');
  readonly #legend = make('ul', 'kinds');
  readonly #drawing = make('div', 'fit-drawing');
  readonly #control = make('div', 'fit-target');
  #slider: Slider | null = null;
  #axis: TimeAxis = timeAxis(1, 2);

  /**
   * @param names the columns' names; each column's networks have a colour
   * @param onTarget called when the line was moved
   */
  constructor(
    private readonly names: readonly string[],
    private readonly onTarget: () => void,
  ) {
    this.element.append(this.#legend, this.#drawing, this.#control);
    this.#drawing.addEventListener('pointerdown', (event) => {
      if (event.button !== 0 || !this.#slider) return;
      this.#drawing.setPointerCapture(event.pointerId);
      this.#dragTo(event);
    });
    this.#drawing.addEventListener('pointermove', (event) => {
      if (this.#drawing.hasPointerCapture(event.pointerId)) this.#dragTo(event);
    });
  }

  /** The time at the line; `null` if there is no line. ms */
  get target(): number | null {
    return this.#slider?.value ?? null;
  }

  /** Removes the line, because more points will come. */
  begin(): void {
    this.#slider = null;
    this.#control.replaceChildren();
  }

  /**
   * Puts the line at a time, or at the nearest place below it.
   * @param latencies the times of all points
   */
  aim(latencies: readonly number[], target: number): void {
    this.#axis = axisOf(latencies);
    const values = Array.from({ length: STEPS + 1 }, (_, step) => this.#axis.at(step / STEPS));
    const first = values.findLast((value) => value <= target) ?? values[0];
    const written = (ms: number) => `${milliseconds(ms)} ms`;
    this.#slider = slider(text.figures.fit.target, values, first, this.onTarget, written);
    this.#control.replaceChildren(this.#slider.element);
  }

  draw({ points, frontier, chosen }: FitSearch): void {
    if (!this.#slider) this.#axis = axisOf(points.map(({ latency }) => latency));
    const least = Math.min(...points.map(({ agreement }) => agreement));
    const floor = Math.min(0.9, Math.floor(least * 10) / 10);
    const scale: Scale = {
      x: (ms) => PLOT.left + (PLOT.right - PLOT.left) * this.#axis.share(ms),
      y: (agreement) => PLOT.bottom - ((PLOT.bottom - PLOT.top) * (agreement - floor)) / (1 - floor),
    };
    const pairs = frontier.filter(({ margin }) => margin !== null);
    this.#legend.replaceChildren(...this.#keys([...pairs, ...points]));
    this.#drawing.replaceChildren(
      drawing(
        WIDTH,
        HEIGHT,
        text.figures.fit.plot(points.length),
        ...grid(scale, this.#axis.ticks, [floor, (1 + floor) / 2, 1]),
        steps(scale, frontier),
        ...[...pairs, ...points].map((choice) => this.#mark(scale, choice)),
        ...(this.target === null ? [] : line(scale, this.target, chosen)),
      ),
    );
  }

  /** The legend of the marks that are in the drawing. */
  #keys(choices: readonly FitChoice[]): HTMLElement[] {
    const { cascade, eightBits } = text.figures.fit.legend;
    const some = (wanted: (choice: FitChoice) => boolean) => choices.some(wanted);
    const keys = this.names.map((name, place) => ({
      key: make('li', `place-${place}`, name),
      used: some(({ networks: [{ model }] }) => model === name),
    }));
    keys.push(
      {
        key: make('li', 'int8', eightBits),
        used: some(({ networks: [{ options }] }) => options?.precision === 'int8'),
      },
      { key: make('li', 'cascade', cascade), used: some(({ margin }) => margin !== null) },
    );
    return keys.flatMap(({ key, used }) => (used ? key : []));
  }

  #mark({ x, y }: Scale, choice: FitChoice): SVGElement {
    const { networks, margin, latency, agreement } = choice;
    const [{ name, model, options }] = networks;
    const [cx, cy] = [x(latency), y(agreement)];
    const words = text.figures.fit.point(nameOf(choice), milliseconds(latency), percent(agreement));
    const title = shape('title', {}, words);
    const about = { 'data-name': name, 'data-latency': latency, 'data-agreement': agreement };
    if (margin !== null) {
      return shape('path', { ...about, class: 'cascade', d: `M${cx} ${cy - 5}l5 5l-5 5l-5 -5Z` }, title);
    }
    const kind = ['single', `place-${this.names.indexOf(model ?? '')}`];
    if (options?.precision === 'int8') kind.push('int8');
    return shape('circle', { ...about, class: kind.join(' '), cx, cy, r: 6 }, title);
  }

  #dragTo({ clientX }: PointerEvent): void {
    const { left, width } = this.#drawing.getBoundingClientRect();
    const at = ((clientX - left) / width) * WIDTH;
    this.#slider?.set(Math.round((STEPS * (at - PLOT.left)) / (PLOT.right - PLOT.left)));
    this.onTarget();
  }
}

/** An axis that begins before the first point, so that the line can also stand where nothing is fast enough. */
function axisOf(latencies: readonly number[]): TimeAxis {
  const least = Math.min(...latencies);
  return timeAxis(least * 0.9, Math.max(...latencies, 2 * least));
}

function grid({ x, y }: Scale, times: readonly number[], agreements: readonly number[]): SVGElement[] {
  const { left, right, top, bottom } = PLOT;
  const { time, agreement } = text.figures.fit;
  return [
    ...agreements.flatMap((share) => [
      shape('path', { class: 'rule', d: `M${left} ${y(share)}H${right}` }),
      shape('text', { x: left - 8, y: y(share) + 5, 'text-anchor': 'end' }, percent(share)),
    ]),
    ...times.flatMap((ms) => [
      shape('path', { class: 'rule', d: `M${x(ms)} ${top}V${bottom}` }),
      shape('text', { x: x(ms), y: bottom + 20, 'text-anchor': 'middle' }, String(ms)),
    ]),
    shape('text', { x: right, y: HEIGHT - 4, 'text-anchor': 'end' }, time),
    shape('text', { x: left, y: top - 10 }, agreement),
  ];
}

/** The frontier: the best agreement that each time allows. */
function steps({ x, y }: Scale, frontier: readonly FitChoice[]): SVGElement {
  const d = frontier.map(({ latency, agreement }, index) =>
    index === 0 ? `M${x(latency)} ${y(agreement)}` : `H${x(latency)}V${y(agreement)}`,
  );
  return shape('path', { class: 'frontier', d: d.join('') });
}

/** The line with its handle, and a ring around the choice. */
function line({ x, y }: Scale, target: number, chosen: FitChoice | null): SVGElement[] {
  const at = x(target);
  const middle = (PLOT.top + PLOT.bottom) / 2;
  const bar = shape('path', { d: `M${at} ${PLOT.top - 4}V${PLOT.bottom}` });
  const handle = shape('rect', { x: at - 5, y: middle - 16, width: 10, height: 32, rx: 5 });
  const marks: SVGElement[] = [shape('g', { class: 'target', 'data-latency': target }, bar, handle)];
  if (!chosen) return marks;
  const { latency, agreement } = chosen;
  const ring = { class: 'chosen', 'data-latency': latency, cx: x(latency), cy: y(agreement), r: 11 };
  return [shape('circle', ring), ...marks];
}
