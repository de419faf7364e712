import { MobileNet, type Progress, type Version } from 'mobilenet-wasm';
import catalogue from 'mobilenet-wasm/catalogue.json';

/** Where downloads from the Hub stay until the visitor clears the site's data. */
const CACHE = 'mobilenet-wasm-weights';

export interface Loading {
  onProgress: (progress: Progress) => void;
  signal: AbortSignal;
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
export async function servedChoices(): Promise<Map<Version, Choice[]>> {
  const choices = new Map<Version, Choice[]>();
  const response = await fetch('models/models.json').catch(() => null);
  if (!response?.ok) return choices;
  const { models } = (await response.json()) as { models: ServedModel[] };
  for (const model of models) {
    const choice: Choice = {
      id: `served:${model.name}`,
      // The card's heading says MobileNet's version already.
      title: model.title.replace(/^MobileNet /, ''),
      top1: model.top1,
      bytes: model.bytes,
      load: (loading) =>
        MobileNet.load({
          weights: model.url,
          config: model.config,
          preprocessorConfig: model.preprocessorConfig,
          sha256: model.sha256,
          ...loading,
        }),
    };
    choices.set(model.version, [...(choices.get(model.version) ?? []), choice]);
  }
  return choices;
}

export interface HubChoice extends Choice {
  /** Width multiplier. */
  width: number;
  /** An earlier visit has left it here. */
  kept: boolean;
}

/** The catalogue's checkpoints of a version. Nothing is fetched before one is loaded. */
export async function hubChoices(version: Version): Promise<HubChoice[]> {
  // Cache Storage exists in secure contexts only.
  const store = globalThis.caches ? await caches.open(CACHE) : null;
  return Promise.all(
    catalogue
      .filter((entry) => entry.version === version)
      .map(async (entry) => {
        const folder = `https://huggingface.co/${entry.repository}/resolve/${entry.revision}`;
        const weights = `${folder}/${entry.file}`;
        return {
          id: `hub:${entry.name}`,
          title: entry.name,
          top1: entry.top1,
          bytes: entry.bytes,
          width: entry.width,
          kept: Boolean(await store?.match(weights)),
          load: (loading: Loading) =>
            MobileNet.load({
              weights,
              config: `${folder}/config.json`,
              sha256: entry.sha256 ?? undefined,
              cache: CACHE,
              ...loading,
            }),
        };
      }),
  );
}

/** A checkpoint from the visitor's disk; `null` where no file among them holds weights. */
export function fileChoice(files: File[]): Choice | null {
  const weights = files.find((file) => file.name.endsWith('.safetensors'));
  if (!weights) return null;
  const json = files.filter((file) => file.name.endsWith('.json'));
  const preprocessorConfig = json.find((file) => file.name.includes('preprocessor'));
  const config = json.find((file) => file !== preprocessorConfig);
  return {
    id: `file:${weights.name}:${weights.size}:${weights.lastModified}`,
    title: weights.name,
    top1: null,
    bytes: weights.size,
    load: (loading) => MobileNet.load({ weights, config, preprocessorConfig, ...loading }),
  };
}

export function untrainedChoice(version: Version): Choice {
  return {
    id: 'untrained',
    title: 'Untrained',
    top1: null,
    bytes: null,
    load: ({ signal }) => MobileNet.untrained({ version, signal }),
  };
}
