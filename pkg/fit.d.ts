import type {
  CallOptions,
  Classification,
  ClassifyOptions,
  ClassifySource,
  CommonLoadOptions,
  Engine,
  EngineInfo,
  LoadOptions,
  MobileNet,
  ModelName,
  NamedLoadOptions,
  Precision,
} from './index.js';

/** What a cascade answers. */
export interface CascadeClassification extends Classification {
  /** The network whose answer it is. */
  network: MobileNet;
  /** How many networks have looked at the picture; `timing` is of all of them. */
  asked: number;
}

export interface CascadeLoadOptions extends Omit<NamedLoadOptions, 'precision' | 'resolution' | 'trim'> {
  /** The files of networks that the catalogue doesn't have, by their `model` in the setup. */
  files?: Readonly<Record<string, Omit<LoadOptions, 'engine'>>>;
}

/**
 * A small network, and a large one that is asked where the small one isn't sure: where its two most probable classes are closer than
 * `margin`. The frame is taken and read once for both.
 */
export declare class Cascade {
  private constructor();

  /**
   * @param networks of one engine, the fastest first; they stay yours, and `dispose` leaves them alone
   * @param options `margin`: the difference of the two highest probabilities from which on an answer counts, 0 to 1
   */
  static of(networks: readonly MobileNet[], options: { margin: number }): Cascade;

  /**
   * Loads the networks of a choice of {@link fit}, one or two, into an engine of their own, which ends with the cascade, or into
   * `options.engine`.
   * @param setup a choice, or what JSON made of it
   */
  static load(setup: Pick<FitChoice, 'networks' | 'margin'>, options?: CascadeLoadOptions): Promise<Cascade>;

  readonly networks: readonly MobileNet[];
  readonly margin: number;

  /** `crashed`: the next call starts a fresh worker. `disposed`, of the cascade or one of its networks, is final. */
  readonly state: 'ready' | 'crashed' | 'disposed';

  /**
   * As {@link MobileNet.classify}. Calls take turns with those of the same cascade. Whether the large network is asked depends on all
   * classes, also on those that `allow` and `deny` leave out.
   */
  classify(source: ClassifySource, options?: ClassifyOptions & { when?: 'queue' }): Promise<CascadeClassification>;
  classify(source: ClassifySource, options?: ClassifyOptions): Promise<CascadeClassification | null>;

  /** Ends the cascade and what it has loaded: calls under way, and all later ones, are rejected with `DISPOSED`. */
  dispose(): void;

  /** The same, for `using cascade = …`; where the runtime has `Symbol.dispose`. */
  [Symbol.dispose](): void;
}

/** One bound, either way. */
export type FitTarget =
  | {
      /** The mean time from frame to answer in the worker that may not be exceeded; agreement is made as high as it gets. ms */
      latency: number;
      agreement?: undefined;
    }
  | {
      /** The share of frames, 0 to 1, on which the reference must be agreed with; latency is made as low as it gets. */
      agreement: number;
      latency?: undefined;
    };

/** A network in several sizes and precisions. */
export interface FitSizes {
  /** Input sizes, as {@link CommonLoadOptions.resolution}. Default: the checkpoint's own. */
  resolutions?: readonly number[];
  /** Default: `f32` alone. */
  precisions?: readonly Precision[];
}

/** What can be chosen: a name of the catalogue, with sizes or without, files with a name of your own, or a loaded network. */
export type FitCandidate =
  | ModelName
  | MobileNet
  | { network: MobileNet; name?: string }
  | (FitSizes &
      Omit<NamedLoadOptions, 'engine' | 'threads' | 'build' | 'assets' | 'signal'> & {
        model: ModelName;
        name?: string;
      })
  | (FitSizes & Omit<LoadOptions, 'engine' | 'threads' | 'build' | 'assets' | 'signal'> & { name: string });

export interface FitProgress {
  /** Networks that were measured, with a fraction of the one that is being measured. */
  done: number;
  total: number;
  /** What is being measured. */
  name: string;
  /** Of the networks that have been measured: {@link search} takes it already. `null` before the first candidate. */
  measurements: FitMeasurements | null;
}

export type FitOptions = FitTarget &
  CallOptions & {
    candidates: readonly FitCandidate[];
    /**
     * Pictures as the networks will see them, in their order: at least 2, better 200. Up to eighty runs of neighbours are by turns
     * for choosing and for verifying. They stay as they are until the promise is settled; a `<video>` shows the same picture only while
     * it is paused.
     */
    frames: readonly ClassifySource[];
    /** Whose most probable class is right. Default: of the candidates the one of the most multiply-accumulates. */
    reference?: FitCandidate | null;
    /** Where the networks are loaded, one at a time; loaded candidates have to be its own. Default: one of its own. */
    engine?: Engine | null;
    /** Whether each network's layers are timed too, half a second each. Default `true`. */
    steps?: boolean;
    /** What it throws is an uncaught error of the page; the measuring goes on. */
    onProgress?: ((progress: FitProgress) => void) | null;
  };

