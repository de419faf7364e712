import './globals.js';

/** Pixels that a program has: RGBA, 8 bits each, alpha not premultiplied, row by row from the top. */
export interface Pixels {
  /** `width * height * 4` bytes. */
  data: Uint8Array | Uint8ClampedArray;
  width: number;
  height: number;
}

/**
 * What {@link MobileNet.prototype.classify} takes. The source stays yours: it isn't closed, transferred or changed. Node and Bun have
 * {@link Pixels} alone; Deno reads a Blob and ImageData too.
 */
export type ClassifySource =
  | HTMLVideoElement
  | HTMLImageElement
  | HTMLCanvasElement
  | OffscreenCanvas
  | ImageData
  | ImageBitmap
  | VideoFrame
  | Blob
  | Pixels;

/** A part of a picture, in its own pixels. Edges between two pixels are rounded. */
export interface Region {
  x: number;
  y: number;
  width: number;
  height: number;
}

/**
 * An address, or the bytes themselves. Your buffer is copied, not taken; it is copied again when
 * the network starts afresh after a crash, so keep it as it is, or give a Blob, which can't change.
 *
 * Relative addresses are the page's; in a worker that was made from a blob they are the origin's, in Node the working folder's.
 */
export type ByteSource = string | URL | ArrayBufferLike | ArrayBufferView | Blob;

/**
 * The address of a JSON file, the file, or the object that it holds. Any other object, such as a Promise, a Response, a Map or an
 * ArrayBuffer, is an error.
 */
export type JsonSource = string | URL | Blob | JsonObject;

/** An object as `JSON.parse` gives it. A value whose type is an interface is taken as `{ ...value }`. */
export type JsonObject = { readonly [key: string]: unknown };

/** `v4-conv-small`, `v4-conv-medium`: MobileNetV4's two without attention. The last two are no MobileNets, but kin. */
export type Version =
  'v1' | 'v2' | 'v3-small' | 'v3-large' | 'v4-conv-small' | 'v4-conv-medium' | 'mnasnet-b1' | 'efficientnet-lite0';

export interface Progress {
  /** Bytes so far. */
  loaded: number;
  /** Bytes in all, `null` where the server doesn't tell. */
  total: number | null;
}

/**
 * What 1x1 convolutions, most of a network's work, compute with. `int8`: weights and inputs as whole numbers of 8 bits. That is
 * up to four times as fast where the processor has an instruction for it, and changes a probability by .02 at most in the mean.
 * Layers that gain nothing stay on floats, as does everything else, and networks of a width below 0.75. `auto`: `int8` where some milliseconds of timing say that it is
 * faster here, else `f32`.
 */
export type Precision = 'f32' | 'int8' | 'auto';

export type BuildName = 'relaxed-threads' | 'relaxed' | 'simd-threads' | 'simd';

/** How the network is run. */
export interface EngineOptions {
  /**
   * How many threads run the network, 1 to 64. More than one need a cross-origin isolated page: elsewhere there is one,
   * and `info.skipped` says so. Default: as many as the device has cores, at most 4.
   */
  threads?: number;
  /** This build or none. Best left out: the best that works here is taken. */
  build?: BuildName;
  /**
   * The address of a folder with the files of the package's folder `wasm`, for tools that don't bring them along. Left out, they
   * are beside the package's own files, or where the bundler put them.
   */
  assets?: string | URL | null;
}

export interface EngineCreateOptions extends EngineOptions {
  /** Ends the worker; the promise is rejected with `ABORTED`. */
  signal?: AbortSignal | null;
}

