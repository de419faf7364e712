import type { ClassifySource, LookOptions, MobileNet } from './index.js';

export interface TeachOptions {
  /**
   * `ridge`, the default: a linear function of the features for each class, by ridge regression. `nearest`: the classes of the
   * examples whose features are nearest.
   */
  method?: 'ridge' | 'nearest';
  /** With `nearest`: how many of them vote. Default 5. */
  neighbours?: number;
  /** With `ridge`: how much large weights cost. Default 0.1. */
  ridge?: number;
}

export interface TaughtPrediction {
  label: string;
  /** Of all labels they add up to 1; an estimate, and no better than the examples are typical. */
  probability: number;
}

/** How well examples are told apart, each by what was learnt from all others. */
export interface Accuracy {
  /** The share of examples that are named rightly. */
  accuracy: number;
  byLabel: Map<string, number>;
}

/** What can be kept: the examples' features, not their pictures. */
export interface TeachJson {
  format: 'mobilenet-wasm/teach';
  /** Whose features they are, for people and for comparison. */
  network: string;
  labels: string[];
  /** `label`: an index of `labels`. `features`: 32-bit floats, the least significant byte first, in base64. */
  examples: { label: number; features: string }[];
}

/**
 * Classes of one's own: a network's features of some pictures of each class are all that is needed. To learn takes milliseconds, and
 * is done when it is next asked for something.
 */
export declare class Teach {
  /** @param net whose `embed` gives the features; it has to live as long as pictures come */
  constructor(net: MobileNet, options?: TeachOptions);

  /** In the order in which they came. */
  readonly labels: string[];

  /** How many examples each label has. */
  readonly counts: Map<string, number>;

  /**
   * @param source as `embed` takes it
   * @returns a number by which the example can be removed
   */
  add(source: ClassifySource | Float32Array, label: string, options?: LookOptions): Promise<number>;

  /**
   * @param what an example, or a label: all of its examples
   * @returns how many were removed
   */
  remove(what: number | string): number;

  /** @returns all labels, the most probable first */
  predict(source: ClassifySource | Float32Array, options?: LookOptions): Promise<TaughtPrediction[]>;

  /** Leaves out each example in turn. */
  accuracy(): Accuracy;

  toJSON(): TeachJson;

  /** @param net the network that it was taught with: another is an error */
  static fromJSON(net: MobileNet, json: TeachJson, options?: TeachOptions): Teach;
}