/** What was measured of one network. */
export interface FitPoint {
  /** Which it is; no two points have the same. */
  name: string;
  /** Its name in the catalogue, or the one that its files were given with; `null` of a network that was given loaded. */
  model: string | null;
  /** For `MobileNet.load(model, options)`, or for the files; `null` of a network that was given loaded. */
  options: Pick<CommonLoadOptions, 'resolution' | 'precision' | 'trim'> | null;
  /** Whether it can be chosen: the reference may be another network. */
  candidate: boolean;
  macs: number;
  /** How pictures are resized for it; of the same for two networks once is enough. */
  resize: string;
  /** Medians, as in `Timing`. ms */
  preprocess: number;
  read: number;
  inference: number;
  /** How many times they are the median of: 20 at least. */
  runs: number;
  /** The medians of its layers, µs; `null` where they weren't timed. */
  steps: { name: string; kind: string; microseconds: number }[] | null;
  /** Accuracy on ImageNet as published of these weights at this size, per cent; `null` where there is no such figure. */
  published: number | null;
  /** Of each frame the most probable class, and the difference of the two highest probabilities. */
  answers: [index: number, margin: number][];
}

/** All that a search needs. It can be kept as JSON. */
export interface FitMeasurements {
  format: 'mobilenet-wasm/fit';
  /** What ran the networks: another build or number of threads takes another time. */
  engine: Pick<EngineInfo, 'build' | 'threads'>;
  /** How many there were. */
  frames: number;
  /** The name of the point whose answers are right. */
  reference: string;
  points: FitPoint[];
}

/** A network, or a cascade of two. It can be kept as JSON, and {@link Cascade.load} takes it; `agreement` and so on are measurements. */
export interface FitChoice {
  /** For `MobileNet.load(model, options)`. In a cascade the small one comes first. */
  networks: Pick<FitPoint, 'name' | 'model' | 'options'>[];
  /** Below it the large network is asked; `null` where there is none. */
  margin: number | null;
  /** Predicted mean from frame to answer. ms */
  latency: number;
  /** With the reference, of the frames for choosing. */
  agreement: number;
  /** The share of frames that the large network is asked about. */
  escalated: number;
  /** Of `latency`, `agreement` and `escalated`. */
  source: 'measured here';
  /** MnasNet's: agreement x (latency / target) ^ -0.07, for comparison; `null` where no latency was asked for, or the clock saw none. */
  reward: number | null;
  /** As in {@link FitPoint}: of the weights at this size, and of no cascade. */
  published: number | null;
}

/** How the choice does on the frames that it wasn't chosen by. */
export interface FitVerification {
  frames: number;
  agreement: number;
  /** In which the agreement is with 95 % confidence, by Wilson, if the frames are independent of each other, as those of a video are not. */
  interval: [low: number, high: number];
  escalated: number;
  /** Predicted mean. ms */
  latency: number;
  /** The frame on which it was surest of another class than the reference; `null` where it agrees on all. */
  worst: { frame: number; index: number; wanted: number; margin: number } | null;
}

export interface FitSearch {
  target: FitTarget;
  reference: string;
  /** How many frames were for what. */
  frames: { choosing: number; verifying: number };
  /** Each candidate by itself, in their order. */
  points: FitChoice[];
  /** What nothing else beats both in latency and in agreement, the fastest first. */
  frontier: FitChoice[];
  /** Of the frontier; `null` where nothing meets the target. */
  chosen: FitChoice | null;
  verified: FitVerification | null;
  /** Where nothing meets the target what comes nearest: the fastest, or the one that agrees most. */
  nearest: FitChoice | null;
}

export interface Fit extends FitSearch {
  measurements: FitMeasurements;
}

/**
 * Measures networks on this device and on these frames, and chooses the one, or the cascade of two, that fits best. Nothing leaves the
 * machine. It takes as long as all networks take for all frames, and half a second more for each; other calls of the engine make the
 * times wrong.
 */
export declare function fit(options: FitOptions): Promise<Fit>;

/**
 * The choice alone, from what was measured before, for another target: the same measurements always give the same. What isn't
 * measurements of {@link fit} is `BAD_CONFIG`, and a target that is none `BAD_INPUT`.
 */
export declare function search(measurements: FitMeasurements, target: FitTarget): FitSearch;

/**
 * {@link search} for one target after another: what is the same for all of them is computed once, so that a visitor can drag a bound.
 * The measurements must stay as they are.
 */
export declare function searcher(measurements: FitMeasurements): (target: FitTarget) => FitSearch;
