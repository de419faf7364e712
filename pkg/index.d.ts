import './globals.js';

/** Pixels in memory: RGBA, 8 bits each, alpha not premultiplied, row by row from the top. */
export interface Pixels {
  /** `width * height * 4` bytes. */
  data: Uint8Array | Uint8ClampedArray;
  width: number;
  height: number;
}

/**
 * A source for {@link MobileNet.prototype.classify}. It is not closed, transferred or changed. Node and Bun take only
 * {@link Pixels}; Deno takes a Blob and ImageData too.
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
 * An address, or the bytes themselves. Your buffer is copied, and copied again when the network is loaded again after a crash: don't
 * change it, or give a Blob, which can't change.
 *
 * An address may be relative to the page; in a worker that was made from a blob to the origin, in Node to the working folder.
 */
export type ByteSource = string | URL | ArrayBufferLike | ArrayBufferView | Blob;

/**
 * The address of a JSON file, the file, or its parsed object. Any other object, such as a Promise, a Response, a Map or an
 * ArrayBuffer, is an error.
 */
export type JsonSource = string | URL | Blob | JsonObject;

/** An object as `JSON.parse` returns it. If the type of your value is an interface, pass `{ ...value }`. */
export type JsonObject = { readonly [key: string]: unknown };

/** `v4-conv-small` and `v4-conv-medium` are MobileNetV4's networks without attention. The last two are relatives of MobileNet. */
export type Version =
  'v1' | 'v2' | 'v3-small' | 'v3-large' | 'v4-conv-small' | 'v4-conv-medium' | 'mnasnet-b1' | 'efficientnet-lite0';

export interface Progress {
  /** Bytes so far. */
  loaded: number;
  /** The total number of bytes; `null` if the server doesn't tell it. */
  total: number | null;
}

/**
 * The number format of 1x1 convolutions, which are most of a network's work. `int8`: weights and inputs are whole numbers of 8 bits.
 * That is up to three times as fast on a processor with an instruction for it, and changes a probability by .02 at most in the mean.
 * Dense layers have weights of 16 bits then. Layers that gain nothing by it use floats, and so do all other layers, and networks of a
 * width below 0.75. `auto` measures both for some milliseconds, and takes `int8` if it is faster.
 */
export type Precision = 'f32' | 'int8' | 'auto';

export type BuildName = 'relaxed-threads' | 'relaxed' | 'simd-threads' | 'simd';

/** How the network is run. */
export interface EngineOptions {
  /**
   * Number of threads that run the network, 1 to 64. More than one need a cross-origin isolated page: elsewhere there is one,
   * and `info.skipped` says so. Default: as many as the device has cores, at most 4.
   */
  threads?: number;
  /** Takes this build, or fails. Default: the best build that works here. */
  build?: BuildName;
  /**
   * The address of a folder with the files of the package's folder `wasm`, for tools that don't copy them. Default: the package's own
   * folder, or where the bundler put the files.
   */
  assets?: string | URL | null;
}

export interface EngineCreateOptions extends EngineOptions {
  /** Ends the worker; the promise is rejected with `ABORTED`. */
  signal?: AbortSignal | null;
}

