import type { ClassifySource, LookOptions, MobileNet } from './index.js';

export interface TeachOptions {
  /**
   * `ridge`, the default: a linear function of the features for each class, by ridge regression. `nearest`: a vote of the examples
   * with the nearest features.
   */
  method?: 'ridge' | 'nearest';
  /** With `nearest`: the number of examples that vote. Default 5. */
  neighbours?: number;
  /** With `ridge`: the penalty on large weights. Default 0.1. */
  ridge?: number;
}

export interface TaughtPrediction {
  label: string;
  /** The sum over all labels is 1. An estimate, which is good only if the examples are typical. */
  probability: number;
}

/** How well the examples are classified, each by a model of all others. */
export interface Accuracy {
  /** The share of examples that are classified correctly. */
  accuracy: number;
  byLabel: Map<string, number>;
}

/** The stored form: the examples' features, without their pictures. */
export interface TeachJson {
  format: 'mobilenet-wasm/teach';
  /** Identifies the architecture of the network that made the features. */
  network: string;
  /** Its features of a made-up picture, in the form of an example's, which tell its weights from others. */
  sample?: string;
  labels: string[];
  /** `label`: an index of `labels`. `features`: 32-bit floats, the least significant byte first, in base64. */
  examples: { label: number; features: string }[];
}

/**
 * Learns classes of your own from a network's features of some pictures of each class. Learning takes milliseconds, and happens at the
 * next call that needs it.
 */
export declare class Teach {
  /** @param net its `embed` computes the features; don't dispose of it before the last picture */
  constructor(net: MobileNet, options?: TeachOptions);

  /** In the order of their first examples. */
  readonly labels: string[];

  /** Number of examples of each label. */
  readonly counts: Map<string, number>;

  /**
   * @param source as for `embed`
   * @returns a number for `remove`
   */
  add(source: ClassifySource | Float32Array, label: string, options?: LookOptions): Promise<number>;

  /**
   * @param what the number of an example, or a label for all of its examples
   * @returns the number of removed examples
   */
  remove(what: number | string): number;

  /** @returns all labels, the most probable first */
  predict(source: ClassifySource | Float32Array, options?: LookOptions): Promise<TaughtPrediction[]>;

  /** Classifies each example by a model of all others. */
  accuracy(): Accuracy;

  toJSON(): TeachJson;

  /** @param net the network that made the features; one of another architecture is an error; with other weights, `add` and `predict` reject */
  static fromJSON(net: MobileNet, json: TeachJson, options?: TeachOptions): Teach;
}
