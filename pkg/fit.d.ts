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

/** The answer of a cascade. */
export interface CascadeClassification extends Classification {
  /** The network that gave the answer. */
  network: MobileNet;
  /** Number of networks that looked at the picture; `timing` is the sum over them. */
  asked: number;
}

export interface CascadeLoadOptions extends Omit<NamedLoadOptions, 'precision' | 'resolution' | 'trim'> {
  /** The files of networks that the catalogue doesn't have, by their `model` in the setup. */
  files?: Readonly<Record<string, Omit<LoadOptions, 'engine'>>>;
}

/**
 * A small network, and a large one that runs if the small one isn't sure: if its two highest probabilities differ by less than
 * `margin`. The frame is taken and read once for both.
 */
export declare class Cascade {
  private constructor();

  /**
   * @param networks all of one engine, the fastest first; `dispose` doesn't end them
   * @param options `margin`: the difference of the two highest probabilities from which on an answer counts, 0 to 1
   */
  static of(networks: readonly MobileNet[], options: { margin: number }): Cascade;

  /**
   * Loads the networks of a choice of {@link fit}, one or two, into an engine of their own, which ends with the cascade, or into
   * `options.engine`.
   * @param setup a choice, or the same after a round trip through JSON
   */
  static load(setup: Pick<FitChoice, 'networks' | 'margin'>, options?: CascadeLoadOptions): Promise<Cascade>;

  readonly networks: readonly MobileNet[];
  readonly margin: number;

  /** `crashed`: the next call starts a fresh worker. `disposed`, of the cascade or one of its networks, is final. */
  readonly state: 'ready' | 'crashed' | 'disposed';

  /**
   * Like {@link MobileNet.classify}. Calls take turns with those of the same cascade. Whether the large network runs depends on all
   * classes, even those that `allow` and `deny` leave out.
   */
  classify(source: ClassifySource, options?: ClassifyOptions & { when?: 'queue' }): Promise<CascadeClassification>;
  classify(source: ClassifySource, options?: ClassifyOptions): Promise<CascadeClassification | null>;

  /** Ends the cascade and the networks that it loaded: calls under way, and all later ones, are rejected with `DISPOSED`. */
  dispose(): void;

  /** Calls `dispose`, for `using cascade = …` in runtimes with `Symbol.dispose`. */
  [Symbol.dispose](): void;
}

/** A bound on either latency or agreement. */
export type FitTarget =
  | {
      /** The longest mean time from frame to answer in the worker; within it, the highest agreement is chosen. ms */
      latency: number;
      agreement?: undefined;
    }
  | {
      /** The least share of frames, 0 to 1, expected to agree with the reference; within it, the lowest latency is chosen. */
      agreement: number;
      latency?: undefined;
    };

/** A network in several sizes and precisions. */
export interface FitSizes {
  /** Input sizes, as in {@link CommonLoadOptions.resolution}. Default: the checkpoint's own. */
  resolutions?: readonly number[];
  /** Default: only `f32`. */
  precisions?: readonly Precision[];
}

/** A candidate: a name of the catalogue, with sizes or without, files with a name of your own, or a loaded network. */
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
  /** Number of measured networks, including the fraction of the current one. All that is timed by turns counts as one more. */
  done: number;
  total: number;
  /** The name of the current network, or those of a pair. */
  name: string;
  /** The measurements so far, which {@link search} takes. `null` before the first candidate. */
  measurements: FitMeasurements | null;
}

export type FitOptions = FitTarget &
  CallOptions & {
    candidates: readonly FitCandidate[];
    /**
     * Pictures like those that the networks will see, in order: at least 2, better hundreds. They are cut into up to eighty runs of
     * neighbours, which alternately serve to choose and to verify. So both halves have the same scenes, and what is promised is promised for these: it
     * tells nothing of other scenes. Don't change them before the promise is settled; a `<video>` must be paused.
     */
    frames: readonly ClassifySource[];
    /**
     * The network whose most probable class counts as right, in one size and precision. Default: the candidate with the most
     * multiply-accumulates, preferably on floats.
     */
    reference?: FitCandidate | null;
    /**
     * The engine into which the networks are loaded, one at a time, and then up to twelve that take turns; loaded candidates must belong to it.
     * Default: a new one.
     */
    engine?: Engine | null;
    /** Whether to time each network's layers too, in twenty more runs of it. Default `true`. */
    steps?: boolean;
    /** If it throws, that is an uncaught error of the page, and the measurement goes on. */
    onProgress?: ((progress: FitProgress) => void) | null;
  };

/** The measurements of one network. */
export interface FitPoint {
  /**
   * Identifies the network; no two points have the same name. A candidate that is listed twice is measured once, and two different
   * networks that would get the same name are `BAD_INPUT`.
   */
  name: string;
  /** Its name in the catalogue, or yours for its files; `null` for a network that was passed loaded. */
  model: string | null;
  /** The options for `MobileNet.load(model, options)`, or for the files; `null` for a network that was passed loaded. */
  options: Pick<CommonLoadOptions, 'resolution' | 'precision' | 'trim'> | null;
  /** Whether it can be chosen; false for a reference that is no candidate. */
  candidate: boolean;
  macs: number;
  /** How pictures are resized for it: two networks with the same value share the work. */
  resize: string;
  /** Medians, as in `Timing`. A network on the frontier was timed again, by turns with the others there. ms */
  preprocess: number;
  read: number;
  inference: number;
  /** Number of times that they are the median of: at least 20. */
  runs: number;
  /** The medians of its layers, µs; `null` if they weren't timed. */
  steps: { name: string; kind: string; microseconds: number }[] | null;
  /** The published ImageNet accuracy of these weights at this size, per cent; `null` if there is none. */
  published: number | null;
  /** For each frame the most probable class, and the difference of the two highest probabilities. */
  answers: [index: number, margin: number][];
}