/** The options of both ways to load a network. */
export interface CommonLoadOptions extends EngineOptions {
  /** The engine that runs the network, with its `threads`, `build` and `assets`. Default: an engine of its own. */
  engine?: Engine | null;
  /** Default `f32`. */
  precision?: Precision;
  /**
   * Side of the square input in pixels, 96 to 320 in steps of 32: anything else is `BAD_CONFIG`. Default: the checkpoint's own. A
   * smaller input takes less time but is less accurate, because the weights were trained on the checkpoint's own size. Accuracies that
   * are published for other sizes are of other weights.
   */
  resolution?: number | null;
  /**
   * Removes channels that provably have the same value for every picture; `info.trimmed` is their number. The logits of pictures, and
   * of inputs of `run` in a picture's range, change by less than 1e-4. Default `false`.
   */
  trim?: boolean;
  /** Names of the classes. Default: the config's, else ImageNet's. */
  labels?: readonly string[] | null;
  /**
   * Called while the weights are downloaded; begins again if another host is asked. Of a `model.json` it tells first the bytes of that
   * file, then those of all files of weights together. If it throws, that is an uncaught error of the page, and the load goes on.
   */
  onProgress?: ((progress: Progress) => void) | null;
  /** Ends the download and the worker; the promise is rejected with `ABORTED`. */
  signal?: AbortSignal | null;
  /**
   * The name of a Cache Storage cache, or a cache of yours. Files are taken from it, and downloads are stored in it after the engine has
   * accepted them. A cached file that the engine refuses is downloaded again. Cache Storage exists only in secure contexts (https: or
   * localhost). If the cache fails (blocked cookies, a full disk), everything is downloaded and nothing fails.
   */
  cache?: string | DownloadCache | null;
  /** Replaces the global `fetch` for weights and configs: to add a header, for example. */
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
   * Or a file whose graph defines the network, so that it needs no `config`: a `.tflite`, float32, float16 or quantised, a `.keras` or
   * `.h5`, or a zip of the files of TensorFlow.js or Teachable Machine. Or those files themselves: the address of `model.json`, with the
   * others beside it, or a list of all files. A `.h5` of weights alone is a network of keras.applications.
   */
  weights: ByteSource | readonly File[] | (ArrayLike<File> & { item(index: number): File | null });
  /**
   * The checkpoint's `config.json`: width, input size, normalisation, padding, labels. With a `.tflite` file, only its normalisation,
   * resizing and labels count.
   */
  config?: JsonSource | null;
  /** The checkpoint's `preprocessor_config.json`, if it has one. */
  preprocessorConfig?: JsonSource | null;
  /** The SHA-256 of the weights, 64 hexadecimal digits: any other file is rejected with `CHECKSUM`. */
  sha256?: string | null;
}

/** A version, which stands for its default checkpoint, or the `name` of a {@link CatalogueEntry}. */
export type ModelName = 'v1' | 'v2' | 'v3-small' | 'v3-large' | 'v4-small' | 'v4-medium' | (string & {});

export interface NamedLoadOptions extends CommonLoadOptions {
  /**
   * Where to look for the file, in order: addresses in which `{repository}`, `{revision}`, `{name}` and `{file}` are replaced from the
   * catalogue's entry. Default: the Hugging Face Hub, then ModelScope, which is asked only for a file with a digest.
   */
  hosts?: readonly string[] | null;
  /** A folder of yours, which is tried after the hosts. The file of each checkpoint lies in `{name}/`. */
  baseUrl?: string | URL | null;
  /** As in {@link CommonLoadOptions}; default `mobilenet-wasm-weights`, `null` for none. */
  cache?: string | DownloadCache | null;
}

