import { type MobileNet, MobileNetError, type Progress, type Version } from 'mobilenet-wasm';
import catalogue from 'mobilenet-wasm/catalogue.json';
import { engine } from './engine';
import { shortName } from './networks';
import { text } from './text';

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
        ...loading,
      }),
  }));
}

/** A checkpoint of the catalogue, which is fetched from the Hub when it is loaded for the first time. */
export class HubChoice implements Choice {
  readonly id;
  readonly title;
  readonly top1;
  readonly bytes;
  /** Width multiplier. */
  readonly width;
  /** Whether an earlier visit left it here. */
  kept = false;
  readonly #weights;
  readonly #config;
  readonly #sha256;

  constructor(entry: (typeof catalogue)[number]) {
    this.id = `hub:${entry.name}`;
    this.title = entry.name;
    this.top1 = entry.top1;
    this.bytes = entry.bytes;
    this.width = entry.width;
    const folder = `https://huggingface.co/${entry.repository}/resolve/${entry.revision}`;
    this.#weights = `${folder}/${entry.file}`;
    this.#config = `${folder}/config.json`;
    this.#sha256 = entry.sha256 ?? undefined;
  }

  async findKept(): Promise<this> {
    this.kept = Boolean((await keptFile(this.#weights)) && (await keptFile(this.#config)));
    return this;
  }

  async load(loading: Loading): Promise<MobileNet> {
    if (this.kept) return this.#loadKept(loading);
    const net = await (
      await engine()
    ).load({
      weights: this.#weights,
      config: this.#config,
      sha256: this.#sha256,
      cache: CACHE,
      ...loading,
    });
    // Where the browser refuses its storage, nothing is.
    await this.findKept();
    return net;
  }

  /** Opens what was kept as files: the Hub isn't asked again, even where they are damaged, before the visitor says so. */
  async #loadKept(loading: Loading): Promise<MobileNet> {
    try {
      const [weights, config] = await Promise.all(
        [this.#weights, this.#config].map(async (url) => (await keptFile(url))?.blob()),
      );
      if (!weights || !config) throw new MobileNetError('FETCH_FAILED', text.page.weights.lost);
      return await (await engine()).load({ weights, config, sha256: this.#sha256, ...loading });
    } catch (error) {
      if (!loading.signal.aborted) {
        this.kept = false;
        const store = await openStore();
        await Promise.allSettled([store?.delete(this.#weights), store?.delete(this.#config)]);
      }
      throw error;
    }
  }
}

/** What an earlier visit left here. Where the browser refuses its storage, there is none. */
async function keptFile(url: string): Promise<Response | undefined> {
  return (await openStore())?.match(url).catch(() => undefined);
}

/** `null` where cookies are blocked, or the page isn't secure. */
async function openStore(): Promise<Cache | null> {
  try {
    return await caches.open(CACHE);
  } catch {
    return null;
  }
}

/** The catalogue's checkpoints of some versions. Nothing is fetched before one is loaded. */
export function hubChoices(versions: readonly Version[]): Promise<HubChoice[]> {
  const names: readonly string[] = versions;
  const entries = catalogue.filter(({ version }) => names.includes(version));
  return Promise.all(entries.map((entry) => new HubChoice(entry).findKept()));
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
    load: async (loading) => (await engine()).load({ weights, config, preprocessorConfig, ...loading }),
  };
}

export function untrainedChoice(version: Version): Choice {
  return {
    id: 'untrained',
    title: text.page.weights.untrained,
    top1: null,
    bytes: null,
    load: async ({ signal }) => (await engine()).untrained({ version, signal }),
  };
}
