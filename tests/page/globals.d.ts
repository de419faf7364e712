// What tests leave on a page for their later calls there: a function that Playwright sends to a page sees no module.
import '../../pkg/camera.js';
import type { Cascade as CascadeClass, fit as fitHere, measureTrim as measureTrimHere } from '../../pkg/fit.js';
import type {
  Classification,
  Engine as EngineClass,
  InspectOptions,
  LoadOptions,
  MobileNet as MobileNetClass,
  MobileNetError as MobileNetErrorClass,
  Tensor,
  Version,
} from '../../pkg/index.js';

type Canvas = OffscreenCanvas | HTMLCanvasElement;
type Drawable = CanvasImageSource & { width: number; height: number };

declare global {
  // The package
  var Engine: typeof EngineClass;
  var MobileNet: typeof MobileNetClass;
  var MobileNetError: typeof MobileNetErrorClass;

  // harness.js
  var options: LoadOptions & { weights: string; config?: string; preprocessorConfig?: string };
  var load: (more?: Partial<LoadOptions>) => Promise<MobileNetClass>;
  var photo: (file?: string) => Promise<Blob>;
  var drawn: <C extends Canvas = OffscreenCanvas>(picture: Drawable, canvas?: C) => C;
  var codeOf: (promise: Promise<unknown>) => Promise<string>;

  // fit.test.js
  var Cascade: typeof CascadeClass;
  var fit: typeof fitHere;
  var measureTrim: typeof measureTrimHere;
  var pictures: ImageData[];
  var sizedOf: (name: string, resolution?: number) => { weights: string; resolution: number };
  var marginOf: (answer: Classification) => number;

  // endurance.test.js
  var large: Blob;
  var holding: MobileNetClass;

  // element.test.js
  var heard: { type: string; detail: any }[];
  var track: MediaStreamTrack;

  // page.test.js
  var seen: number[];
  var spokenAt: number[];

  // engine.test.js, inside.test.js
  var VERSIONS: Version[];
  var weightsOf: (version: Version) => { weights: string };
  var loadAll: (engine: EngineClass) => Promise<MobileNetClass[]>;
  var input: (net: MobileNetClass, factor?: number) => Float32Array;
  var bitsOf: (values: Float32Array) => number[];
  var picture: (width: number, height: number, factor?: number) => ImageData;
  var rankingOf: (answer: Classification) => [index: number, probability: number][];
  var kept: EngineClass;
  var memories: WebAssembly.Memory[];
  var plain: (net: MobileNetClass, colour: number[]) => { data: ImageData; input: Float32Array };
  var same: (a: ArrayLike<number>, b: ArrayLike<number>) => boolean;
  var differ: (a: ArrayLike<number>, b: ArrayLike<number>) => number;
  var told: (promise: Promise<unknown>) => Promise<{ code: string; message?: string }>;

  // story.test.js, story-live.test.js
  var embeddingOf: (version: Version) => Promise<Float32Array>;
  var netOf: (version: Version) => Promise<MobileNetClass>;
  var inspectOf: (
    version: Version,
    layers?: string[],
    options?: Omit<InspectOptions, 'layers'>,
  ) => Promise<Map<string, Tensor>>;
  var counts: Record<string, number>;

  // faults.test.js, package.test.js, threads.test.js
  var caught: Worker[];
  var intervals: Map<number, () => void>;
  var pass: (seconds: number) => void;
  var net: MobileNetClass;
  var nets: MobileNetClass[];
  var healthy: MobileNetClass;
  var doomed: MobileNetClass;
  var stuck: Promise<string>;

  // sources.test.js
  var canvasOf: <C extends Canvas = OffscreenCanvas>(data: ImageData, canvas?: C) => C;
  var pictureOf: (alphaAt: (x: number, y: number) => number) => ImageData;
  var sourcesOf: (data: ImageData) => Promise<{
    'ImageBitmap of a canvas': ImageBitmap;
    'VideoFrame of RGBA': VideoFrame;
    [other: string]: Exclude<Parameters<MobileNetClass['embed']>[0], Float32Array>;
  }>;
  var distance: (a: Float32Array, b: Float32Array) => number;

  // wrong-calls.test.js: what is given there has the wrong type on purpose.
  var VALUES: Record<string, any>;
  var except: (...right: string[]) => [name: string, value: any][];
  var throwing: (what: string) => any;
  var attempt: (
    calls: [what: string, call: () => Promise<unknown>, code: string, named: string][],
  ) => Promise<{ wrong: string[]; tried: number }>;

  // bench.test.js, camera.test.js, live.test.js, page.test.js
  var spoken: string[];
  var stretch: number;
  var hide: (hidden: boolean) => void;
  var profiles: number;
  var track: MediaStreamTrack;
  var changes: number;
}
