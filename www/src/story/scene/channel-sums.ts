/** Sums of the values in each channel of a map. */
export class ChannelSums {
  #count = 0;
  readonly #sums: Float64Array;
  readonly #squares: Float64Array;

  constructor(channels: number) {
    this.#sums = new Float64Array(channels);
    this.#squares = new Float64Array(channels);
  }

  /** @param values pixel by pixel */
  add(values: Float32Array): void {
    const channels = this.#sums.length;
    for (const [index, value] of values.entries()) {
      this.#sums[index % channels] += value;
      this.#squares[index % channels] += value * value;
    }
    this.#count += values.length / channels;
  }

  get means(): Float64Array {
    return this.#sums.map((sum) => sum / this.#count);
  }

  /** The sum of all channels' variances. */
  get variance(): number {
    const { means } = this;
    return this.#squares.reduce((sum, square, channel) => sum + square / this.#count - means[channel] ** 2, 0);
  }
}
