import type { MobileNet, Precision, Progress, Version } from 'mobilenet-wasm';
import { engine } from './engine';
import { CACHE } from './kept';
import { shortName } from './networks';
import { text } from './text';

export interface Loading {
  onProgress: (progress: Progress) => void;
  signal: AbortSignal;
  /** What the network is to compute with. */
  precision: Precision;
}

/** Something that a card can run. */
export interface Choice {
  id: string;
  title: string;
  /** Published accuracy on ImageNet, per cent; `null` where none is known. */
  top1: number | null;
  /** Of the weights, `null` for an untrained network. */
  bytes: number | null;
  load(loading: Loading): Promise<MobileNet>;
}

export interface ServedChoice extends Choice {
  version: Version;
}

/** One entry of `models/models.json`. Addresses are relative to the page. */
interface ServedModel {
  name: string;
  version: Version;
  title: string;
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
    load: async (loading) =>
      (await engine()).load({
        weights: model.url,
        config: model.config,
        preprocessorConfig: model.preprocessorConfig,
        sha256: model.sha256,
        // Without a digest nothing would tell that there is another file by now.
        cache: model.sha256 ? CACHE : undefined,
        ...loading,
      }),
  }));
}

/** Whether a file of this name holds weights. */
export function isWeights({ name }: { name: string }): boolean {
  return /\.(safetensors|tflite)$/i.test(name);
}

/** A checkpoint from the visitor's disk; `null` where no file among them holds weights. */
export function fileChoice(files: File[]): Choice | null {
  const weights = files.find(isWeights);
  if (!weights) return null;
  const json = files.filter((file) => file.name.endsWith('.json'));
  const preprocessorConfig = json.find((file) => file.name.includes('preprocessor'));
  const config = json.find((file) => file !== preprocessorConfig);
  return {
    id: `file:${weights.name}:${weights.size}:${weights.lastModified}`,
    title: weights.name,
    top1: null,
    bytes: weights.size,
    load: async (loading) => (await engine()).load({ weights, config, preprocessorConfig, ...loading }),
  };
}

export function untrainedChoice(version: Version): Choice {
  return {
    id: 'untrained',
    title: text.page.weights.untrained,
    top1: null,
    bytes: null,
    load: async ({ signal, precision }) => (await engine()).untrained({ version, signal, precision }),
  };
}
