import { addGram, factorise, inverse, mirror, solve } from './matrices';

/** The penalty for large changes of weights, as a share of the inputs' mean variance. */
const RIDGE = 1e-6;

/** Sums of a layer's inputs, and of their products, over pixels. */
export class Moments {
  /** The number of pixels so far. */
  #count = 0;
  readonly #sums: Float64Array;
  readonly #products: Float64Array;

  constructor(readonly channels: number) {
    this.#sums = new Float64Array(channels);
    this.#products = new Float64Array(channels * channels);
  }

  /** @param inputs pixel by pixel */
  add(inputs: Float32Array): void {
    const { channels } = this;
    const pixels = inputs.length / channels;
    const columns = new Float64Array(inputs.length);
    for (let pixel = 0; pixel < pixels; pixel++) {
      for (let channel = 0; channel < channels; channel++) {
        const value = inputs[pixel * channels + channel];
        columns[channel * pixels + pixel] = value;
        this.#sums[channel] += value;
      }
    }
    addGram(this.#products, columns, pixels);
    this.#count += pixels;
  }

  get covariance(): Covariance {
    const { channels } = this;
    const means = this.#sums.map((sum) => sum / this.#count);
    const matrix = this.#products.map((sum) => sum / this.#count);
    mirror(matrix, channels);
    for (let i = 0; i < channels; i++) {
      for (let j = 0; j < channels; j++) matrix[i * channels + j] -= means[i] * means[j];
    }
    return { means, matrix };
  }
}

/** The statistics of a layer's inputs. */
export interface Covariance {
  means: Float64Array;
  /** `[input][input]`. */
  matrix: Float64Array;
}

/** The order in which channels are removed. */
export interface Elimination {
  /** The channels, beginning with the one that is removed first. */
  order: number[];
  /** The outputs' total loss after each removal: their mean squared errors plus the ridge's penalty. */
  losses: number[];
}

/**
 * Removes one input after the other. It chooses each time the input that the others can replace at the least cost (the optimal
 * brain surgeon's rule, Hassibi and Stork 1993): removing input i costs w_i² / [H⁻¹]_ii, where w_i are its weights and H is `matrix`
 * plus the ridge.
 * @param weight `[out][in]`
 */
export function eliminate({ matrix }: Covariance, weight: Float32Array): Elimination {
  const n = Math.sqrt(matrix.length);
  const outputs = weight.length / n;
  const factor = ridged(matrix, n);
  factorise(factor, n);
  const inverted = inverse(factor, n);
  const left = Float64Array.from(weight);
  // The remaining channels are moved to the front, so that no time is spent on the removed ones.
  const channels = Array.from({ length: n }, (_, channel) => channel);
  const order: number[] = [];
  const losses: number[] = [];
  let lost = 0;
  for (let count = n; count > 1; count--) {
    const { place, cost } = cheapest(left, inverted, n, count);
    lost += cost;
    order.push(channels[place]);
    losses.push(lost);
    const row = inverted.slice(place * n, place * n + count);
    for (let output = 0; output < outputs; output++) {
      addScaled(left, output * n, row, -left[output * n + place] / row[place]);
    }
    for (let i = 0; i < count; i++) addScaled(inverted, i * n, row, -row[i] / row[place]);
    const last = count - 1;
    channels[place] = channels[last];
    for (let output = 0; output < outputs; output++) left[output * n + place] = left[output * n + last];
    for (let i = 0; i < last; i++) inverted[i * n + place] = inverted[i * n + last];
    inverted.copyWithin(place * n, last * n, last * n + last);
    inverted[place * n + place] = inverted[last * n + last];
  }
  return { order, losses };
}

/** The one of the first `count` inputs that costs least. */
function cheapest(
  weight: Float64Array,
  inverted: Float64Array,
  n: number,
  count: number,
): { place: number; cost: number } {
  const energy = new Float64Array(count);
  for (let begin = 0; begin < weight.length; begin += n) {
    for (let i = 0; i < count; i++) energy[i] += weight[begin + i] * weight[begin + i];
  }
  const costs = energy.map((value, i) => value / inverted[i * n + i]);
  const place = costs.reduce((least, cost, i) => (cost < costs[least] ? i : least), 0);
  return { place, cost: costs[place] };
}

function addScaled(to: Float64Array, begin: number, row: Float64Array, by: number): void {
  if (by === 0) return;
  for (let i = 0; i < row.length; i++) to[begin + i] += by * row[i];
}

/** Weights with which some of the inputs give about the outputs that all of them gave. */
export interface Repaired {
  /** `[out][kept]`. */
  weight: Float32Array;
  bias: Float32Array;
}

/**
 * Finds the weights with which the remaining inputs reproduce the outputs of all inputs by least squares. The ridge keeps them
 * near the old weights.
 * @param kept the remaining inputs, in ascending order
 * @param weight the old weights, `[out][in]`
 */
export function repair(
  { means, matrix }: Covariance,
  kept: readonly number[],
  weight: Float32Array,
  bias: Float32Array,
): Repaired {
  const [n, m] = [means.length, kept.length];
  const stays = new Set(kept);
  const gone = Array.from(means.keys()).filter((input) => !stays.has(input));
  const part = new Float64Array(m * m);
  for (let a = 0; a < m; a++) for (let b = 0; b < m; b++) part[a * m + b] = matrix[kept[a] * n + kept[b]];
  const factor = ridged(part, m);
  factorise(factor, m);
  const repaired = { weight: new Float32Array(bias.length * m), bias: bias.slice() };
  const change = new Float64Array(m);
  for (let output = 0; output < bias.length; output++) {
    const before = weight.subarray(output * n, (output + 1) * n);
    let missing = gone.reduce((sum, input) => sum + before[input] * means[input], 0);
    for (let a = 0; a < m; a++) {
      change[a] = gone.reduce((sum, input) => sum + before[input] * matrix[kept[a] * n + input], 0);
    }
    solve(factor, m, change);
    for (let a = 0; a < m; a++) {
      repaired.weight[output * m + a] = before[kept[a]] + change[a];
      missing -= change[a] * means[kept[a]];
    }
    repaired.bias[output] += missing;
  }
  return repaired;
}

/** A copy of the matrix with the ridge added to its diagonal. */
function ridged(matrix: Float64Array, n: number): Float64Array {
  let trace = 0;
  for (let i = 0; i < n; i++) trace += matrix[i * n + i];
  const ridge = (RIDGE * trace) / n || 1;
  const copy = matrix.slice();
  for (let i = 0; i < n; i++) copy[i * n + i] += ridge;
  return copy;
}
