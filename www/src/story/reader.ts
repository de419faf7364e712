import { line, make } from './elements';

/** The farthest that a pointer may be from a mark, for fingers and thin bars. Pixels. */
const NEAR = 24;

/**
 * Lets the visitor read a drawing's marks, whose titles only a mouse would show: by pointer, by touch, or, as in a slider, by arrow
 * keys.
 */
export class Reader {
  readonly element: HTMLDivElement;
  readonly #slider = make('div', 'readable-marks');
  readonly #told = line();
  /** The read mark's place among all; -1 for none. */
  #chosen = -1;

  /**
   * @param label the label for screen readers
   * @param selector finds the marks in `drawing`
   * @param titled a mark's title
   */
  constructor(
    public label: string,
    drawing: Element,
    private readonly selector: string,
    private readonly titled = (mark: Element) =>
      mark.querySelector('title')?.textContent ?? mark.getAttribute('title') ?? '',
  ) {
    this.#slider.append(drawing);
    this.element = make('div', 'readable', this.#slider, this.#told);
    this.refresh();
    const point = (event: PointerEvent) => this.#choose(this.#nearest(event));
    this.#slider.addEventListener('pointermove', (event) => event.pointerType === 'mouse' && point(event));
    this.#slider.addEventListener('pointerdown', point);
    this.#slider.addEventListener('focus', () => this.#choose(Math.max(this.#chosen, 0)));
    this.#slider.addEventListener('keydown', (event) => {
      const last = this.#marks.length - 1;
      const at = this.#chosen;
      const next = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: last }[event.key]; // prettier-ignore
      if (next === undefined) return;
      event.preventDefault();
      this.#choose(Math.min(Math.max(next, 0), last));
    });
  }

  /** Reads the same place again, after the drawing has changed. */
  refresh(): void {
    const marks = this.#marks;
    const attributes = {
      tabindex: '0',
      role: 'slider',
      'aria-label': this.label,
      'aria-valuemin': '0',
      'aria-valuemax': String(marks.length - 1),
    };
    if (marks.length > 0) {
      this.#chosen = Math.min(this.#chosen, marks.length - 1);
      for (const [name, value] of Object.entries(attributes)) this.#slider.setAttribute(name, value);
    } else {
      // An empty drawing is no slider.
      for (const name of this.#slider.getAttributeNames()) if (name !== 'class') this.#slider.removeAttribute(name);
    }
    const said = this.#show(marks);
    // A screen reader says at once what changes in the focused slider, and the camera's frames would never let it finish.
    if (marks.length > 0 && document.activeElement !== this.#slider) this.#say(said);
  }

  get #marks(): Element[] {
    return [...this.#slider.querySelectorAll(this.selector)];
  }

  #choose(index: number): void {
    if (index < 0 || index === this.#chosen) return;
    this.#chosen = index;
    this.#say(this.#show(this.#marks));
  }

  #say(said: string): void {
    this.#slider.setAttribute('aria-valuenow', String(Math.max(this.#chosen, 0)));
    this.#slider.setAttribute('aria-valuetext', said);
  }

  /** @returns what the read mark says */
  #show(marks: readonly Element[]): string {
    for (const [index, mark] of marks.entries()) mark.classList.toggle('read', index === this.#chosen);
    const mark = marks.at(this.#chosen);
    const said = this.#chosen >= 0 && mark ? this.titled(mark) : '';
    this.#told.textContent = said;
    return said;
  }

  /** The mark next to a pointer; -1 if none is near. */
  #nearest({ clientX, clientY }: PointerEvent): number {
    let nearest = { index: -1, distance: NEAR };
    for (const [index, mark] of this.#marks.entries()) {
      const { left, right, top, bottom } = mark.getBoundingClientRect();
      const outside = (at: number, from: number, to: number) => Math.max(from - at, 0, at - to);
      const distance = Math.hypot(outside(clientX, left, right), outside(clientY, top, bottom));
      if (distance < nearest.distance) nearest = { index, distance };
    }
    return nearest.index;
  }
}
