import { milliseconds } from './format';
import { Rate, RecentMedian } from './statistics';
import { text } from './text';

/** ms between changes of the figures while the camera runs: faster ones can't be read. */
const SHOWN_EVERY = 300;

/** A time that is measured over and over: the median of the last few, shown at a pace at which it can be read. */
export class ShownMedian {
  /** What is shown, ms. */
  time: number | null = null;
  readonly #median = new RecentMedian();
  #shownAt = 0;

  constructor(private readonly write: (text: string) => void) {}

  /** @returns whether something new is shown */
  add(ms: number, live: boolean): boolean {
    this.#median.add(ms);
    const now = performance.now();
    if (live && now - this.#shownAt < SHOWN_EVERY) return false;
    this.#shownAt = now;
    this.time = this.#median.value;
    this.write(`${milliseconds(this.time ?? 0)} ms`);
    return true;
  }

  clear(): void {
    this.#median.clear();
    this.time = null;
    this.#shownAt = 0;
  }
}

/** How long a network takes, and how many frames a second it reads. */
export class Speed {
  readonly #median;
  readonly #rate = new Rate();

  /** @param element has a place for each of the two */
  constructor(private readonly element: HTMLElement) {
    const milliseconds = this.#find('.milliseconds');
    this.#median = new ShownMedian((text) => (milliseconds.textContent = text));
  }

  /** Median inference time, ms. */
  get time(): number | null {
    return this.#median.time;
  }

  add(inference: number, live: boolean): void {
    if (live) this.#rate.tick(performance.now());
    if (!this.#median.add(inference, live)) return;
    const rate = this.#rate.value;
    this.#find('.rate').textContent = rate === null ? '' : text.page.column.perSecond(rate.toFixed(0));
  }

  /** Another picture, which may be a still one. */
  clearRate(): void {
    this.#rate.clear();
  }

  clear(): void {
    this.#median.clear();
    this.#rate.clear();
    for (const part of ['.milliseconds', '.rate']) this.#find(part).textContent = '';
  }

  #find(selector: string): Element {
    return this.element.querySelector(selector) as Element;
  }
}
