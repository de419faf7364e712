/**
 * The downloads of one load in Cache Storage. A download is put there only once the engine has accepted it: a page in place of
 * a file, answered with status 200, would else be taken for the file on every later visit. Where the browser refuses its
 * Cache Storage (cookies are blocked, the page isn't secure, the disk is full), everything is fetched and nothing fails.
 */
export class Store {
  /** @type {Promise<Cache | null>} */
  #cache;
  /** @type {Map<string, Response>} What was downloaded, by its address. */
  #fresh = new Map();
  /** @type {Set<string>} What came from the cache. */
  #used = new Set();

  /** @param {string | undefined} name of the cache; without one, nothing is kept */
  constructor(name) {
    this.#cache = name === undefined ? Promise.resolve(null) : open(name);
  }

  /**
   * @param {string} url
   * @returns {Promise<Response | undefined>} what an earlier visit left
   */
  async find(url) {
    const cache = await this.#cache;
    const kept = await cache?.match(url).catch(() => undefined);
    if (kept) this.#used.add(url);
    return kept;
  }

  /**
   * Copies a download, to keep it when it is accepted.
   * @param {string} url
   * @param {Uint8Array<ArrayBuffer>} bytes
   */
  async offer(url, bytes) {
    if (await this.#cache) {
      this.#fresh.set(url, new Response(bytes, { headers: { 'content-length': String(bytes.length) } }));
    }
  }

  /** The engine has accepted what was read. */
  async keep() {
    const cache = await this.#cache;
    const puts = Array.from(this.#fresh, ([url, response]) => cache?.put(url, response));
    this.#fresh.clear();
    // A full disk costs the next visit a download, not this one its network.
    await Promise.allSettled(puts);
  }

  /**
   * The engine has refused what was read.
   * @returns {Promise<boolean>} whether some of it came from the cache, which no longer has it
   */
  async forget() {
    const used = [...this.#used];
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
    await cache?.delete(url).catch(() => false);
  }
}

/**
 * @param {string} name
 * @returns {Promise<Cache | null>}
 */
async function open(name) {
  try {
    // Asking for `caches` throws where the page is sandboxed; it is undefined where the page isn't secure.
    return (await globalThis.caches?.open(name)) ?? null;
  } catch {
    return null;
  }
}
