import { milliseconds } from './format';
import { Rate, Recent } from './statistics';
import { text } from './text';

/** ms between changes of the figures: faster ones can't be read. */
const SHOWN_EVERY = 300;
/** Of so many times the slowest twentieth says something. */
const ENOUGH = 20;

/** A time that is measured over and over: the median of the last, shown at a pace at which it can be read. */
export class ShownMedian {
  /** What is shown, ms. */
  time: number | null = null;
  readonly #recent = new Recent(100);
  #shownAt = 0;

  constructor(private readonly write: (text: string) => void) {}

  /** The time that one in twenty exceeds, ms; `null` before there are enough. */
  get p95(): number | null {
    return this.#recent.count < ENOUGH ? null : this.#recent.quantile(0.95);
  }

  /** @returns whether something new is shown */
  add(ms: number): boolean {
    this.#recent.add(ms);
    return performance.now() - this.#shownAt >= SHOWN_EVERY && this.settle();
  }

  /**
   * Shows what there is now: nothing newer will come.
   * @returns whether there is something
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

/** How long a network takes, and how many frames a second it reads. */
export class Speed {
  readonly #median;
  readonly #rate = new Rate();

  /** @param element has a place for each of the figures */
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

  /** Shows what there is now: the picture won't be read again. */
  settle(): void {
    if (this.#median.settle()) this.#showOthers();
  }

  #showOthers(): void {
    const { p95, rate } = this;
    this.#find('.p95').textContent = p95 === null ? '' : text.page.column.p95(milliseconds(p95));
    this.#find('.rate').textContent = rate === null ? '' : text.page.column.perSecond(rate.toFixed(0));
  }

  /** Another picture, which may be a still one. */
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