/** How a network is loaded, whatever it is loaded from. */
export interface CommonLoadOptions extends EngineOptions {
  /** Where the network is to live; `threads`, `build` and `assets` are then that engine's. Default: an engine of its own. */
  engine?: Engine | null;
  /** Default `f32`. */
  precision?: Precision;
  /**
   * Side of the square input in pixels, 96 to 320 in steps of 32: anything else is `BAD_CONFIG`. A smaller one takes less time and
   * agrees less: the weights are those for the checkpoint's own size, the default, and published accuracy at another size is that
   * of other weights.
   */
  resolution?: number | null;
  /**
   * Leaves out channels that have the same value for every picture, as can be proved from the weights; `info.trimmed` tells how
   * many. The logits stay within 1e-4 of what they were, of pictures and of inputs for `run` in a picture's range. Default
   * `false`.
   */
  trim?: boolean;
  /** Names of the classes, best left out: the config's own or ImageNet's are used. */
  labels?: readonly string[] | null;
  /**
   * Called while the weights are downloaded, again from the start where another host is asked. What it throws is an uncaught error
   * of the page; the load goes on.
   */
  onProgress?: ((progress: Progress) => void) | null;
  /** Ends the download and the worker; the promise is rejected with `ABORTED`. */
  signal?: AbortSignal | null;
  /**
   * The name of a Cache Storage cache, which there is only in secure contexts (https: or localhost), or a cache of yours. Downloads
   * are taken from it, and put into it once the engine has accepted them; what the engine refuses of the cache is fetched once
   * more. Where the cache fails (blocked cookies, a full disk), everything is downloaded and nothing fails.
   */
  cache?: string | DownloadCache | null;
  /** In place of the global `fetch` for weights and configs: to add a header, for example. */
  fetch?: ((address: string, options: RequestInit) => Promise<Response>) | null;
}

/** Where downloads are kept: a `Cache` of Cache Storage, or an object of yours, as Transformers.js's `customCache`. */
export interface DownloadCache {
  /** @param key the file's address; of a checkpoint by name the one on the Hugging Face Hub, whichever host it comes from */
  match(key: string): Promise<Response | undefined> | Response | undefined;
  /** Replaces what there is. Called only with whole files that the engine has accepted; the load waits for it. */
  put(key: string, response: Response): Promise<unknown> | unknown;
  /** What came from the cache is damaged. Where there is no such method, the file that is fetched instead is `put`. */
  delete?(key: string): Promise<unknown> | unknown;
}

export interface LoadOptions extends CommonLoadOptions {
  /**
   * A `.safetensors` checkpoint of timm, torchvision or Hugging Face transformers, in F32, F16 or BF16, or a file that
   * {@link MobileNet.export} made; or the same tensors in a `.pth`.
   *
   * Or a file that needs no `config`, as its graph tells the network: a `.tflite`, float32, float16 or quantised, a `.keras` or
   * `.h5`, or a zip of the files of TensorFlow.js or Teachable Machine. Those files themselves too: the address of `model.json`,
   * beside which the others are looked for, or all of them.
   */
  weights: ByteSource | readonly File[] | (ArrayLike<File> & { item(index: number): File | null });
  /**
   * The checkpoint's `config.json`: width, input size, normalisation, padding, labels. Of a `.tflite` file's only normalisation,
   * resizing and labels are taken.
   */
  config?: JsonSource | null;
  /** The checkpoint's `preprocessor_config.json`, where it has one. */
  preprocessorConfig?: JsonSource | null;
  /** The SHA-256 of the weights, 64 hexadecimal digits: any other file is rejected with `CHECKSUM`. */
  sha256?: string | null;
}

/** A version, for its most usual checkpoint, or the `name` of a {@link CatalogueEntry}. */
export type ModelName = 'v1' | 'v2' | 'v3-small' | 'v3-large' | 'v4-small' | 'v4-medium' | (string & {});

export interface NamedLoadOptions extends CommonLoadOptions {
  /**
   * Where the files are sought, in order: addresses with `{repository}`, `{revision}`, `{name}` and `{file}` where the catalogue's
   * entry has something to say. Default: the Hugging Face Hub, then ModelScope, which is asked only for what has a digest.
   */
  hosts?: readonly string[] | null;
  /** A folder of yours that comes after the hosts: the files of each checkpoint lie in `{name}/`. */
  baseUrl?: string | URL | null;
  /** As in {@link CommonLoadOptions}; default `mobilenet-wasm-weights`, `null` for none. */
  cache?: string | DownloadCache | null;
}

/** A checkpoint that is known by name: an entry of `mobilenet-wasm/catalogue.json`. */
export interface CatalogueEntry {
  name: string;
  version: Version;
  /** Width multiplier. */
  width: number;
  /** Side of the square input. Pixels. */
  resolution: number;
  /** On the Hugging Face Hub. */
  repository: string;
  /** A commit, or `main` where none is known. */
  revision: string;
  file: string;
  bytes: number;
  /** `null` where it isn't known. */
  sha256: string | null;
  /** Published accuracy on ImageNet, per cent. */
  top1: number;
  licence: string;
  /** Whether it is the one that its version's name stands for. */
  default?: boolean;
}

