import { type MobileNet, MobileNetError, type Version } from 'mobilenet-wasm';
import catalogue from 'mobilenet-wasm/catalogue.json';
import { engine } from './engine';
import { type Entry, type Host, addressOf, hostsOf, remember, serves } from './hosts';
import { CACHE, forget, keptFile } from './kept';
import { text } from './text';
import type { Choice, Files, Loading } from './weights';

/** Codes of errors after which another host may succeed. */
const ANOTHER_MAY_HELP: readonly string[] = ['FETCH_FAILED', 'CHECKSUM'];

/** Codes of errors that mean damaged stored files. Others, such as an engine that can't start, have nothing to do with them. */
const SPOILT: readonly string[] = ['FETCH_FAILED', 'CHECKSUM', 'BAD_WEIGHTS', 'UNKNOWN_NETWORK'];

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
      if (await keptFile(this.#address(host))) {
        this.#keptFrom = host;
        break;
      }
    }
    return this;
  }

  /** The stored file. If the browser stores none, it is fetched again. */
  async files(): Promise<Files> {
    await this.findKept();
    const address = this.#address(this.#keptFrom ?? hostsOf(this.entry)[0]);
    const weights = await ((await keptFile(address)) ?? (await fetch(address))).blob();
    return { weights, ...this.#known };
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
   * Gives the hosts to load from, in order: behind a firewall a host may not answer at all, so each is asked first. An authentic
   * one that didn't answer comes last: it may only be slow, and its error is the one to show.
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
    const weights = this.#address(host);
    return (await engine()).load({ weights, ...this.#known, cache: CACHE, resolution: side, ...loading });
  }

  /** Loads the stored file. Even if it is damaged, no host is asked before the visitor says so. */
  async #loadKept(host: Host, { side, ...loading }: Loading): Promise<MobileNet> {
    const address = this.#address(host);
    try {
      const weights = await (await keptFile(address))?.blob();
      if (!weights) throw new MobileNetError('FETCH_FAILED', text.page.weights.lost);
      return await (await engine()).load({ weights, ...this.#known, resolution: side, ...loading });
    } catch (error) {
      if (error instanceof MobileNetError && SPOILT.includes(error.code)) {
        this.#keptFrom = null;
        await forget([address]);
      }
      throw error;
    }
  }

  #address(host: Host): string {
    return addressOf(host, this.entry, this.entry.file);
  }

  /** What the catalogue says of the file. */
  get #known(): Pick<Files, 'config' | 'sha256'> {
    const { config, sha256 } = this.entry;
    return { config, sha256 };
  }
}

/** The catalogue's checkpoints of some versions. None is fetched before it is loaded. */
export function catalogueChoices(versions: readonly Version[]): Promise<CatalogueChoice[]> {
  const names: readonly string[] = versions;
  const entries = catalogue.filter(({ version }) => names.includes(version));
  return Promise.all(entries.map((entry) => new CatalogueChoice(entry).findKept()));
}
