/** The last few values and their quantiles, which are steady enough to read and follow changes quickly. */
export class Recent {
  #values: number[] = [];

  constructor(private readonly size: number) {}

  add(value: number): void {
    this.#values.push(value);
    if (this.#values.length > this.size) this.#values.shift();
  }

  clear(): void {
    this.#values = [];
  }

  get count(): number {
    return this.#values.length;
  }

  /** @param share the share of values that are no larger: 0.5 for the median */
  quantile(share: number): number | null {
    if (this.#values.length === 0) return null;
    const sorted = [...this.#values].sort((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  }
}

/** Events per second, over the last two seconds. */
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
