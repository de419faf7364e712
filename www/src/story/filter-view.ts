import { text } from '../text';
import { describe, drawing, shape } from './elements';
import { digits } from './numbers';

const SIDE = 24;

/** Shows one filter's weights as a square of squares. The larger a weight, the more of its square is filled. */
export class FilterView {
  readonly element = drawing(3 * SIDE, 3 * SIDE, '');

  constructor() {
    this.element.classList.add('filter');
  }

  /** @param weights `kernel` x `kernel` weights, row by row */
  show(weights: Float32Array, kernel: number): void {
    const most = weights.reduce((most, weight) => Math.max(most, Math.abs(weight)), 0);
    this.element.setAttribute('viewBox', `0 0 ${kernel * SIDE} ${kernel * SIDE}`);
    const rows = Array.from({ length: kernel }, (_, row) =>
      Array.from(weights.subarray(row * kernel, (row + 1) * kernel), written).join(' '),
    );
    describe(this.element, text.figures.filter(rows.join('; ')));
    this.element.replaceChildren(...Array.from(weights, (weight, index) => cell(weight, index, kernel, most)).flat());
  }
}

function cell(weight: number, index: number, kernel: number, most: number): SVGElement[] {
  const [x, y] = [(index % kernel) * SIDE, Math.floor(index / kernel) * SIDE];
  const side = most > 0 ? (SIDE - 3) * Math.sqrt(Math.abs(weight) / most) : 0;
  const inset = (SIDE - side) / 2;
  return [
    shape('rect', { class: 'cell', x: x + 0.5, y: y + 0.5, width: SIDE - 1, height: SIDE - 1 }),
    shape(
      'rect',
      { class: weight < 0 ? 'below' : 'above', x: x + inset, y: y + inset, width: side, height: side },
      shape('title', {}, written(weight)),
    ),
  ];
}

function written(weight: number): string {
  return weight < 0 ? `−${digits(-weight)}` : digits(weight);
}
