import type { LoadOptions, MobileNet, NetworkInfo, Precision, Progress, Version } from 'mobilenet-wasm';
import { engine } from './engine';
import { CACHE } from './kept';
import { shortName } from './networks';
import { text } from './text';

/** Side of the input that most networks were trained on. Pixels. */
export const USUAL_SIDE = 224;

export interface Loading {
  onProgress: (progress: Progress) => void;
  signal: AbortSignal;
  /** What the network is to compute with. */
  precision: Precision;
  /** Side of the input in place of the checkpoint's own. Pixels. */
  side?: number;
}

/** What weights are loaded from. */
export type Files = Pick<LoadOptions, 'weights' | 'config' | 'preprocessorConfig' | 'sha256' | 'cache'>;

/** Something that a card can run. */
export interface Choice {
  id: string;
  title: string;
  /** Published accuracy on ImageNet, per cent; `null` where none is known. */
  top1: number | null;
  /** Of the weights, `null` for an untrained network. */
  bytes: number | null;
  /** Width multiplier; `null` until it is known. */
  width: number | null;
  /** Side of the input. Pixels; `null` until it is known. */
  side: number | null;
  /** Whether the visitor asked for that width or side, and the choice isn't one of those that are listed. */
  asked?: { weights: Choice | null; side: number | null };
  /** For who loads the weights elsewhere; an untrained network has none, and of another input those of `asked` hold. */
  files?(): Promise<Files>;
  load(loading: Loading): Promise<MobileNet>;
}

/** What a column runs. */
export interface Setup {
  choice: Choice;
  /** What the visitor wants it to compute with. */
  precision: Precision;
}

export interface ServedChoice extends Choice {
  version: Version;
}

/** One entry of `models/models.json`. Addresses are relative to the page. */
interface ServedModel {
  name: string;
  version: Version;
  title: string;
  width: number;
  url: string;
  config: string | null;
  preprocessorConfig: string | null;
  bytes: number;
  sha256: string;
  top1: number | null;
}

/** Checkpoints that lie beside the page; none where the page was put up without weights. */
export async function servedChoices(): Promise<ServedChoice[]> {
  const response = await fetch('models/models.json').catch(() => null);
  if (!response?.ok) return [];
  // A server may send its own page for what it doesn't have.
  const list = (await response.json().catch(() => null)) as { models: ServedModel[] } | null;
  return (list?.models ?? []).map((model) => ({
    id: `served:${model.name}`,
    version: model.version,
    title: shortName(model.title),
    top1: model.top1,
    bytes: model.bytes,
    width: model.width,
    side: null,
    ...loadable({
      weights: model.url,
      config: model.config,
      preprocessorConfig: model.preprocessorConfig,
      sha256: model.sha256,
      // Without a digest nothing would tell that there is another file by now.
      cache: model.sha256 ? CACHE : undefined,
    }),
  }));
}

/** What TensorFlow.js and Teachable Machine call the file that names those of the weights. */
const MODEL = 'model.json';

/** Whether a file of this name holds weights, or leads to them. */
export function isWeights({ name }: { name: string }): boolean {
  return name === MODEL || /\.(safetensors|tflite|keras|h5|zip|pth|pt)$/i.test(name);
}

/** A checkpoint from the visitor's disk; `null` where no file among them holds weights. */
export function fileChoice(files: File[]): Choice | null {
  const weights = files.find(isWeights);
  if (!weights) return null;
  // Its weights are in files of other names, which say nothing without it.
  const folder = weights.name === MODEL ? files : null;
  const json = folder ? [] : files.filter((file) => file.name.endsWith('.json'));
  const preprocessorConfig = json.find((file) => file.name.includes('preprocessor'));
  const config = json.find((file) => file !== preprocessorConfig);
  return {
    id: `file:${weights.name}:${weights.size}:${weights.lastModified}`,
    title: weights.name,
    top1: null,
    bytes: (folder ?? [weights]).reduce((sum, { size }) => sum + size, 0),
    width: null,
    side: null,
    ...loadable({ weights: folder ?? weights, config, preprocessorConfig }),
  };
}

function loadable(files: Files): Required<Pick<Choice, 'files' | 'load'>> {
  return {
    files: () => Promise.resolve(files),
    load: async ({ side, ...loading }) => (await engine()).load({ ...files, resolution: side, ...loading }),
  };
}

/**
 * Weights that the page has made of others. They aren't listed for long: all that is asked of the column goes by those others.
 * @param side of the input. Pixels
 */
export function madeChoice(title: string, file: Uint8Array<ArrayBuffer>, weights: Choice, side: number): Choice {
  return {
    id: `made:${title}`,
    title,
    top1: null,
    bytes: file.length,
    width: weights.width,
    side,
    asked: { weights, side: null },
    ...loadable({ weights: file }),
  };
}

/** A network of random weights, of any width and input: its time is that of a trained one. */
export function untrainedChoice(version: Version, width = 1, side: number | null = null): Choice {
  const resolution = side ?? USUAL_SIDE;
  const usual = width === 1 && resolution === USUAL_SIDE;
  const { untrained, shaped } = text.page.weights;
  return {
    id: usual ? 'untrained' : `untrained:${width}:${resolution}`,
    title: usual ? untrained : shaped(untrained, width, resolution),
    top1: null,
    bytes: null,
    width,
    side: resolution,
    asked: usual ? undefined : { weights: null, side },
    load: async ({ signal, precision }) =>
      (await engine()).untrained({ version, width, resolution, signal, precision }),
  };
}

/** Whether weights can be used on another input: some files' graph says the size of every map. */
export function isResizable(flavour: NetworkInfo['flavour']): boolean {
  return !['tflite', 'keras', 'teachable-machine'].includes(flavour);
}

/** The same weights on another input. They can be used on any, though they were trained on one. */
export function resized(weights: Choice, side: number): Choice {
  return {
    id: `${weights.id}@${side}`,
    title: text.page.weights.shaped(weights.title, null, side),
    // It was measured on the checkpoint's own input.
    top1: null,
    bytes: weights.bytes,
    width: weights.width,
    side,
    asked: { weights, side },
    load: (loading) => weights.load({ ...loading, side }),
  };
}