/** A checkpoint with a name: an entry of `mobilenet-wasm/catalogue.json`. */
export interface CatalogueEntry {
  name: string;
  version: Version;
  /** A shorter name by which {@link MobileNet.load} finds it too: `v4-small`. */
  short?: string;
  /** Width multiplier. */
  width: number;
  /** Side of the square input. Pixels. */
  resolution: number;
  /** On the Hugging Face Hub. */
  repository: string;
  /** A commit, or `main` if none is known. */
  revision: string;
  file: string;
  bytes: number;
  /** `null` if it isn't known. */
  sha256: string | null;
  /** Published accuracy on ImageNet, per cent. */
  top1: number;
  licence: string;
  /** What matters of its `config.json`. It takes the place of a host's, which has no digest and could be changed unnoticed. */
  config: Readonly<Record<string, unknown>>;
  /** Whether the version's name stands for this checkpoint. */
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

/** The options of all calls that look at a picture. */
export interface LookOptions extends CallOptions {
  /** The part of the picture to look at. Default: all of it. */
  region?: Region | null;
  /** By how much that part is rotated, clockwise. Default 0. */
  rotation?: 0 | 90 | 180 | 270;
}

/** The choice of the classes in an answer. */
export interface ChoiceOptions {
  /** How many predictions at most, default 5. */
  topK?: number;
  /** The least probability of a class in the answer. Default 0. */
  threshold?: number;
  /** Only these classes, by index or by name: the whole label, or one of the names that it lists. */
  allow?: readonly (number | string)[] | null;
  /** Leaves these classes out. */
  deny?: readonly (number | string)[] | null;
}

export interface ClassifyOptions extends ChoiceOptions, LookOptions {
  /**
   * What happens to a call while others are under way. `queue`, the default: it waits for its turn. `newest`: only the newest of the
   * waiting calls stays, and the promises of the others resolve to `null`. With this, a page can pass each frame of a camera as it
   * comes.
   */
  when?: 'queue' | 'newest';
}

export interface ClassifyBatchOptions extends ChoiceOptions, LookOptions {}

/** The options of {@link Engine.load}. */
export type EngineLoadOptions = Omit<LoadOptions, 'engine' | keyof EngineOptions>;

/** The options of {@link Engine.load} with a name. */
export type EngineNamedLoadOptions = Omit<NamedLoadOptions, 'engine' | keyof EngineOptions>;

/** The options of {@link Engine.untrained}. */
export type EngineUntrainedOptions = Omit<UntrainedOptions, 'engine' | keyof EngineOptions>;

export interface ClassifyAllOptions extends ClassifyOptions {
  /**
   * Called with each network's answer as soon as it is there; the promise resolves to all of them when the last is done. If it throws,
   * that is an uncaught error of the page, and the call goes on.
   */
  onResult?: ((network: MobileNet, classification: Classification) => void) | null;
}

export interface CallOptions {
  /** Rejects this call with `ABORTED`. The worker finishes work that it has begun, and later calls wait for that. */
  signal?: AbortSignal | null;
}

export interface RunOptions extends CallOptions {
  /**
   * Transfers the buffer of `input` instead of copying it. The whole buffer is detached, even if `input` is only a part of it. Has no
   * effect on shared memory, which the worker reads in place: don't change it before the answer. Default `false`.
   */
  transfer?: boolean;
}

export interface ExportOptions extends CallOptions {
  /**
   * The number format of the weights in the file. `f32`, the default: the network computes the same bits. `f16`: half the length.
   * `int8`: 1x1 convolutions and dense layers have 8 bits with a scale for each output channel, all others 16: about a quarter.
   */
  precision?: 'f32' | 'f16' | 'int8';
}

export interface InspectOptions extends LookOptions {
  /** The names of the tensors to return. Default: all of them, 7 to 28 MB at width 1 and 224 pixels. */
  layers?: readonly string[] | null;
  /**
   * `open`: squeeze-and-excite computes its gates but doesn't apply them, as if each were 1; then there is no tensor `block 3 scale`.
   * Default `learned`.
   */
  gates?: 'learned' | 'open';
}

/** A map of features. */
export interface Tensor {
  /** `[y][x][channel]`: the value of a channel at a pixel is `data[(y * width + x) * channels + channel]`. */
  data: Float32Array;
  /** Pixels; 1 for tensors without pixels, such as the logits. */
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
  /** Added to each channel's sums. */
  biases: Float32Array;
}

/** A single layer: stride 1, ReLU6, a square map. At most 2^31 multiply-accumulates, and 2^23 weights or values of a map. */
export interface TimedLayer {
  /** As in {@link ArchitectureLayer}. */
  kind: 'convolution' | 'depthwise' | 'pointwise';
  /** Side of its filter: 3 or 5, or 1 for a pointwise convolution. Pixels. */
  kernel: number;
  /** 1 to 1024. */
  inChannels: number;
  /** 1 to 1024; equal to `inChannels` for a depthwise convolution. */
  outChannels: number;
  /** Height of its input and output map, 1 to 224. Pixels. */
  height: number;
  /** Width of its input and output map, 1 to 224. Pixels. */
  width: number;
}

/** The name of an activation. `hard-swish`, `x * relu6(x + 3) / 6`, approximates `swish`, `x / (1 + exp(-x))`. */
export type TimedActivation = 'relu6' | 'hard-swish' | 'swish';

/** The time of a layer. */
export interface LayerTime {
  /** Multiply-accumulates, counted as in {@link NetworkInfo.macs}. */
  macs: number;
  /** The least of some runs; 0 if the clock didn't advance. µs */
  microseconds: number;
  /** 2 x `macs` / `microseconds`; `null` where the clock saw no time pass. GFLOP/s */
  gflops: number | null;
}

/** How much each part of a picture supports a class. */
export interface ActivationMap {
  /** As in {@link Prediction.index}. */
  classIndex: number;
  /** `null` where the classes have no names. */
  label: string | null;
  /** The class's logit: the network's output before softmax. */
  logit: number;
  /** Pixels of the map, which covers the square that the network sees: 7 for a network of 224 pixels. */
  height: number;
  width: number;
  /** `[y][x]`, in units of the logit: positive for parts that support the class, negative for parts that contradict it. */
  data: Float32Array;
}

export interface Prediction {
  /** For 1000 classes it is ImageNet's index, whether or not the checkpoint has a "background" class before them. */
  index: number;
  /** `null` if the classes have no names: untrained networks, and class counts other than ImageNet's. */
  label: string | null;
  /** Softmax over all classes. */
  probability: number;
}

export interface Timing {
  /**
   * Time to read the frame's pixels, and to resize, crop and normalise them, in the worker. If several networks share a frame, their
   * common work is counted for the first of them. ms
   */
  preprocess: number;
  /** The part of `preprocess` that reads the frame's pixels. ms */
  read: number;
  /** Time of the network, in the worker. ms */
  inference: number;
  /** From the call to its answer, with taking the frame, messages to and from the worker, and waiting for it. ms */
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
  /** The start of the square if the centre lies between two pixels: the even one of them, or the first. */
  cropStart: 'even' | 'first';
  interpolation: 'bilinear' | 'bicubic';
  /** For each channel, in the scale of 0 to 1. */
  mean: [number, number, number];
  std: [number, number, number];
}

export interface ProfileOptions extends CallOptions {
  /**
   * Number of timed runs, 1 to 1000. Default: as many as fit in a second, but at least 20. With a coarse clock, more runs make the
   * times of short steps more accurate.
   */
  runs?: number;
  /**
   * How long the network runs before, while the browser optimises its code, 0 to 1000. It runs once at least. A network that has just
   * run often enough needs no more. Default: 500. ms
   */
  warmUp?: number;
}

/** Multiply-accumulates, and the time that they take. */
export interface ProfileTime {
  /** Multiply-accumulates, counted as in `NetworkInfo.macs`: none for pooling and scaling. */
  macs: number;
  /**
   * Mean over the undisturbed runs: those that were no slower than the median run, within the clock's accuracy. It is right with a
   * coarse clock too, and the steps' means add up to the total. µs
   */
  microseconds: number;
  /** The least of all runs. Only meaningful if it is many ticks of the clock. µs */
  minimum: number;
  /** The median of all runs. Only meaningful if it is many ticks of the clock. µs */
  median: number;
  /** 2 x `macs` / `microseconds`; `null` where the clock saw no time pass. GFLOP/s */
  gflops: number | null;
}

export interface ProfileStep extends ProfileTime {
  /**
   * Its place in the network; each name occurs once: `stem`, `block 3 start depthwise`, `expand`, `depthwise` (or
   * `expand + depthwise`), `pool`, `squeeze`, `excite`, `scale` and `project`, `last pointwise`, `pool`, `head`,
   * `classifier`. A block's residual is a part of its `project`, or else `add`. On 8 bits also `block 3 expand quantise` and so on.
   */
  name: string;
  /**
   * `expand-depthwise`: an expansion and the depthwise convolution behind it, which are fused on large maps. `quantise`: converts a map
   * to bytes, for a 1x1 convolution on 8 bits. `add`: the sum of a residual whose projection can't add to it in place, in networks of
   * other files than timm's.
   */
  kind:
    | 'stem'
    | 'pointwise'
    | 'convolution'
    | 'depthwise'
    | 'expand-depthwise'
    | 'quantise'
    | 'pool'
    | 'dense'
    | 'scale'
    | 'add';
  /** The next four fields as text: `112x112x64 -> 56x56x64, 3x3 stride 2`. */
  shape: string;
  input: [height: number, width: number, channels: number];
  output: [height: number, width: number, channels: number];
  /** Side of the filter; 1 if there is none. Pixels. */
  kernel: number;
  /** 1 if there is no filter. Pixels. */
  stride: number;
}

export interface Profile {
  /** In execution order. */
  steps: ProfileStep[];
  /** The whole network. `minimum` and `median` are of whole runs, and not the sums of the steps' values. */
  total: ProfileTime;
  /** Number of timed runs. */
  runs: number;
  /**
   * The rate of one core in this build for multiply-adds in registers; `null` if the clock didn't advance. GFLOP/s
   */
  peak: number | null;
}

export interface SkippedBuild {
  build: BuildName;
  /** Why this build doesn't run. */
  reason: string;
}

export interface NetworkInfo {
  /** `null` if the file's graph is a network of the same blocks but none of these versions. */
  readonly version: Version | null;
  readonly minimalistic: boolean;
  /** Width multiplier; 1 if there is no `version`. */
  readonly width: number;
  /** Side of the square input. Pixels. */
  readonly resolution: number;
  /** Classes that can be predicted. */
  readonly classes: number;
  /** Number of values that `run` returns: one more than `classes` if the checkpoint has a "background" class, which comes first. */
  readonly logits: number;
  readonly parameters: number;
  /** Multiply-accumulates of one inference. */
  readonly macs: number;
  /** The library whose tensor names the checkpoint has, or had before it was exported. `tflite`, `keras`, `teachable-machine`: a file with a graph, or for `keras` with weights alone. */
  readonly flavour: 'timm' | 'torchvision' | 'transformers' | 'tflite' | 'keras' | 'teachable-machine' | 'untrained';
  readonly trained: boolean;
  /** Padding of strided convolutions: half the kernel on each side, or TensorFlow's. */
  readonly padding: 'symmetric' | 'same';
  readonly preprocessing: Preprocessing;
  /** The number format that it computes with. A network of a width below 0.75 has `f32` even if `int8` was requested. */
  readonly precision: 'f32' | 'int8';
  /** The speedup of a 1x1 convolution by 8 bits, as `auto` measured it; `null` without `auto`. */
  readonly speedup: number | null;
  /** The width of the vectors that its 1x1 convolutions are shaped for: 256 if the engine pairs its vectors of 128. Bits. */
  readonly vectors: 128 | 256;
  /** Number of channels that {@link CommonLoadOptions.trim} removed. */
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
   * Sentences about settings that had to be guessed, because no `config` defines them. If a guess is wrong, the predictions are wrong
   * too. Mostly empty.
   */
  readonly warnings: readonly string[];
}

export type ErrorCode =
  /** The weights are malformed: truncated, surplus or missing tensors, a wrong shape, NaN. */
  | 'BAD_WEIGHTS'
  /** The tensors belong to no network that the package knows, or `version` is not one of its names. */
  | 'UNKNOWN_NETWORK'
  /** `config`, `preprocessorConfig`, `labels` or the options of `untrained` don't make sense. */
  | 'BAD_CONFIG'
  /** A source without a picture, pixels of another origin, an input of the wrong length or with NaN, a wrong argument. */
  | 'BAD_INPUT'
  /** A file could not be fetched or read, or the server sent an HTML page instead of one of the package's files. */
  | 'FETCH_FAILED'
  /** The digest of the weights isn't `sha256`, or it can't be computed here. */
  | 'CHECKSUM'
  /** The call's `signal` was aborted; `cause` is its reason. */
  | 'ABORTED'
  /** `dispose` was called. */
  | 'DISPOSED'
  /** The browser has no WebAssembly, or no SIMD in it, or can't run the requested `build`. */
  | 'UNSUPPORTED'
  /**
   * The browser could run the engine, but the page prevents it: by its Content-Security-Policy, or because its workers lack the
   * isolation headers. The message names the header.
   */
  | 'BLOCKED'
  /**
   * A worker or the engine in it broke, or the browser or a script ended it: all calls of its networks fail. Networks of other engines
   * go on, and the next call of one of its networks starts a fresh worker. In secure contexts (https: or localhost) the end of a worker
   * is noticed at once, in Chrome that of a busy one after 2 s; elsewhere when it has been silent for two minutes during a call.
   */
  | 'CRASHED'
  /** A picture, or a network, larger than the engine's memory: 1 GiB in the builds with threads, 4 in the others. */
  | 'OUT_OF_MEMORY';

/** Every error of this package. */
export declare class MobileNetError extends Error {
  constructor(code: ErrorCode, message: string, options?: { cause?: unknown });
  readonly code: ErrorCode;
}

/** The build and the threads of an {@link Engine}. */
export interface EngineInfo {
  /** The wasm build that runs. */
  readonly build: BuildName;
  /** Threads that share the work of one inference. */
  readonly threads: number;
  /** The builds that would have come before it. */
  readonly skipped: readonly SkippedBuild[];
}

/**
 * Runs several networks in one worker with its threads, one memory and one compiled module. The networks run one at a time, each on
 * all threads. A network without an engine has one of its own, which ends with it.
 *
 * The networks share a memory, so a crash of one damages all: all their calls under way fail with `CRASHED`, and their `state` is
 * `crashed`. The next call of any of them starts a fresh worker; each network is loaded into it from its original source when it is
 * next used.
 *
 * An engine that nothing refers to any more ends with the last of its networks when the garbage is collected. That may take long, so
 * call `dispose`.
 */
export declare class Engine {
  private constructor();