export interface UntrainedOptions extends EngineOptions {
  /** As in {@link LoadOptions}. */
  engine?: Engine | null;
  version: Version;
  /** V3's "minimalistic" form: no squeeze-and-excite, ReLU only, 3x3 only. Default `false`. */
  minimalistic?: boolean;
  /** Width multiplier, default 1. */
  width?: number;
  /** Side of the square input in pixels, 96 to 320 in steps of 32. Default 224. */
  resolution?: number;
  /** Default 1000. */
  classes?: number;
  /** Default `f32`. */
  precision?: Precision;
  signal?: AbortSignal | null;
}

/** What all calls take that look at a picture. */
export interface LookOptions extends CallOptions {
  /** The part of the picture to look at. Default: all of it. */
  region?: Region | null;
  /** By how much it is turned before, clockwise. Default 0. */
  rotation?: 0 | 90 | 180 | 270;
}

/** Which classes an answer has. */
export interface ChoiceOptions {
  /** How many predictions at most, default 5. */
  topK?: number;
  /** Only classes that are at least as probable. Default 0. */
  threshold?: number;
  /** Only these classes, by index or by name: the whole label, or one of the names that it lists. */
  allow?: readonly (number | string)[] | null;
  /** All but these. */
  deny?: readonly (number | string)[] | null;
}

export interface ClassifyOptions extends ChoiceOptions, LookOptions {
  /**
   * What becomes of a call while others are under way. `queue`, the default: it waits for its turn. `newest`: of those that wait
   * only the newest stays; the promises of the others resolve to `null`. That is for cameras: each frame can be given as it
   * comes.
   */
  when?: 'queue' | 'newest';
}

export interface ClassifyBatchOptions extends ChoiceOptions, LookOptions {}

/** What {@link Engine.load} takes. */
export type EngineLoadOptions = Omit<LoadOptions, 'engine' | keyof EngineOptions>;

/** What it takes with a name. */
export type EngineNamedLoadOptions = Omit<NamedLoadOptions, 'engine' | keyof EngineOptions>;

/** What {@link Engine.untrained} takes. */
export type EngineUntrainedOptions = Omit<UntrainedOptions, 'engine' | keyof EngineOptions>;

export interface ClassifyAllOptions extends ClassifyOptions {
  /**
   * Called with each network's answer as soon as there is one; the promise has them all when the last is done. What it throws is
   * an uncaught error of the page; the call goes on.
   */
  onResult?: ((network: MobileNet, classification: Classification) => void) | null;
}

export interface CallOptions {
  /** Rejects this call with `ABORTED`. The worker finishes what it has begun, and calls made meanwhile wait for that. */
  signal?: AbortSignal | null;
}

export interface RunOptions extends CallOptions {
  /**
   * Gives the buffer of `input` away instead of copying it: all of it is detached, also where `input` is a part of it. Has no
   * effect on shared memory, which the worker reads where it is: leave it as it is until the answer. Default `false`.
   */
  transfer?: boolean;
}

export interface ExportOptions extends CallOptions {
  /**
   * How the weights are written. `f32`, the default: the network computes the same bits. `f16`: half the length. `int8`: 1x1
   * convolutions and dense layers on 8 bits with a scale for each output channel, the others in 16: about a quarter.
   */
  precision?: 'f32' | 'f16' | 'int8';
}

export interface InspectOptions extends LookOptions {
  /** The names of the tensors that are wanted. Default: all of them, 7 to 28 MB at width 1 and 224 pixels. */
  layers?: readonly string[] | null;
  /**
   * `open`: squeeze-and-excite computes its gates but scales by none of them, as if each were 1; there is no tensor `block 3 scale`
   * then. Default `learned`.
   */
  gates?: 'learned' | 'open';
}

/** A map of features. */
export interface Tensor {
  /** `[y][x][channel]`: the value of a channel at a pixel is `data[(y * width + x) * channels + channel]`. */
  data: Float32Array;
  /** Pixels; 1 for what has none, such as the logits. */
  height: number;
  width: number;
  channels: number;
}

