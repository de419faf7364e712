/** @typedef {import('./index.js').DownloadCache} DownloadCache */

/**
 * The downloads of one load in Cache Storage, or in the caller's cache. A download is stored only after the engine has accepted it.
 * Otherwise an HTML page that a server sent with status 200 would be used as the file on every later visit. If the cache refuses
 * (cookies are blocked, the page isn't secure, the disk is full), everything is fetched and nothing fails.
 */
export class Store {
  /** @type {Promise<DownloadCache | undefined>} */
  #cache;
  #keeps = false;
  /** @type {Map<string, Uint8Array<ArrayBuffer>>} The downloads, by address. */
  #fresh = new Map();
  /** @type {Set<string>} The addresses of the files that came from the cache. */
  #used = new Set();
  /** @type {Set<string>} What is damaged there. */
  #dropped = new Set();

  /** @param {string | DownloadCache | undefined} cache or the name of one; without it, nothing is stored */
  constructor(cache) {
    // `caches` throws in a sandboxed page, and is undefined in one that isn't secure.
    this.#cache = attempt(() => (typeof cache === 'string' ? globalThis.caches?.open(cache) : cache));
  }

  /**
   * @param {string} url
   * @returns {Promise<Response | undefined>} the file that an earlier visit stored
   */
  async find(url) {
    const cache = await this.#cache;
    this.#keeps = cache !== undefined;
    if (this.#dropped.has(url)) return undefined;
    const kept = await attempt(() => cache?.match(url));
    if (kept) this.#used.add(url);
    return kept ?? undefined;
  }

  /** Whether there is a cache; false before the first `find`. */
  get keeps() {
    return this.#keeps;
  }

  /**
   * Remembers a download, to store it when it is accepted.
   * @param {string} url
   * @param {Uint8Array<ArrayBuffer>} bytes nobody may change them any more
   */
  offer(url, bytes) {
    if (this.#keeps) this.#fresh.set(url, bytes);
  }

  /** Stores the downloads, which the engine has accepted. */
  async keep() {
    const cache = await this.#cache;
    // If the disk is full, only the next visit needs another download.
    const puts = Array.from(this.#fresh, ([url, bytes]) => attempt(() => cache?.put(url, responseOf(bytes))));
    this.#fresh.clear();
    await Promise.all(puts);
  }

  /**
   * Removes files that came from the cache, since the engine has refused them.
   * @param {string[]} [urls] default: all
   * @returns {Promise<boolean>} whether any came from there
   */
  async forget(urls = [...this.#used]) {
    const used = urls.filter((url) => this.#used.has(url));
    this.#fresh.clear();
    await Promise.all(used.map((url) => this.drop(url)));
    return used.length > 0;
  }

  /**
   * Removes a damaged file from the cache.
   * @param {string} url
   */
  async drop(url) {
    const cache = await this.#cache;
    this.#used.delete(url);
    this.#dropped.add(url);
    await attempt(() => cache?.delete?.(url));
  }
}

/**
 * @template T
 * @param {() => T | PromiseLike<T>} call
 * @returns {Promise<T | undefined>} `undefined` where it fails
 */
async function attempt(call) {
  try {
    return await call();
  } catch {
    return undefined;
  }
}

/**
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @returns {Response} of a stream: a response of the bytes themselves would hold a copy
 */
function responseOf(bytes) {
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(bytes);
      controller.close();
    },
  });
  return new Response(body, { headers: { 'content-length': String(bytes.length) } });
}