  /** Starts a worker and its threads. */
  static create(options?: EngineCreateOptions): Promise<Engine>;

  /** After a crash it describes the worker that ran last. */
  readonly info: EngineInfo;

  /** `crashed`: the next call starts a fresh worker. `disposed` is final. */
  readonly state: 'ready' | 'crashed' | 'disposed';

  /** Loads a checkpoint into this engine. A failure doesn't affect its other networks. */
  load(options: EngineLoadOptions): Promise<MobileNet>;
  load(model: ModelName, options?: EngineNamedLoadOptions): Promise<MobileNet>;

  /** Makes a network with random weights in this engine. */
  untrained(options: EngineUntrainedOptions): Promise<MobileNet>;

  /**
   * Classifies the picture that `source` shows now with several networks, in the order of the list. The picture is taken and read
   * once, and resized once for all networks that resize alike. If one of them fails or is disposed of meanwhile, the call fails.
   *
   * `when` is for the whole set: see {@link ClassifyOptions}. Calls of this method take turns with each other, but not with calls of
   * single networks.
   * @param networks at least one, all of this engine
   * @returns their answers in the order of `networks`; with `when: 'newest'` it is `null` if a newer frame came before this one was begun
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
   * Measures one layer of any shape on one thread with made-up values, to compare layers that no network has. Takes some 0.1 s; calls
   * made meanwhile wait.
   * @param layer a layer without a kernel, or with too much work, is `BAD_INPUT`: see {@link TimedLayer}
   */
  timeLayer(layer: TimedLayer, options?: CallOptions): Promise<LayerTime>;

