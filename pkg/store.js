/** @typedef {import('./index.js').DownloadCache} DownloadCache */

/**
 * The downloads of one load in Cache Storage, or in the caller's cache. A download is put there only once the engine has accepted
 * it: a page in place of a file, answered with status 200, would else be taken for the file on every later visit. Where the cache
 * refuses (cookies are blocked, the page isn't secure, the disk is full), everything is fetched and nothing fails.
 */
export class Store {
  /** @type {Promise<DownloadCache | undefined>} */
  #cache;
  #keeps = false;
  /** @type {Map<string, Uint8Array<ArrayBuffer>>} What was downloaded, by its address. */
  #fresh = new Map();
  /** @type {Set<string>} What came from the cache. */
  #used = new Set();
  /** @type {Set<string>} What is damaged there. */
  #dropped = new Set();

  /** @param {string | DownloadCache | undefined} cache or the name of one; without it, nothing is kept */
  constructor(cache) {
    // Asking for `caches` throws where the page is sandboxed; it is undefined where the page isn't secure.
    this.#cache = attempt(() => (typeof cache === 'string' ? globalThis.caches?.open(cache) : cache));
  }

  /**
   * @param {string} url
   * @returns {Promise<Response | undefined>} what an earlier visit left
   */
  async find(url) {
    const cache = await this.#cache;
    this.#keeps = cache !== undefined;
    if (this.#dropped.has(url)) return undefined;
    const kept = await attempt(() => cache?.match(url));
    if (kept) this.#used.add(url);
    return kept ?? undefined;
  }

  /** Whether there is a cache; known once something was looked for. */
  get keeps() {
    return this.#keeps;
  }

  /**
   * Remembers a download, to keep it when it is accepted.
   * @param {string} url
   * @param {Uint8Array<ArrayBuffer>} bytes not to be changed any more
   */
  offer(url, bytes) {
    if (this.#keeps) this.#fresh.set(url, bytes);
  }

  /** The engine has accepted what was read. */
  async keep() {
    const cache = await this.#cache;
    // A full disk costs the next visit a download, not this one its network.
    const puts = Array.from(this.#fresh, ([url, bytes]) => attempt(() => cache?.put(url, responseOf(bytes))));
    this.#fresh.clear();
    await Promise.all(puts);
  }

  /**
   * The engine has refused what was read.
   * @returns {Promise<boolean>} whether some of it came from the cache, where it isn't found any more
   */
  async forget() {
    const used = [...this.#used];
    this.#fresh.clear();
    await Promise.all(used.map((url) => this.drop(url)));
    return used.length > 0;
  }

  /**
   * What is kept is damaged.
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
 * @returns {Response} read from a stream: made of the bytes themselves it would hold a copy
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
