import { text } from '../text';
import { drawing, line, make, shape, slider } from './elements';
import { type Point, randomMatrix, spiral, throughRelu } from './spiral';

const SIDE = 200;
/** Number of points with one colour. */
const STRETCH = 10;

/** The spiral before and after, with the number of dimensions on a slider. */
export class SpiralView {
  readonly element: HTMLDivElement;
  readonly #before = drawing(SIDE, SIDE, text.figures.relu.before);
  readonly #after = drawing(SIDE, SIDE, text.figures.relu.after);
  readonly #told = line();
  readonly #dimensions;
  readonly #points = spiral();

  constructor() {
    const words = text.figures.relu;
    this.#dimensions = slider(words.dimensions, [2, 3, 5, 15, 30], 2, () => this.#draw());
    const again = make('button', 'small', words.again);
    again.type = 'button';
    again.addEventListener('click', () => this.#draw());
    const panel = (title: string, drawn: SVGSVGElement) => make('div', 'panel', make('h4', '', title), drawn);
    this.element = make(
      'div',
      'spiral',
      make('div', 'panels', panel(words.before, this.#before), panel(words.after, this.#after)),
      make('div', 'row', this.#dimensions.element, again),
      this.#told,
    );
    this.#told.setAttribute('role', 'status');
    draw(this.#before, this.#points);
    this.#draw();
  }

  /** Draws the spiral with a new matrix. */
  #draw(): void {
    const n = this.#dimensions.value;
    const { points, lost } = throughRelu(this.#points, randomMatrix(n));
    draw(this.#after, points);
    const share = lost.filter(Boolean).length / lost.length;
    this.#told.textContent = text.figures.relu.lost(n, `${Math.round(100 * share)} %`);
    this.#told.dataset.lost = String(share);
  }
}

/** Draws points in a square that fits them, with colours that change along the way. */
function draw(svg: SVGSVGElement, points: readonly Point[]): void {
  const most = Math.max(...points.flat().map(Math.abs)) || 1;
  const scaled = points.map(
    ([x, y]) => `${SIDE / 2 + (x / most) * SIDE * 0.47},${SIDE / 2 - (y / most) * SIDE * 0.47}`,
  );
  const lines = [];
  for (let first = 0; first + 1 < scaled.length; first += STRETCH) {
    const stretch = shape('polyline', {
      class: 'spiral-line',
      points: scaled.slice(first, first + STRETCH + 1).join(' '),
    });
    stretch.style.setProperty('--along', `${Math.round((100 * first) / scaled.length)}%`);
    lines.push(stretch);
  }
  svg.replaceChildren(...lines);
}
