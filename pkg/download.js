import { MobileNetError, abortedBy, messageOf, tell } from './errors.js';

/**
 * @typedef {import('./index.js').Progress} Progress
 *
 * @typedef {object} DownloadOptions
 * @property {typeof fetch} fetch
 * @property {(progress: Progress) => void} [onProgress]
 * @property {AbortSignal} [signal]
 * @property {number} [bytes] the length to report if the server doesn't tell it
 * @property {string} [sha256] the digest that a worker checks the bytes by, in lower-case hexadecimal
 * @property {number} [patience] ms to wait for the answer's headers, if there is another server to ask. Default: no limit
 */

/** How often a download that broke off is continued. It is given up at once if no byte came since the last time. */
const MOST_CUTS = 10;

/** The wait before that: a lost connection needs some time to come back. ms */
const PAUSE = 500;

/** How long chunks that have arrived are copied without a pause for other tasks. ms */
const TURN = 4;

/**
 * @param {string} url
 * @param {DownloadOptions} options
 * @returns {Promise<Uint8Array<ArrayBuffer>>}
 */
export async function download(url, options) {
  let response = await ask(url, options, 0);
  const body = new Body(response, options);
  for (let cuts = 0; ; cuts++) {
    const { loaded } = body;
    try {
      await body.receive(response);
      return body.bytes();
    } catch (error) {
      if (options.signal?.aborted) throw abortedBy(options.signal);
      if (error instanceof RangeError) {
        throw new MobileNetError('OUT_OF_MEMORY', `there is no memory for ${url}`, { cause: error });
      }
      const further = body.loaded > loaded || cuts === 0;
      const rest = body.canGoOn && further && cuts < MOST_CUTS ? await goOn(url, options, body) : null;
      if (!rest) {
        const reason = `${url} broke off after ${body.loaded} bytes: ${messageOf(error)}`;
        throw new MobileNetError('FETCH_FAILED', reason, { cause: error });
      }
      response = rest;
    }
  }
}

/**
 * @param {string} url
 * @param {DownloadOptions} options
 * @param {number} from the first byte that is wanted
 * @returns {Promise<Response>}
 */
async function ask(url, { fetch, signal, patience }, from) {
  const attempt = new AbortController();
  const abort = () => attempt.abort(signal?.reason);
  // The listener stays: it ends the body too.
  signal?.addEventListener('abort', abort);
  if (signal?.aborted) abort();
  const late = () => attempt.abort(new Error(`no answer in ${Number(patience) / 1000} s`));
  const timer = patience === undefined ? undefined : setTimeout(late, patience);
  let response;
  try {
    response = await fetch(url, {
      signal: attempt.signal,
      ...(from > 0 && { headers: { range: `bytes=${from}-` } }),
    });
  } catch (error) {
    if (signal?.aborted) throw abortedBy(signal);
    throw new MobileNetError('FETCH_FAILED', `${url} could not be reached: ${messageOf(error)}`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
  if (!response.ok) {
    throw new MobileNetError('FETCH_FAILED', `${url} answered ${response.status} ${response.statusText}`.trimEnd());
  }
  return response;
}

/**
 * Requests the missing rest of a body that broke off.
 * @param {string} url
 * @param {DownloadOptions} options
 * @param {Body} body
 * @returns {Promise<Response | null>} `null` if the server doesn't send the rest
 */
async function goOn(url, options, body) {
  await new Promise((resolve) => setTimeout(resolve, PAUSE));
  try {
    const response = await ask(url, options, body.loaded);
    return body.isContinuedBy(response) ? response : null;
  } catch (error) {
    if (options.signal?.aborted) throw error;
    return null;
  }
}

/**
 * Assembles a body in one buffer of its full length. A response's `arrayBuffer()` grows its buffer and copies it each time. Only a
 * body whose length is unknown, or differs from the header, is held twice for a moment.
 */
class Body {
  loaded = 0;
  #total;
  #etag;
  #digested;
  #onProgress;
  /** @type {Uint8Array<ArrayBuffer> | null} */
  #whole = null;
  /** @type {Uint8Array<ArrayBuffer>[]} The chunks that didn't fit. */
  #rest = [];
  /** Whether a part of it can be requested. If the body is compressed in transit, the server counts other bytes. */
  canGoOn;

  /**
   * @param {Response} response
   * @param {DownloadOptions} options
   */
  constructor(response, { bytes = 0, sha256, onProgress }) {
    const { headers } = response;
    this.canGoOn = !headers.has('content-encoding');
    const told = this.canGoOn ? Number(headers.get('content-length')) : 0;
    this.#total = told || bytes || null;
    this.#etag = headers.get('etag');
    this.#digested = sha256 !== undefined;
    this.#onProgress = onProgress;
    try {
      if (this.#total !== null) this.#whole = new Uint8Array(this.#total);
    } catch {
      // The header may hold any number.
    }
  }

  /** @param {Response} response */
  async receive(response) {
    const reader = response.body?.getReader();
    let since = performance.now();
    for (let read = await reader?.read(); read && !read.done; read = await reader?.read()) {
      this.#add(read.value);
      const { loaded } = this;
      const total = this.#total !== null && loaded <= this.#total ? this.#total : null;
      if (this.#onProgress) tell(this.#onProgress, { loaded, total });
      if (performance.now() - since < TURN) continue;
      await new Promise((resolve) => setTimeout(resolve));
      since = performance.now();
    }
  }

  /**
   * @param {Response} response to a request for what comes after the bytes that are there
   * @returns {boolean} whether it continues the body, and of the same file
   */
  isContinuedBy({ status, headers }) {
    const etag = headers.get('etag');
    const same = etag && this.#etag ? etag === this.#etag : undefined;
    const [, start] = /^bytes (\d+)-/.exec(headers.get('content-range') ?? '') ?? [];
    const next = start === undefined ? undefined : Number(start) === this.loaded;
    if (status !== 206 || same === false || next === false) return false;
    // Some servers hide these headers from pages of other origins. Then only a digest would tell a wrong part.
    return same === true || next === true || this.#digested;
  }

  /** @param {Uint8Array<ArrayBuffer>} chunk */
  #add(chunk) {
    const fits = this.#whole && this.loaded + chunk.length <= this.#whole.length;
    if (fits) this.#whole?.set(chunk, this.loaded);
    else this.#rest.push(chunk);
    this.loaded += chunk.length;
  }

  /** @returns {Uint8Array<ArrayBuffer>} */
  bytes() {
    if (this.#whole && this.loaded === this.#whole.length) return this.#whole;
    const bytes = new Uint8Array(this.loaded);
    const rest = this.#rest.reduce((sum, { length }) => sum + length, 0);
    let end = this.loaded - rest;
    if (this.#whole) bytes.set(this.#whole.subarray(0, end));
    for (const chunk of this.#rest) {
      bytes.set(chunk, end);
      end += chunk.length;
    }
    return bytes;
  }
}
