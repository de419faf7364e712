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
  /** The number format to compute with. */
  precision: Precision;
  /** Side of the input if it isn't the checkpoint's own. Pixels. */
  side?: number;
}

/** The files that weights are loaded from. */
export type Files = Pick<LoadOptions, 'weights' | 'config' | 'preprocessorConfig' | 'sha256' | 'cache'>;

/** Weights, or an untrained network, that a column can run. */
export interface Choice {
  id: string;
  title: string;
  /** Published accuracy on ImageNet, per cent; `null` if none is known. */
  top1: number | null;
  /** Size of the weights; `null` for an untrained network. */
  bytes: number | null;
  /** Width multiplier; `null` until it is known. */
  width: number | null;
  /** Side of the input. Pixels; `null` until it is known. */
  side: number | null;
  /** The width or side that the visitor asked for, if the choice isn't a listed one. */
  asked?: { weights: Choice | null; side: number | null };
  /** The files, to load the weights elsewhere. An untrained network has none; one of another input has those of `asked`. */
  files?(): Promise<Files>;
  load(loading: Loading): Promise<MobileNet>;
}

/** A column's choice and precision. */
export interface Setup {
  choice: Choice;
  /** The number format that the visitor chose. */
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

/** The checkpoints beside the page; none if the site has no weights. */
export async function servedChoices(): Promise<ServedChoice[]> {
  const response = await fetch('models/models.json').catch(() => null);
  if (!response?.ok) return [];
  // A server may send a page of its own for a missing file.
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
      // Without a digest nobody would notice that the file was replaced.
      cache: model.sha256 ? CACHE : undefined,
    }),
  }));
}

/** The name of TensorFlow.js's and Teachable Machine's file that lists the files of weights. */
const MODEL = 'model.json';

/** The endings of weights' file names. The package recognises a file by its content, but a page chooses files by name. */
export const ENDINGS = ['.safetensors', '.tflite', '.keras', '.h5', '.pth', '.pt', '.zip'];

/** Whether a file of this name has weights or lists their files. */
export function isWeights({ name }: { name: string }): boolean {
  return name === MODEL || ENDINGS.some((ending) => name.toLowerCase().endsWith(ending));
}

/**
 * The checkpoints among files from the visitor's disk. A single one takes all settings beside it; of several each takes those that begin
 * with its name, as `mine.json` does with that of `mine.safetensors`.
 * @returns also the files that nothing could be done with
 */
export function fileChoices(files: File[]): { choices: Choice[]; left: File[] } {
  const checkpoints = files.filter(isWeights);
  const list = checkpoints.find(({ name }) => name === MODEL);
  // `model.json` needs the other files, which have its weights.
  if (list) return { choices: [fileChoice(list, files, [])], left: checkpoints.filter((file) => file !== list) };
  const settings = files.filter(({ name }) => name.endsWith('.json'));
  const owners = settings.map((file) => (checkpoints.length === 1 ? checkpoints[0] : ownerOf(file, checkpoints)));
  const own = (weights: File) => settings.filter((_, i) => owners[i] === weights);
  return {
    choices: checkpoints.map((weights) => fileChoice(weights, weights, own(weights))),
    left: settings.filter((_, i) => !owners[i]),
  };
}

/** The checkpoint with whose name, but for its ending, the name of `settings` begins; the longest of several. */
function ownerOf(settings: File, checkpoints: readonly File[]): File | undefined {
  const stem = ({ name }: File) => name.replace(/[^.]+$/, '');
  return checkpoints
    .filter((weights) => settings.name.startsWith(stem(weights)))
    .sort((a, b) => stem(b).length - stem(a).length)[0];
}

/**
 * @param named the file that names the choice
 * @param weights it, or all files that it lists
 * @param settings `config.json` and `preprocessor_config.json`, of any name
 */
function fileChoice(named: File, weights: File | File[], settings: File[]): Choice {
  const preprocessorConfig = settings.find(({ name }) => name.includes('preprocessor'));
  const config = settings.find((file) => file !== preprocessorConfig);
  return {
    id: `file:${named.name}:${named.size}:${named.lastModified}`,
    title: named.name,
    top1: null,
    bytes: [weights].flat().reduce((sum, { size }) => sum + size, 0),
    width: null,
    side: null,
    ...loadable({ weights, config, preprocessorConfig }),
  };
}

function loadable(files: Files): Required<Pick<Choice, 'files' | 'load'>> {
  return {
    files: () => Promise.resolve(files),
    load: async ({ side, ...loading }) => (await engine()).load({ ...files, resolution: side, ...loading }),
  };
}

/**
 * Weights that the page has made of others. The column's controls show those others (`asked`), since no list has what was made.
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

/** A network with random weights, of any width and input. It takes as long as a trained one. */
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

/** Whether the input's size can be changed: some files have a graph that fixes the size of every map. */
export function isResizable(flavour: NetworkInfo['flavour']): boolean {
  return !['tflite', 'keras', 'teachable-machine'].includes(flavour);
}

/** The same weights on an input of another size than they were trained on. */
export function resized(weights: Choice, side: number): Choice {
  return {
    id: `${weights.id}@${side}`,
    title: text.page.weights.shaped(weights.title, null, side),
    // The accuracy was measured on the checkpoint's own input.
    top1: null,
    bytes: weights.bytes,
    width: weights.width,
    side,
    asked: { weights, side },
    load: (loading) => weights.load({ ...loading, side }),
  };
}
