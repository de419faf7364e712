import { type Covariance, type Elimination, Moments, type Repaired, eliminate, repair } from './least-squares';

/** A layer that sums over channels of which some are to go. */
export interface Consumer {
  channels: number;
  /** `[out][in]`. */
  weight: Float32Array;
  bias: Float32Array;
}

/** What is left of a layer's inputs, and weights that make up for those that went. */
export interface Pruned extends Repaired {
  /** In ascending order. */
  kept: number[];
}

/** What was made of a layer's moments once all were seen. */
interface Known {
  covariance: Covariance;
  elimination: Elimination;
}

/** Learns which channels matter from what layers see, and repairs the layers. Layers are numbered. */
export class Solver {
  readonly #consumers: readonly Consumer[];
  readonly #moments: Moments[];
  readonly #known = new Map<number, Known>();

  constructor(consumers: readonly Consumer[]) {
    this.#consumers = consumers;
    this.#moments = consumers.map(({ channels }) => new Moments(channels));
  }

  /** @param inputs of a layer, pixel by pixel */
  learn(layer: number, inputs: Float32Array): void {
    this.#moments[layer].add(inputs);
    this.#known.delete(layer);
  }

  /** What a layer's outputs lose with its inputs, one after the other: see {@link Elimination}. */
  losses(layer: number): number[] {
    return this.#know(layer).elimination.losses;
  }

  /** @param count of channels that stay */
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