/** The filters of a depthwise convolution, one for each channel. */
export interface Filters {
  /** Side of a filter. Pixels. */
  kernel: number;
  channels: number;
  /** `[channel][y][x]`, with batch normalisation folded into them. */
  data: Float32Array;
  /** What each channel's sums begin with. */
  biases: Float32Array;
}

/** A layer by itself: stride 1, ReLU6, a square map. At most 2^31 multiply-accumulates, and 2^23 weights or values of a map. */
export interface TimedLayer {
  /** As in {@link ArchitectureLayer}. */
  kind: 'convolution' | 'depthwise' | 'pointwise';
  /** Side of its filter: 3 or 5, and 1 of a pointwise convolution. Pixels. */
  kernel: number;
  /** 1 to 1024. */
  inChannels: number;
  /** 1 to 1024; of a depthwise convolution as many as `inChannels`. */
  outChannels: number;
  /** Side of the map that it takes and gives, 1 to 224. Pixels. */
  size: number;
}

/** What an activation is called. `hard-swish` is `x * relu6(x + 3) / 6`, and stands in for `swish`, `x / (1 + exp(-x))`. */
export type TimedActivation = 'relu6' | 'hard-swish' | 'swish';

/** What a layer takes. */
export interface LayerTime {
  /** Multiply-accumulates, counted as in {@link NetworkInfo.macs}. */
  macs: number;
  /** The least of some runs; 0 where the clock saw no time pass. µs */
  microseconds: number;
  /** 2 x `macs` / `microseconds`; `null` where the clock saw no time pass. GFLOP/s */
  gflops: number | null;
}

/** How much each part of a picture speaks for a class. */
export interface ActivationMap {
  /** As in {@link Prediction.index}. */
  classIndex: number;
  /** `null` where the classes have no names. */
  label: string | null;
  /** What the network gives for the class, before softmax. */
  logit: number;
  /** Pixels of the map, which covers the square that the network sees: 7 for a network of 224 pixels. */
  height: number;
  width: number;
  /** `[y][x]`. In units of the logit, positive where a part speaks for the class, negative where it speaks against it. */
  data: Float32Array;
}

export interface Prediction {
  /** Of 1000 classes: ImageNet's, whether or not the checkpoint has a "background" class before them. */
  index: number;
  /** `null` where the classes have no names: untrained networks, and class counts other than ImageNet's. */
  label: string | null;
  /** Softmax over all classes. */
  probability: number;
}

export interface Timing {
  /**
   * Reading the frame's pixels, resizing, cropping and normalising them, in the worker. Where several networks share a frame,
   * what they have in common counts for the first of them. ms
   */
  preprocess: number;
  /** Of `preprocess`, the reading of the frame's pixels; the rest is resizing, cropping and normalising. ms */
  read: number;
  /** The network, in the worker. ms */
  inference: number;
  /** From the call to its answer: also the taking of the frame, the way to the worker, and any wait for it. ms */
  total: number;
}

export interface Classification {
  /** Best first. */
  predictions: Prediction[];
  timing: Timing;
}

export interface Preprocessing {
  /** The short side of the picture after resizing. Pixels. */
  resizeShortSide: number;
  /** Side of the centre square cut from it, which is the network's input. Pixels. */
  crop: number;
  /** Where the square starts if the centre lies between two pixels: at the even one, or at the first. */
  cropStart: 'even' | 'first';
  interpolation: 'bilinear' | 'bicubic';
  /** Per channel, of values in 0..1. */
  mean: [number, number, number];
  std: [number, number, number];
}

export interface ProfileOptions extends CallOptions {
  /**
   * Runs to take the times of, 1 to 1000. Default: as many as a second has room for, but 20 at least. Where the clock
   * is coarse, more of them make the times of short steps more accurate.
   */
  runs?: number;
}

/** Multiply-accumulates, and the time that they take. */
export interface ProfileTime {
  /** Multiply-accumulates, counted as in `NetworkInfo.macs`: none for pooling and scaling. */
  macs: number;
  /**
   * Mean over the runs that nothing disturbed: those no slower than the median run, by the clock's accuracy. Right on a
   * coarse clock too, and the steps' add up to the total. µs
   */
  microseconds: number;
  /** The least of all runs. Means something only where it is many ticks of the clock. µs */
  minimum: number;
  /** The median of all runs; likewise. µs */
  median: number;
  /** 2 x `macs` / `microseconds`; `null` where the clock saw no time pass. GFLOP/s */
  gflops: number | null;
}