/** Two networks, measured while they work together as a cascade. */
export interface FitPair {
  /** The name of a point. */
  small: string;
  large: string;
  /**
   * What a frame takes longer that the large network answers, divided by what it would by that network's own times. Mostly more than
   * 1, since both that network and the small one, on the next frame, find the caches filled by the other. Of medians.
   */
  factor: number;
}

/** All measurements that a search needs. They can be stored as JSON. */
export interface FitMeasurements {
  format: 'mobilenet-wasm/fit';
  /** The build and the threads that ran the networks; others take another time. */
  engine: Pick<EngineInfo, 'build' | 'threads'>;
  /** Number of frames. */
  frames: number;
  /** The name of the point whose answers count as right. */
  reference: string;
  /**
   * What a network's times are in the mean, divided by their median: the median of that over the networks. Predicted means are as many times
   * what the medians give. Default: 1.
   */
  unevenness?: number;
  points: FitPoint[];
  /**
   * The pairs on the frontier, eight at most. Other pairs are taken to slow each other down as much as these do in the median; without any, as
   * in measurements by an older version, each network is taken to need its own time.
   */
  pairs?: FitPair[];
}

/** A network, or a cascade of two, with its figures. It can be stored as JSON, and {@link Cascade.load} takes it. */
export interface FitChoice {
  /** For `MobileNet.load(model, options)`. In a cascade the small network comes first. */
  networks: Pick<FitPoint, 'name' | 'model' | 'options'>[];
  /** Below this margin the large network runs; `null` for a single network. */
  margin: number | null;
  /** Predicted mean time from frame to answer. ms */
  latency: number;
  /** The share of the frames for choosing that agree with the reference. */
  agreement: number;
  /**
   * The share that agrees in the mean on other frames of the same scenes: `agreement` less what choosing the best of many makes it too
   * high by, which is found by cross-validation on the frames for choosing. A target of agreement bounds this. Of
   * {@link FitSearch.points} nothing was chosen, so it is `agreement`.
   */
  expected: number;
  /** The share of frames for which the large network runs. */
  escalated: number;
  /** Of `latency`, `agreement`, `expected` and `escalated`. */
  source: 'measured here';
  /** MnasNet's reward, for comparison: agreement x (latency / target) ^ -0.07; `null` if the target is no latency, or if the clock didn't advance. */
  reward: number | null;
  /** As in {@link FitPoint}; `null` for a cascade. */
  published: number | null;
}

/** The figures of the choice on the frames that were not used to choose it. */
export interface FitVerification {
  frames: number;
  agreement: number;
  /** Wilson's 95 % interval of the agreement. It assumes independent frames, which those of a video are not. */
  interval: [low: number, high: number];
  escalated: number;
  /** Predicted mean. ms */
  latency: number;
  /** The frame on which it was surest of another class than the reference's; `null` if it agrees on all. */
  worst: { frame: number; index: number; wanted: number; margin: number } | null;
}

export interface FitSearch {
  target: FitTarget;
  reference: string;
  /** Number of frames for choosing and for verifying. */
  frames: { choosing: number; verifying: number };
  /** Each single candidate, in order. */
  points: FitChoice[];
  /** The Pareto-optimal set-ups in latency and agreement, the fastest first. */
  frontier: FitChoice[];
  /** The choice from the frontier; `null` if none meets the target. */
  chosen: FitChoice | null;
  verified: FitVerification | null;
  /** If none meets the target, the nearest one: the fastest, or the one that agrees most. */
  nearest: FitChoice | null;
}

export interface Fit extends FitSearch {
  measurements: FitMeasurements;
}

/**
 * Measures networks on this device with these frames, and chooses the best network or cascade of two. Nothing leaves the machine. It
 * runs every network on every frame, at least twenty times, and twenty times more for its layers. Then it times up to twelve networks on
 * the frontier by turns, and up to eight pairs. Don't use the engine meanwhile: other calls distort the times.
 */
export declare function fit(options: FitOptions): Promise<Fit>;

/**
 * Chooses again from measurements, for another target. The same measurements always give the same choice. Anything but measurements
 * of {@link fit} is `BAD_CONFIG`, and a wrong target is `BAD_INPUT`.
 */
export declare function search(measurements: FitMeasurements, target: FitTarget): FitSearch;

/**
 * {@link search} for one target after another. It computes the common part once, so that a visitor can drag a bound. Don't change the
 * measurements meanwhile.
 */
export declare function searcher(measurements: FitMeasurements): (target: FitTarget) => FitSearch;

/** What {@link measureTrim} found. */
export interface TrimSaving {
  /** Number of removed channels. */
  channels: number;
  /** The time that a run without them takes less, µs. The networks' times vary, so it can come out below 0. */
  microseconds: number;
  /** The time of a run with them, µs. */
  of: number;
}

/**
 * Measures what {@link CommonLoadOptions.trim} does to a network on this device: it loads the network with and without the channels,
 * and profiles the two in turns. The sources are read twice, so a `Response` won't do. Don't use the engine meanwhile.
 */
export declare function measureTrim(options: Omit<LoadOptions, 'trim'>): Promise<TrimSaving>;
export declare function measureTrim(model: ModelName, options?: Omit<NamedLoadOptions, 'trim'>): Promise<TrimSaving>;