  /**
   * Measures a million values of an activation on one thread, 4000 at a time, which stay in its first-level cache. Takes some 0.1 s.
   * @returns µs, 0 if the clock didn't advance
   */
  timeActivation(name: TimedActivation, options?: CallOptions): Promise<number>;

  /**
   * Ends the worker and frees its memory. All its networks are disposed of: calls under way, and all later ones, are rejected
   * with `DISPOSED`.
   */
  dispose(): void;

  /** Calls `dispose`, for `using engine = …` in runtimes with `Symbol.dispose`. */
  [Symbol.dispose](): void;
}

/**
 * One network, in an {@link Engine} of its own or in one that it shares. A network that nothing refers to any more is disposed of
 * when the garbage is collected. That may take long, so call `dispose`.
 */
export declare class MobileNet {
  private constructor();

  /** Loads a checkpoint. A failure doesn't affect other networks. */
  static load(options: LoadOptions): Promise<MobileNet>;

  /**
   * Loads a checkpoint by its name: from the cache of an earlier visit, else from the first host that has it. Its digest is checked if
   * the catalogue has one. The catalogue also has the settings, so no `config.json` is fetched. A download that breaks off is continued.
   */
  static load(model: ModelName, options?: NamedLoadOptions): Promise<MobileNet>;