export interface ProfileStep extends ProfileTime {
  /**
   * Its place in the network, each only once: `stem`, `block 3 start depthwise`, `expand`, `depthwise` (or
   * `expand + depthwise`), `pool`, `squeeze`, `excite`, `scale` and `project`, `last pointwise`, `pool`, `head`,
   * `classifier`. A block's residual is a part of its `project`. On 8 bits also `block 3 expand quantise` and so on.
   */
  name: string;
  /**
   * `expand-depthwise`: an expansion and the depthwise convolution behind it, fused as on large maps. `quantise`: a map is made
   * bytes, for a 1x1 convolution on 8 bits.
   */
  kind:
    'stem' | 'pointwise' | 'convolution' | 'depthwise' | 'expand-depthwise' | 'quantise' | 'pool' | 'dense' | 'scale';
  /** The next four for people: `112x112x64 -> 56x56x64, 3x3 stride 2`. */
  shape: string;
  input: [height: number, width: number, channels: number];
  output: [height: number, width: number, channels: number];
  /** Side of the filter, 1 where there is none. Pixels. */
  kernel: number;
  /** 1 where there is none. Pixels. */
  stride: number;
}

export interface Profile {
  /** In the order in which they run. */
  steps: ProfileStep[];
  /** The whole network. `minimum` and `median` are those of whole runs, not sums of the steps'. */
  total: ProfileTime;
  /** Runs that were made. */
  runs: number;
  /**
   * What one core reaches in this build with multiply-adds in registers alone; `null` where the clock saw no time pass.
   * GFLOP/s
   */
  peak: number | null;
}

export interface SkippedBuild {
  build: BuildName;
  /** Why it isn't the one that runs. */
  reason: string;
}

export interface NetworkInfo {
  /** `null` for a file with a graph whose network is a relative of these, and none of them. */
  readonly version: Version | null;
  readonly minimalistic: boolean;
  /** Width multiplier; 1 where there is no `version`. */
  readonly width: number;
  /** Side of the square input. Pixels. */
  readonly resolution: number;
  /** Classes that can be predicted. */
  readonly classes: number;
  /** What `run` gives: one more than `classes` where the checkpoint has a "background" class, which comes first. */
  readonly logits: number;
  readonly parameters: number;
  /** Multiply-accumulates of one inference. */
  readonly macs: number;
  /** Where the weights come from: whose tensor names the checkpoint has, or had before it was exported. `tflite`, `keras`, `teachable-machine`: it has a graph. */
  readonly flavour: 'timm' | 'torchvision' | 'transformers' | 'tflite' | 'keras' | 'teachable-machine' | 'untrained';
  readonly trained: boolean;
  /** Of strided convolutions: by half the kernel on each side, or as TensorFlow does. */
  readonly padding: 'symmetric' | 'same';
  readonly preprocessing: Preprocessing;
  /** What it computes with: `f32` also where `int8` was asked for of a network of a width below 0.75. */
  readonly precision: 'f32' | 'int8';
  /** How many times as fast as on floats a 1x1 convolution is on 8 bits here: what `auto` went by. Otherwise `null`. */
  readonly speedup: number | null;
  /** How many channels {@link CommonLoadOptions.trim} has left out. */
  readonly trimmed: number;
  /** In wasm memory. Bytes. */
  readonly memory: { weights: number; activations: number };
  /** The wasm build that runs. */
  readonly build: BuildName;
  /** Threads that share the work of one inference. The logits are the same bits for every number. */
  readonly threads: number;
  /** The builds that would have come before it. */
  readonly skipped: readonly SkippedBuild[];
  /**
   * Sentences about what was guessed of a checkpoint, as no `config` told it, where another guess would be as good: if it is wrong,
   * so are the predictions. Mostly empty.
   */
  readonly warnings: readonly string[];
}

