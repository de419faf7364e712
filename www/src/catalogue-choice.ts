import { type MobileNet, MobileNetError, type Version } from 'mobilenet-wasm';
import catalogue from 'mobilenet-wasm/catalogue.json';
import { engine } from './engine';
import { type Entry, type Host, addressOf, hostsOf, remember, serves } from './hosts';
import { CACHE, forget, keptFile } from './kept';
import { text } from './text';
import type { Choice, Files, Loading } from './weights';

/** Codes of errors after which another host may succeed. */
const ANOTHER_MAY_HELP: readonly string[] = ['FETCH_FAILED', 'CHECKSUM', 'BAD_CONFIG'];

/** Codes of errors that mean damaged stored files. Others, such as an engine that can't start, have nothing to do with them. */
const SPOILT: readonly string[] = ['FETCH_FAILED', 'CHECKSUM', 'BAD_WEIGHTS', 'UNKNOWN_NETWORK', 'BAD_CONFIG'];

/** A checkpoint of the catalogue. The first load fetches it from a host. */
export class CatalogueChoice implements Choice {
  readonly id;
  readonly title;
  readonly top1;
  readonly bytes;
  readonly width;
  readonly side;
  /** Whether it is the default checkpoint of its version. */
  readonly isDefault;
  /** The host whose files are stored from an earlier visit. */
  #keptFrom: Host | null = null;

  constructor(readonly entry: Entry) {
    this.id = `catalogue:${entry.name}`;
    this.title = entry.name;
    this.top1 = entry.top1;
    this.bytes = entry.bytes;
    this.width = entry.width;
    this.side = entry.resolution;
    this.isDefault = entry.default === true;
  }

  /** Whether it is stored from an earlier visit. */
  get kept(): boolean {
    return this.#keptFrom !== null;
  }

  async findKept(): Promise<this> {
    this.#keptFrom = null;
    for (const host of hostsOf(this.entry)) {
      const [weights, config] = this.#addresses(host);
      if ((await keptFile(weights)) && (await keptFile(config))) {
        this.#keptFrom = host;
        break;
      }
    }
    return this;
  }

  /** The stored files. If the browser stores none, they are fetched again. */
  async files(): Promise<Files> {
    await this.findKept();
    const addresses = this.#addresses(this.#keptFrom ?? hostsOf(this.entry)[0]);
    const get = async (url: string) => ((await keptFile(url)) ?? (await fetch(url))).blob();
    const [weights, config] = await Promise.all(addresses.map(get));
    return { weights, config, sha256: this.entry.sha256 ?? undefined };
  }

  async load(loading: Loading): Promise<MobileNet> {
    await this.findKept();
    if (this.#keptFrom) return this.#loadKept(this.#keptFrom, loading);
    let refusal: unknown;
    for await (const host of this.#answering(loading.signal)) {
      try {
        const net = await this.#loadFrom(host, loading);
        remember(host);
        // If the browser refuses its storage, nothing is stored.
        await this.findKept();
        return net;
      } catch (error) {
        const useful = error instanceof MobileNetError && ANOTHER_MAY_HELP.includes(error.code);
        if (loading.signal.aborted || !useful) throw error;
        refusal ??= error;
      }
    }
    throw refusal ?? new MobileNetError('FETCH_FAILED', text.page.weights.nowhere);
  }

  /**
   * Gives the hosts to load from, in order: behind a firewall a host may not answer at all, so each is asked first. The configuration has
   * no digest, so a host that isn't authentic has to answer with this entry's. An authentic one that didn't comes last: it may only
   * be slow, and its error is the one to show.
   */
  async *#answering(cancelled: AbortSignal): AsyncGenerator<Host> {
    const hosts = hostsOf(this.entry);
    const silent: Host[] = [];
    for (const host of hosts) {
      const only = host.authentic && hosts.length === 1;
      if (only || (await serves(host, this.entry, cancelled))) yield host;
      else if (host.authentic) silent.push(host);
    }
    yield* silent;
  }

  async #loadFrom(host: Host, { side, ...loading }: Loading): Promise<MobileNet> {
    const [weights, config] = this.#addresses(host);
    const sha256 = this.entry.sha256 ?? undefined;
    return (await engine()).load({ weights, config, sha256, cache: CACHE, resolution: side, ...loading });
  }

  /** Loads the stored files. Even if they are damaged, no host is asked before the visitor says so. */
  async #loadKept(host: Host, { side, ...loading }: Loading): Promise<MobileNet> {
    const addresses = this.#addresses(host);
    try {
      const [weights, config] = await Promise.all(addresses.map(async (url) => (await keptFile(url))?.blob()));
      if (!weights || !config) throw new MobileNetError('FETCH_FAILED', text.page.weights.lost);
      const sha256 = this.entry.sha256 ?? undefined;
      return await (await engine()).load({ weights, config, sha256, resolution: side, ...loading });
    } catch (error) {
      if (error instanceof MobileNetError && SPOILT.includes(error.code)) {
        this.#keptFrom = null;
        await forget(addresses);
      }
      throw error;
    }
  }

  #addresses(host: Host): [weights: string, config: string] {
    return [addressOf(host, this.entry, this.entry.file), addressOf(host, this.entry, 'config.json')];
  }
}

/** The catalogue's checkpoints of some versions. None is fetched before it is loaded. */
export function catalogueChoices(versions: readonly Version[]): Promise<CatalogueChoice[]> {
  const names: readonly string[] = versions;
  const entries = catalogue.filter(({ version }) => names.includes(version));
  return Promise.all(entries.map((entry) => new CatalogueChoice(entry).findKept()));
}