  /** Makes a network with random weights. Its shape and speed are right, but its predictions mean nothing. */
  static untrained(options: UntrainedOptions): Promise<MobileNet>;

  /** A different object after a crash, since the fresh worker may run another build. */
  readonly info: NetworkInfo;

  /** The names of the classes; `null` if they have none. Frozen. */
  readonly labels: readonly string[] | null;

  /** `crashed`: the next call loads the network into a fresh worker. `disposed` is final. */
  readonly state: 'ready' | 'crashed' | 'disposed';

  /**
   * Classifies the picture that `source` shows now. A network reads one picture at a time; `options.when` says what happens to
   * pictures that come meanwhile. Each waiting call keeps its picture, so a page that calls this for every frame of a camera, without
   * awaiting the answers, should set `newest`.
   * @returns with `when: 'newest'` it is `null` if a newer picture took this one's place
   */
  classify(source: ClassifySource, options?: ClassifyOptions & { when?: 'queue' }): Promise<Classification>;
  classify(source: ClassifySource, options?: ClassifyOptions): Promise<Classification | null>;

  /**
   * Classifies many pictures. Files are decoded one after the other, so there may be any number of them.
   * @returns their answers, in the order of `sources`; if one fails, the call fails
   */
  classifyBatch(sources: readonly ClassifySource[], options?: ClassifyBatchOptions): Promise<Classification[]>;

