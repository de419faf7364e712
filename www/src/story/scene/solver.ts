import { type Covariance, type Elimination, Moments, type Repaired, eliminate, repair } from './least-squares';

/** A layer that sums over channels, some of which will be removed. */
export interface Consumer {
  channels: number;
  /** `[out][in]`. */
  weight: Float32Array;
  bias: Float32Array;
}

/** A layer's remaining inputs, and weights that make up for the removed ones. */
export interface Pruned extends Repaired {
  /** In ascending order. */
  kept: number[];
}

/** The results for a layer, computed from all of its inputs. */
interface Known {
  covariance: Covariance;
  elimination: Elimination;
}

/**
 * Learns from the inputs of layers which channels matter, and repairs the layers. A layer is named by its index in the constructor's
 * list.
 */
export class Solver {
  readonly #consumers: readonly Consumer[];
  readonly #moments: Moments[];
  readonly #known = new Map<number, Known>();

  constructor(consumers: readonly Consumer[]) {
    this.#consumers = consumers;
    this.#moments = consumers.map(({ channels }) => new Moments(channels));
  }

  /** @param inputs the layer's inputs, pixel by pixel */
  learn(layer: number, inputs: Float32Array): void {
    this.#moments[layer].add(inputs);
    this.#known.delete(layer);
  }

  /** The loss of a layer's outputs as its inputs are removed one after the other: see {@link Elimination}. */
  losses(layer: number): number[] {
    return this.#know(layer).elimination.losses;
  }

  /** @param count the number of channels that stay */
  prune(layer: number, count: number): Pruned {
    const { channels, weight, bias } = this.#consumers[layer];
    const { covariance, elimination } = this.#know(layer);
    const gone = new Set(elimination.order.slice(0, channels - count));
    const kept = Array.from({ length: channels }, (_, channel) => channel).filter((channel) => !gone.has(channel));
    return { kept, ...repair(covariance, kept, weight, bias) };
  }

  #know(layer: number): Known {
    const known = this.#known.get(layer);
    if (known) return known;
    const { covariance } = this.#moments[layer];
    const made = { covariance, elimination: eliminate(covariance, this.#consumers[layer].weight) };
    this.#known.set(layer, made);
    return made;
  }
}
