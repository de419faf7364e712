// Compiled, never run: the declarations users see against the JavaScript that they describe.
import type {
  Classification,
  DownloadCache,
  JsonSource,
  MobileNetError as DeclaredError,
  MobileNet as Declared,
  Engine as DeclaredEngine,
  EngineCreateOptions,
  EngineLoadOptions,
  LoadOptions,
  ModelName,
  NamedLoadOptions,
  UntrainedOptions,
} from '../../pkg/index.js';
import type { MobileNetCamera as DeclaredElement } from '../../pkg/camera.js';
import type {
  Cascade as DeclaredCascade,
  TrimSaving,
  fit as declaredFit,
  search as declaredSearch,
} from '../../pkg/fit.js';
import type { Teach as DeclaredTeach } from '../../pkg/teach.js';
import { MobileNetCamera } from '../../pkg/camera-element.js';
import { Cascade } from '../../pkg/cascade.js';
import { Engine } from '../../pkg/engine.js';
import { MobileNetError } from '../../pkg/errors.js';
import { fit } from '../../pkg/fitting.js';
import { MobileNet } from '../../pkg/mobilenet.js';
import { search } from '../../pkg/search.js';
import { Teach } from '../../pkg/teaching.js';
import { measureTrim } from '../../pkg/trimming.js';

export const load: (options: LoadOptions) => Promise<Declared> = MobileNet.load;
export const untrained: (options: UntrainedOptions) => Promise<Declared> = MobileNet.untrained;
export const named: (model: ModelName, options?: NamedLoadOptions) => Promise<Declared> = MobileNet.load;
export const teach: typeof DeclaredTeach = Teach;
export const cascade: (...values: Parameters<typeof DeclaredCascade.load>) => Promise<DeclaredCascade> = Cascade.load;
export const cascadeOf: (...values: Parameters<typeof DeclaredCascade.of>) => DeclaredCascade = Cascade.of;
export const fitting: typeof declaredFit = fit;
export const searching: typeof declaredSearch = search;
export const trimming: (model: ModelName, options?: NamedLoadOptions) => Promise<TrimSaving> = measureTrim;
export const trimmingFiles: (options: LoadOptions) => Promise<TrimSaving> = measureTrim;
export const element: typeof DeclaredElement = MobileNetCamera;
export const create: (options?: EngineCreateOptions) => Promise<DeclaredEngine> = Engine.create;
export const error: DeclaredError = new MobileNetError('ABORTED', 'message', { cause: null });

// Values that are JSON sources, and mistakes that are easily made.
export const configs: JsonSource[] = ['config.json', new URL('https://example.org'), new Blob(), { architecture: 'x' }];
// @ts-expect-error: not awaited
export const promise: JsonSource = fetch('config.json');
// @ts-expect-error: `json()` is missing
export const response: JsonSource = new Response();
// @ts-expect-error: JSON.stringify makes `{}` of it
export const map: JsonSource = new Map([['architecture', 'x']]);
// @ts-expect-error: likewise
export const buffer: JsonSource = new ArrayBuffer(8);

/** One of Cache Storage, and one that a program has. */
export const stored = async (): Promise<DownloadCache> => caches.open('mine');
export const own: DownloadCache = { match: async () => undefined, put: async () => {} };
// @ts-expect-error: nothing can be kept in it
export const halfCache: DownloadCache = { match: () => undefined };

// The five lines of the README.
export async function readme(net: Declared, video: HTMLVideoElement): Promise<string | null> {
  const { predictions } = await net.classify(video);
  const newest: Classification | null = await net.classify(video, { topK: 5, when: 'newest' });
  return newest?.predictions[0].label ?? predictions[0].label;
}

// And those about the profile.
export async function profile(net: Declared): Promise<void> {
  const { steps, total, peak } = await net.profile();
  console.table(steps, ['name', 'shape', 'macs', 'microseconds', 'gflops']);
  console.log(`${total.microseconds} µs, ${total.gflops} of ${peak} GFLOP/s`);
}

// Those about several networks.
export async function several(engine: DeclaredEngine, video: HTMLVideoElement): Promise<void> {
  const small = await engine.load({ weights: 'small.safetensors', config: 'small.json' });
  const large: Declared = await engine.untrained({ version: 'v3-large' });
  await engine.classify(video, [small, large], {
    onResult: (net, { predictions }) => console.log(net.info.version, predictions[0].label),
  });
}
// @ts-expect-error: threads are the engine's
export const threads: EngineLoadOptions = { weights: 'small.safetensors', threads: 2 };

// And those about what is inside.
export async function inside(net: Declared, video: HTMLVideoElement): Promise<number> {
  const maps = await net.inspect(video, { layers: ['stem', 'block 3 project'] });
  const stem = maps.get('stem');
  const { height, data: heat } = await net.activationMap(video, null);
  const features: Float32Array = await net.embed(video);
  return heat.length / height + features.length + (stem ? stem.data[stem.width * stem.channels] : 0);
}