  /**
   * Runs the network without preprocessing. `input` is copied at the call, unless `options.transfer` transfers it.
   * @param input height x width x 3, normalised, of `info.resolution` pixels a side; NaN or an infinity is an error
   * @returns `info.logits` values
   */
  run(input: Float32Array, options?: RunOptions): Promise<Float32Array>;

  /**
   * Measures each layer on all of the network's threads. Takes half a second to warm up, the runs, and some 0.1 s for the core's peak.
   * Calls made meanwhile wait.
   *
   * The browser's clock ticks every 5 µs at best, in cross-origin isolated pages, and every 100 µs or even 1 ms in others.
   * Each step's time includes some 0.1 µs to read the clock.
   * @param input as for `run`; default: a made-up picture, always the same
   */
  profile(input?: Float32Array | null, options?: ProfileOptions): Promise<Profile>;

  /**
   * Returns the classifier's input: features of the picture for another task, such as finding similar pictures. In V1 and V2 they are
   * the pooled map, 1024 and 1280 values at width 1; in V3 and V4 the output of the layer behind it, 1024 values in V3-Small, 1280 in
   * V3-Large and V4. MnasNet and EfficientNet-Lite0 have 1280 pooled values.
   *
   * Like the calls below, it takes a picture, or an input as `run` does. These calls run in order: no frame is dropped.
   */
  embed(source: ClassifySource | Float32Array, options?: LookOptions): Promise<Float32Array>;

