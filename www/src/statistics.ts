/** The median of the last few values: steady enough to read, quick to follow a change. */
export class RecentMedian {
  #values: number[] = [];

  constructor(private readonly size = 15) {}

  add(value: number): void {
    this.#values.push(value);
    if (this.#values.length > this.size) this.#values.shift();
  }

  clear(): void {
    this.#values = [];
  }

  get value(): number | null {
    if (this.#values.length === 0) return null;
    return [...this.#values].sort((a, b) => a - b)[this.#values.length >> 1];
  }
}

/** Events per second, over the last two. */
export class Rate {
  #times: number[] = [];

  tick(now: number): void {
    this.#times.push(now);
    while (this.#times[0] < now - 2000) this.#times.shift();
  }

  clear(): void {
    this.#times = [];
  }

  get value(): number | null {
    const span = (this.#times.at(-1) ?? 0) - this.#times[0];
    return span > 0 ? ((this.#times.length - 1) * 1000) / span : null;
  }
}
