import { text } from '../text';
import { CURVES, NAMES, difference } from './activations';
import { drawing, shape } from './elements';
import { written } from './numbers';

const WIDTH = 560;
const HEIGHT = 300;
const LEFT = 44;
const RIGHT = 420;
const BASE = HEIGHT - 20;
const TOP = 10;
/** From and to, of both axes. */
const X = [-6, 6];
const Y = [-1, 6];

/** Height of the chart of the difference. */
const SMALL = 110;
/** The largest difference that it shows. */
const MOST = 0.15;

const x = (value: number) => LEFT + ((RIGHT - LEFT) * (value - X[0])) / (X[1] - X[0]);
const y = (value: number) => BASE - ((BASE - TOP) * (value - Y[0])) / (Y[1] - Y[0]);
const small = (value: number) => SMALL / 2 - ((SMALL / 2 - 8) * value) / MOST;

/** Bins of the values that a layer gives, of the whole height of the chart. */
const BINS = 56;

/** The curves of the three activations, and beside them how often a layer of V3 gives each value on this frame. */
export class CurveChart {
  readonly element = drawing(WIDTH, HEIGHT, text.figures.hswish.chart);
  readonly difference = drawing(RIGHT + 10, SMALL, text.figures.hswish.differenceChart);
  readonly #here = shape('path', { class: 'here' });
  readonly #hereSmall = shape('path', { class: 'here' });
  readonly #bins = shape('g', { class: 'bins' });

  constructor() {
    const words = text.figures.hswish;
    this.element.append(
      shape('path', { class: 'axis', d: `M${LEFT} ${y(0)} H${RIGHT} M${x(0)} ${TOP} V${BASE}` }),
      ...NAMES.map((name) => shape('path', { class: `line ${name}`, d: path(CURVES[name], y) })),
      this.#here,
      // The numbers come last, because the curves and the mark cross them.
      ...[-6, -3, 3, 6].map((at) => shape('text', { x: x(at), y: y(0) + 16, 'text-anchor': 'middle' }, written(at))),
      ...[2, 4, 6].map((at) => shape('text', { x: x(0) - 6, y: y(at) + 4, 'text-anchor': 'end' }, written(at))),
      shape('text', { x: WIDTH, y: HEIGHT - 4, 'text-anchor': 'end' }, words.histogram),
      this.#bins,
    );
    this.difference.append(
      shape('path', { class: 'axis', d: `M${LEFT} ${small(0)} H${RIGHT}` }),
      ...[-0.1, 0.1].flatMap((at) => [
        shape('path', { class: 'rule', d: `M${LEFT} ${small(at)} H${RIGHT}` }),
        shape('text', { x: LEFT - 4, y: small(at) + 4, 'text-anchor': 'end' }, written(at)),
      ]),
      shape('path', { class: 'line hard-swish', d: path(difference, small) }),
      this.#hereSmall,
    );
  }

  /** Marks a place on the axis. */
  mark(at: number): void {
    this.#here.setAttribute('d', `M${x(at)} ${TOP} V${BASE}`);
    this.#hereSmall.setAttribute('d', `M${x(at)} 0 V${SMALL}`);
  }

  /** @param values what a layer with h-swish gives */
  showValues(values: Float32Array): void {
    const counts = new Array<number>(BINS).fill(0);
    const size = (Y[1] - Y[0]) / BINS;
    for (const value of values) counts[Math.min(BINS - 1, Math.max(0, Math.floor((value - Y[0]) / size)))]++;
    // Most are next to zero: by the root the others can be seen as well.
    const most = Math.sqrt(Math.max(...counts));
    this.#bins.replaceChildren(
      ...counts.map((count, bin) => {
        const width = ((WIDTH - RIGHT - 16) * Math.sqrt(count)) / most;
        const place = { x: RIGHT + 16, y: y(Y[0] + (bin + 1) * size), height: y(0) - y(size) - 0.5 };
        return shape('rect', { ...place, width, class: Y[0] + (bin + 0.5) * size < 0 ? 'dip' : '' });
      }),
    );
  }
}

function path(curve: (x: number) => number, y: (value: number) => number): string {
  const steps = 120;
  const points = Array.from({ length: steps + 1 }, (_, step) => X[0] + ((X[1] - X[0]) * step) / steps);
  return points.map((at, index) => `${index ? 'L' : 'M'}${x(at).toFixed(1)} ${y(curve(at)).toFixed(2)}`).join('');
}