  /**
   * Returns the tensors of one run by name, in execution order or in that of `layers`. Each is a layer's output, named as in
   * {@link ProfileStep.name} but with no layers fused, or `block 3 add` where a block adds its input. An unknown name is `BAD_INPUT`,
   * and the message lists all names.
   *
   * They come from a second plan over the same weights, in which every tensor has memory of its own. It is made at the first call and
   * freed after 10 s without one. `classifier` has the logits, the same bits as those of `run`.
   */
  inspect(source: ClassifySource | Float32Array, options?: InspectOptions): Promise<Map<string, Tensor>>;

  /**
   * Returns the filters of the depthwise convolution `layer`, such as `block 3 depthwise`. An unknown name is `BAD_INPUT`, and the
   * message lists all names.
   */
  filters(layer: string, options?: CallOptions): Promise<Filters>;

  /**
   * Returns a class activation map. For V1 and V2 it is exact: its mean and the class's bias add up to the logit. V3 and V4 have a
   * layer between pooling and classifier, which is linearised at the pooled features: the map is the logit's gradient there times the
   * features of each pixel.
   * @param classIndex as in {@link Prediction.index}; `null` for the most probable class
   */
  activationMap(
    source: ClassifySource | Float32Array,
    classIndex?: number | null,
    options?: LookOptions,
  ): Promise<ActivationMap>;

  /**
   * Returns the network as one `.safetensors` file that needs no config: batch normalisation is folded into the weights, and the file's
   * metadata has the architecture, the preprocessing and the checkpoint's class names.
   *
   * The files that the network was loaded from are read again, whatever `precision` it runs with, so the address must still work, or
   * the buffer must still be there. A network of {@link MobileNet.untrained} has no file: `BAD_INPUT`.
   */
  export(options?: ExportOptions): Promise<Uint8Array>;

  /**
   * Frees the network's memory, and ends the worker if the network had an engine of its own. Calls under way, and all later ones,
   * are rejected with `DISPOSED`.
   */
  dispose(): void;

  /** Calls `dispose`, for `using net = …` in runtimes with `Symbol.dispose`. */
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
  /** V4's depthwise convolution before the expansion. */
  start: ArchitectureLayer | null;
  expand: ArchitectureLayer | null;
  depthwise: ArchitectureLayer | null;
  squeezeExcite: { reduce: ArchitectureLayer; expand: ArchitectureLayer } | null;
  project: ArchitectureLayer;
  /** Whether the block's input is added to its output. */
  residual: boolean;
}

/** A network layer by layer, at width 1 and 224 pixels: an entry of `mobilenet-wasm/architectures.json`. */
export interface Architecture {
  version: Version;
  /** Its title: `MobileNet V3-Small`. */
  name: string;
  minimalistic: boolean;
  width: number;
  resolution: number;
  padding: 'symmetric' | 'same';
  parameters: number;
  /** Multiply-accumulates of one inference. */
  macs: number;
  /** Number of blocks in each stage, as tensor names in checkpoints count them. */
  stages: number[];
  stem: ArchitectureLayer;
  blocks: ArchitectureBlock[];
  /** The 1x1 convolution before pooling, in all but V1. */
  last: ArchitectureLayer | null;
  /** The layer between pooling and classifier, in V3 and V4. */
  head: ArchitectureLayer | null;
  classifier: ArchitectureLayer;
}