export type ErrorCode =
  /** The weights are malformed: truncated, surplus or missing tensors, a wrong shape, NaN. */
  | 'BAD_WEIGHTS'
  /** The tensors are those of no network known here, or `version` is no name of one. */
  | 'UNKNOWN_NETWORK'
  /** `config`, `preprocessorConfig`, `labels` or the options of `untrained` don't make sense. */
  | 'BAD_CONFIG'
  /** A source without a picture, pixels of another origin, an input of the wrong length or with NaN, a wrong argument. */
  | 'BAD_INPUT'
  /** A file could not be fetched or read, or a page came in place of one of the package's own. */
  | 'FETCH_FAILED'
  /** The weights aren't the ones that `sha256` names, or it can't be told. */
  | 'CHECKSUM'
  /** The call's `signal` was aborted; `cause` is its reason. */
  | 'ABORTED'
  /** `dispose` was called. */
  | 'DISPOSED'
  /** No WebAssembly here, or no SIMD in it, or not the `build` that was asked for. */
  | 'UNSUPPORTED'
  /**
   * The browser could run the engine, but the page doesn't let it: its Content-Security-Policy, or isolation headers that its
   * workers lack. The message names the header.
   */
  | 'BLOCKED'
  /**
   * A worker or the engine in it broke, or was ended by the browser or a script: all calls of the networks in it fail. Networks of
   * other engines go on, and the next call of one of these starts a fresh worker. That a worker was ended is noticed in secure contexts (https: or localhost) only, of a busy one after 2 s.
   */
  | 'CRASHED'
  /** A picture, or a network, larger than the engine's memory: 1 GiB in the builds with threads, 4 in the others. */
  | 'OUT_OF_MEMORY';

/** Every error of this package. */
export declare class MobileNetError extends Error {
  constructor(code: ErrorCode, message: string, options?: { cause?: unknown });
  readonly code: ErrorCode;
}

/** What runs the networks of an {@link Engine}. */
export interface EngineInfo {
  /** The wasm build that runs. */
  readonly build: BuildName;
  /** Threads that share the work of one inference. */
  readonly threads: number;
  /** The builds that would have come before it. */
  readonly skipped: readonly SkippedBuild[];
}

/**
 * A home for several networks: one worker with its threads, one memory, one set of compiled code. Its networks run one at a time,
 * each on all threads. A network without an engine has one of its own, which ends with it.
 *
 * The networks share a memory, so after a crash of one nothing in it can be trusted: all calls under way of all of them fail with
 * `CRASHED`, and their `state` is `crashed`. The next call of any of them starts a fresh worker; each network is loaded into it
 * when it is next used, from what it was loaded from.
 *
 * An engine that nothing refers to any more ends with the last of its networks, when the garbage is collected: some time, so
 * better call `dispose`.
 */
export declare class Engine {
  private constructor();

  /** Starts a worker and its threads. */
  static create(options?: EngineCreateOptions): Promise<Engine>;

  /** After a crash, that of the worker that ran last. */
  readonly info: EngineInfo;

  /** `crashed`: the next call starts a fresh worker. `disposed` is final. */
  readonly state: 'ready' | 'crashed' | 'disposed';

  /** Loads a checkpoint into this engine. If that fails, its other networks are untouched. */
  load(options: EngineLoadOptions): Promise<MobileNet>;
  load(model: ModelName, options?: EngineNamedLoadOptions): Promise<MobileNet>;

  /** A network with random weights in this engine. */
  untrained(options: EngineUntrainedOptions): Promise<MobileNet>;

  /**
   * Has several networks classify the picture that `source` shows now. It is taken and read once, and resized once for all that
   * resize alike. They run in the order of the list. If one of them fails, or is disposed of meanwhile, so does the call.
   *
   * `when` is for the whole set: see {@link ClassifyOptions}. Calls of this method take turns with each other, not with those of
   * single networks.
   * @param networks at least one, all of this engine
   * @returns their answers in the order of `networks`; with `when: 'newest'` `null` if a newer frame came before this one was begun
   */
  classify(
    source: ClassifySource,
    networks: readonly MobileNet[],
    options?: ClassifyAllOptions & { when?: 'queue' },
  ): Promise<Classification[]>;
  classify(
    source: ClassifySource,
    networks: readonly MobileNet[],
    options?: ClassifyAllOptions,
  ): Promise<Classification[] | null>;

