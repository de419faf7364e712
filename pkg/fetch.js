import { MobileNetError, abortedBy, messageOf, tell } from './errors.js';
import { thePlatform } from './platform.js';

/**
 * @typedef {import('./arguments.js').Bytes} Bytes
 * @typedef {import('./arguments.js').Json} Json
 * @typedef {import('./index.js').Progress} Progress
 * @typedef {import('./store.js').Store} Store
 *
 * @typedef {object} ReadOptions
 * @property {Store} store where downloads are kept
 * @property {(progress: Progress) => void} [onProgress]
 * @property {AbortSignal} [signal]
 * @property {string} [sha256] the digest to hold the bytes against, in lower-case hexadecimal
 */

/** More than any configuration has, labels for the most classes included. Bytes or UTF-16 code units. */
const LONGEST_JSON = 16 * 2 ** 20;

/**
 * @param {Bytes} source
 * @param {ReadOptions} options
 * @returns {Promise<{ bytes: Uint8Array, owned: boolean, toKeep?: string }>} `owned`: no one else holds these bytes; `toKeep`: the
 *   address under which the store is to have them if the engine accepts them
 */
export async function readBytes(source, options) {
  const { signal, sha256 } = options;
  if ('address' in source) {
    const { bytes, fresh } = await download(source.address, options);
    return { bytes, owned: true, toKeep: fresh && options.store.keeps ? source.address : undefined };
  }
  let bytes;
  let owned = false;
  if ('blob' in source) {
    bytes = new Uint8Array(await readBlob(source.blob));
    owned = true;
  } else {
    bytes = source.bytes;
    if (!(bytes.buffer instanceof ArrayBuffer)) {
      // Shared memory: others may write it, and digests aren't made of it.
      bytes = bytes.slice();
      owned = true;
    }
  }
  if (sha256) await checkDigest(bytes, sha256, 'the weights');
  if (signal?.aborted) throw abortedBy(signal);
  return { bytes, owned };
}

/**
 * @param {string} name of the argument, for messages
 * @param {Json | undefined} source
 * @param {Omit<ReadOptions, 'onProgress' | 'sha256'>} options
 * @returns {Promise<string | undefined>} JSON text
 */
export async function readJson(name, source, options) {
  if (!source) return undefined;
  /** @type {string | Uint8Array | ArrayBuffer} */
  let json;
  if ('text' in source) json = source.text;
  else if ('blob' in source) json = await readBlob(source.blob);
  else {
    const { bytes, fresh } = await download(source.address, options);
    if (fresh) options.store.offer(source.address, bytes);
    json = bytes;
  }
  const length = typeof json === 'string' ? json.length : json.byteLength;
  if (length > LONGEST_JSON) {
    throw new MobileNetError('BAD_CONFIG', `${name} has ${length} bytes: that is no configuration`);
  }
  return typeof json === 'string' ? json : new TextDecoder().decode(json);
}

/**
 * @param {Blob} blob
 * @returns {Promise<ArrayBuffer>}
 */
async function readBlob(blob) {
  try {
    return await blob.arrayBuffer();
  } catch (error) {
    // A file that was moved or changed after the user chose it.
    throw new MobileNetError('FETCH_FAILED', `the file could not be read: ${messageOf(error)}`, { cause: error });
  }
}

/**
 * @param {string} url
 * @param {ReadOptions} options
 * @returns {Promise<{ bytes: Uint8Array<ArrayBuffer>, fresh: boolean }>} `fresh`: they don't come from the store
 */
async function download(url, { store, onProgress, signal, sha256 }) {
  const kept = await store.find(url);
  if (kept) {
    try {
      return { bytes: await receive(kept, url, { onProgress, signal, sha256 }), fresh: false };
    } catch (error) {
      if (signal?.aborted) throw error;
      await store.drop(url);
    }
  }
  let response;
  try {
    response = await thePlatform().fetch(url, { signal });
  } catch (error) {
    if (signal?.aborted) throw abortedBy(signal);
    throw new MobileNetError('FETCH_FAILED', `${url} could not be reached: ${messageOf(error)}`, { cause: error });
  }
  if (!response.ok) {
    throw new MobileNetError('FETCH_FAILED', `${url} answered ${response.status} ${response.statusText}`.trimEnd());
  }
  return { bytes: await receive(response, url, { onProgress, signal, sha256 }), fresh: true };
}

/**
 * Reads a body to its end, reporting progress, and checks its digest.
 * @param {Response} response
 * @param {string} url
 * @param {Omit<ReadOptions, 'store'>} options
 * @returns {Promise<Uint8Array<ArrayBuffer>>}
 */
async function receive(response, url, { onProgress, signal, sha256 }) {
  const total = expectedLength(response);
  const body = new Collector(total);
  let bytes;
  try {
    const reader = response.body?.getReader();
    for (let read = await reader?.read(); read && !read.done; read = await reader?.read()) {
      body.add(read.value);
      const { loaded } = body;
      if (onProgress) tell(onProgress, { loaded, total: total !== null && loaded <= total ? total : null });
    }
    bytes = body.bytes();
  } catch (error) {
    if (signal?.aborted) throw abortedBy(signal);
    if (error instanceof RangeError) {
      throw new MobileNetError('OUT_OF_MEMORY', `there is no memory for ${url}`, { cause: error });
    }
    throw new MobileNetError('FETCH_FAILED', `${url} broke off after ${body.loaded} bytes: ${messageOf(error)}`, {
      cause: error,
    });
  }
  if (sha256) await checkDigest(bytes, sha256, url);
  return bytes;
}

/**
 * Puts a body together where it is to lie: a response's own `arrayBuffer()` grows a buffer, and copies it each time. Only a body
 * whose length isn't known, or is another than was told, is held twice for a moment.
 */
class Collector {
  loaded = 0;
  /** @type {Uint8Array<ArrayBuffer> | null} */
  #whole = null;
  /** @type {Uint8Array<ArrayBuffer>[]} What didn't fit. */
  #rest = [];

  /** @param {number | null} expected */
  constructor(expected) {
    try {
      if (expected !== null) this.#whole = new Uint8Array(expected);
    } catch {
      // The header may say anything.
    }
  }

  /** @param {Uint8Array<ArrayBuffer>} chunk */
  add(chunk) {
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

/**
 * @param {Response} response
 * @returns {number | null} the body's length in bytes, null where the headers don't tell
 */
function expectedLength(response) {
  // With a content encoding the header counts compressed bytes.
  if (response.headers.has('content-encoding')) return null;
  return Number(response.headers.get('content-length')) || null;
}

/**
 * @param {Uint8Array} bytes
 * @param {string} expected lower-case hexadecimal
 * @param {string} name what the bytes are, for the message
 */
async function checkDigest(bytes, expected, name) {
  if (!globalThis.crypto?.subtle) {
    throw new MobileNetError('CHECKSUM', `the SHA-256 of ${name} can't be checked: that needs https: or localhost`);
  }
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', /** @type {BufferSource} */ (bytes)));
  const found = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
  if (found !== expected) {
    throw new MobileNetError('CHECKSUM', `the SHA-256 of ${name} is ${found}, expected ${expected}`);
  }
}
