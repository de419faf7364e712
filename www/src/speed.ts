import { milliseconds } from './format';
import { Rate, Recent } from './statistics';
import { text } from './text';

/** The time between changes of the figures: faster ones can't be read. ms */
const SHOWN_EVERY = 300;
/** The fewest times for a 95th percentile. */
const ENOUGH = 20;

/** The median of the last times, updated slowly enough to read. */
export class ShownMedian {
  /** The shown time, ms. */
  time: number | null = null;
  readonly #recent = new Recent(100);
  #shownAt = 0;

  constructor(private readonly write: (text: string) => void) {}

  /** The 95th percentile, ms; `null` before there are enough times. */
  get p95(): number | null {
    return this.#recent.count < ENOUGH ? null : this.#recent.quantile(0.95);
  }

  /** @returns whether the shown time changed */
  add(ms: number): boolean {
    this.#recent.add(ms);
    return performance.now() - this.#shownAt >= SHOWN_EVERY && this.settle();
  }

  /**
   * Shows the current median at once, since no more times will come.
   * @returns whether there is one
   */
  settle(): boolean {
    this.time = this.#recent.quantile(0.5);
    if (this.time === null) return false;
    this.#shownAt = performance.now();
    this.write(`${milliseconds(this.time)} ms`);
    return true;
  }

  clear(): void {
    this.#recent.clear();
    this.time = null;
    this.#shownAt = 0;
  }
}

/** A network's time, and the frames per second that it reads. */
export class Speed {
  readonly #median;
  readonly #rate = new Rate();

  /** @param element contains an element for each figure */
  constructor(private readonly element: HTMLElement) {
    const milliseconds = this.#find('.milliseconds');
    this.#median = new ShownMedian((text) => (milliseconds.textContent = text));
  }

  /** Median inference time, ms. */
  get time(): number | null {
    return this.#median.time;
  }

  /** ms; `null` before there are enough times. */
  get p95(): number | null {
    return this.#median.p95;
  }

  /** Frames per second; `null` unless the camera runs. */
  get rate(): number | null {
    return this.#rate.value;
  }

  add(inference: number, live: boolean): void {
    if (live) this.#rate.tick(performance.now());
    if (this.#median.add(inference)) this.#showOthers();
  }

  /** Shows the current figures at once, since the picture won't be read again. */
  settle(): void {
    if (this.#median.settle()) this.#showOthers();
  }

  #showOthers(): void {
    const { p95, rate } = this;
    this.#find('.p95').textContent = p95 === null ? '' : text.page.column.p95(milliseconds(p95));
    this.#find('.rate').textContent =
      rate === null ? '' : text.page.column.perSecond(rate.toFixed(rate < 9.95 ? 1 : 0));
  }

  /** Clears the rate for another picture, which may be a still one. */
  clearRate(): void {
    this.#rate.clear();
  }

  clear(): void {
    this.#median.clear();
    this.#rate.clear();
    for (const part of ['.milliseconds', '.p95', '.rate']) this.#find(part).textContent = '';
  }

  #find(selector: string): Element {
    return this.element.querySelector(selector) as Element;
  }
}