  /**
   * How long one layer of any shape takes, on one thread with made-up values: for comparing what no network has side by side. Some
   * 0.1 s; calls made meanwhile wait.
   * @param layer one that no kernel has, or of too much work, is `BAD_INPUT`: see {@link TimedLayer}
   */
  timeLayer(layer: TimedLayer, options?: CallOptions): Promise<LayerTime>;

  /**
   * How long a million values of an activation take, on one thread, 4000 at a time that stay in its first-level cache; some 0.1 s.
   * @returns µs, 0 where the clock saw no time pass
   */
  timeActivation(name: TimedActivation, options?: CallOptions): Promise<number>;

  /**
   * Ends the worker and frees its memory. All its networks are disposed of: calls under way, and all later ones, are rejected
   * with `DISPOSED`.
   */
  dispose(): void;

  /** The same, for `using engine = …`; where the runtime has `Symbol.dispose`. */
  [Symbol.dispose](): void;
}

/**
 * One network, in an {@link Engine} of its own or in one that it shares. One that nothing refers to any more is disposed of when
 * the garbage is collected: some time, so better call `dispose`.
 */
export declare class MobileNet {
  private constructor();

  /** Loads a checkpoint. If that fails, other networks are untouched. */
  static load(options: LoadOptions): Promise<MobileNet>;

  /**
   * Loads a checkpoint by its name: from the cache of an earlier visit, else from the first host that has it. Its digest is checked
   * where the catalogue has one, and a download that breaks off goes on from there.
   */
  static load(model: ModelName, options?: NamedLoadOptions): Promise<MobileNet>;

  /** A network with random weights: right in shape and speed, its predictions mean nothing. */
  static untrained(options: UntrainedOptions): Promise<MobileNet>;

  /** Another object after a crash: the fresh worker may run another build. */
  readonly info: NetworkInfo;

  /** The names of the classes, `null` where they have none. Frozen. */
  readonly labels: readonly string[] | null;

  /** `crashed`: the next call loads the network into a fresh worker. `disposed` is final. */
  readonly state: 'ready' | 'crashed' | 'disposed';

  /**
   * Classifies the picture that `source` shows now. A network reads one picture at a time; `options.when` says what becomes of
   * those that come meanwhile. Each call that waits keeps its picture: a page that calls this for every frame of a camera, and
   * doesn't await the answers, wants `newest`.
   * @returns with `when: 'newest'` `null` if a newer picture took its place
   */
  classify(source: ClassifySource, options?: ClassifyOptions & { when?: 'queue' }): Promise<Classification>;
  classify(source: ClassifySource, options?: ClassifyOptions): Promise<Classification | null>;

  /**
   * Classifies many pictures. Files are decoded one after the other, so any number of them may be given.
   * @returns their answers, in the order of `sources`; if one fails, so does the call
   */
  classifyBatch(sources: readonly ClassifySource[], options?: ClassifyBatchOptions): Promise<Classification[]>;

  /**
   * The network alone. `input` is copied when this is called and stays yours, unless `options.transfer` gives it away.
   * @param input height x width x 3, normalised, of `info.resolution` pixels a side; NaN or an infinity is an error
   * @returns `info.logits` values
   */
  run(input: Float32Array, options?: RunOptions): Promise<Float32Array>;

  /**
   * How long each layer takes, on all of the network's threads: half a second to warm up, the runs, and some 0.1 s for the core's peak. Calls
   * made meanwhile wait.
   *
   * The browser's clock ticks every 5 µs at best, in cross-origin isolated pages, and every 100 µs or even 1 ms in others.
   * Reading it takes some 0.1 µs, which each step's time includes.
   * @param input as for `run`; without one, the same made-up picture each time
   */
  profile(input?: Float32Array | null, options?: ProfileOptions): Promise<Profile>;

  /**
   * What the classifier sees: features of the picture for another task, such as finding similar ones. V1 and V2 have them from
   * the pooling, 1024 and 1280 at width 1; V3 and V4 from the layer behind it, 1024 in V3-Small, 1280 in V3-Large and V4. The
   * two kin have 1280 from the pooling.
   *
   * Like the calls below it takes a picture or an input as `run` does, and is done after all calls before it: no frame is
   * dropped.
   */
  embed(source: ClassifySource | Float32Array, options?: LookOptions): Promise<Float32Array>;

