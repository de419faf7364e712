/**
 * The downloads of one load in Cache Storage. A download is put there only once the engine has accepted it: a page in place of
 * a file, answered with status 200, would else be taken for the file on every later visit. Where the browser refuses its
 * Cache Storage (cookies are blocked, the page isn't secure, the disk is full), everything is fetched and nothing fails.
 */
export class Store {
  /** @type {Promise<Cache | null>} */
  #cache;
  #keeps = false;
  /** @type {Map<string, Uint8Array<ArrayBuffer>>} What was downloaded, by its address. */
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
    this.#keeps = cache !== null;
    const kept = await cache?.match(url).catch(() => undefined);
    if (kept) this.#used.add(url);
    return kept;
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
    const puts = Array.from(this.#fresh, ([url, bytes]) => cache?.put(url, responseOf(bytes)));
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