  /**
   * The tensors of one run by their names, in the order in which they are computed or that of `layers`: each layer's output under
   * the name that it has in {@link ProfileStep.name}, but with no layers fused, and `block 3 add` where a block adds its input. An
   * unknown name is `BAD_INPUT`, and the message lists those that there are.
   *
   * They come from a second plan over the same weights, in which every tensor keeps its memory. It is made when first asked for,
   * and given up after 10 s without use. `classifier` has the logits, the same bits as those of `run`.
   */
  inspect(source: ClassifySource | Float32Array, options?: InspectOptions): Promise<Map<string, Tensor>>;

  /**
   * The filters of the depthwise convolution `layer`, such as `block 3 depthwise`. An unknown name is `BAD_INPUT`, and the message
   * lists those that there are.
   */
  filters(layer: string, options?: CallOptions): Promise<Filters>;

  /**
   * A class activation map. For V1 and V2 it is exact: its mean and the class's bias add up to the logit. In V3 and V4 a layer
   * stands between pooling and classifier; it is taken for linear around the pooled features, and the map is the logit's gradient
   * there times the features of each pixel.
   * @param classIndex as in {@link Prediction.index}, `null` for the most probable class
   */
  activationMap(
    source: ClassifySource | Float32Array,
    classIndex?: number | null,
    options?: LookOptions,
  ): Promise<ActivationMap>;

  /**
   * The network as one `.safetensors` file, which needs no config beside it: batch normalisation is folded into the weights, and the
   * file's metadata has the architecture, the preprocessing and the names of the classes that the checkpoint has.
   *
   * The files that the network was loaded from are read once more, whatever `precision` it runs with, so the address must still
   * answer or the buffer still be there. A network of {@link MobileNet.untrained} has no file: `BAD_INPUT`.
   */
  export(options?: ExportOptions): Promise<Uint8Array>;

  /**
   * Frees the network's memory, and ends the worker if the network had an engine of its own. Calls under way, and all later ones,
   * are rejected with `DISPOSED`.
   */
  dispose(): void;

  /** The same, for `using net = …`; where the runtime has `Symbol.dispose`. */
  [Symbol.dispose](): void;
}

/** One convolution or dense layer of an {@link Architecture}. */
export interface ArchitectureLayer {
  /** `stem`: a full convolution on the image. `convolution`: one over a map's channels. `pointwise`: 1x1. */
  kind: 'stem' | 'convolution' | 'depthwise' | 'pointwise' | 'dense';
  /** Side of the filter. Pixels. */
  kernel: number;
  stride: number;
  inChannels: number;
  outChannels: number;
  activation: 'linear' | 'relu' | 'relu6' | 'hard-swish' | 'hard-sigmoid';
  /** Whether checkpoints have batch normalisation after it; if not, it has a bias. */
  batchNorm: boolean;
}

/** One block; its layers run in the order of the fields. */
export interface ArchitectureBlock {
  /** The depthwise convolution before the expansion that V4 has. */
  start: ArchitectureLayer | null;
  expand: ArchitectureLayer | null;
  depthwise: ArchitectureLayer | null;
  squeezeExcite: { reduce: ArchitectureLayer; expand: ArchitectureLayer } | null;
  project: ArchitectureLayer;
  /** Whether the block's input is added to its output. */
  residual: boolean;
}

/** A network layer by layer, at width 1 and 224 pixels: what `mobilenet-wasm/architectures.json` lists. */
export interface Architecture {
  version: Version;
  /** For people: `MobileNet V3-Small`. */
  name: string;
  minimalistic: boolean;
  width: number;
  resolution: number;
  padding: 'symmetric' | 'same';
  parameters: number;
  /** Multiply-accumulates of one inference. */
  macs: number;
  /** How many blocks each stage has, as checkpoints' names count them. */
  stages: number[];
  stem: ArchitectureLayer;
  blocks: ArchitectureBlock[];
  /** The 1x1 convolution before pooling, in all but V1. */
  last: ArchitectureLayer | null;
  /** The layer between pooling and classifier, in V3 and V4. */
  head: ArchitectureLayer | null;
  classifier: ArchitectureLayer;
}
