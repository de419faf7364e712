import { download } from './download.js';
import { MobileNetError, abortedBy, messageOf, tell } from './errors.js';

/**
 * @typedef {import('./digest.js').Expected} Expected
 * @typedef {import('./files.js').Address} Address
 * @typedef {import('./files.js').Bytes} Bytes
 * @typedef {import('./files.js').Json} Json
 * @typedef {import('./store.js').Store} Store
 *
 * @typedef {object} Reading
 * @property {Store} store where downloads are kept
 * @typedef {import('./download.js').DownloadOptions & Reading} ReadOptions
 */

/** No configuration is longer, even with labels for the most classes. Bytes or UTF-16 code units. */
const LONGEST_JSON = 16 * 2 ** 20;

/**
 * @param {Bytes} source
 * @param {ReadOptions} options
 * @returns {Promise<{ bytes: Uint8Array, owned: boolean, toKeep?: string, expected?: Expected }>} `owned`: nobody else holds these
 *   bytes; `toKeep`: the address under which the store keeps them if the engine accepts them; `expected`: what the worker checks them by
 */
export async function readBytes(source, options) {
  const { signal, sha256 } = options;
  /** @param {string} name */
  const expected = (name) => (sha256 === undefined ? undefined : { sha256, name });
  if ('address' in source) {
    const { bytes, fresh } = await obtain(source, options);
    const toKeep = fresh && options.store.keeps ? keyOf(source) : undefined;
    return { bytes, owned: true, toKeep, expected: expected(source.address) };
  }
  let bytes;
  let owned = false;
  if ('blob' in source) {
    bytes = new Uint8Array(await readBlob(source.blob));
    owned = true;
  } else {
    bytes = source.bytes;
    if (!(bytes.buffer instanceof ArrayBuffer)) {
      // Others may write to shared memory.
      bytes = bytes.slice();
      owned = true;
    }
  }
  if (signal?.aborted) throw abortedBy(signal);
  return { bytes, owned, expected: expected('the weights') };
}

/**
 * @param {string} name of the argument, for messages
 * @param {Json | undefined} source
 * @param {Omit<ReadOptions, 'onProgress' | 'sha256' | 'bytes'>} options
 * @returns {Promise<string | undefined>} JSON text
 */
export async function readJson(name, source, options) {
  if (!source) return undefined;
  /** @type {string | Uint8Array | ArrayBuffer} */
  let json;
  if ('text' in source) json = source.text;
  else if ('blob' in source) json = await readBlob(source.blob);
  else {
    const { bytes, fresh } = await obtain(source, options);
    if (fresh) options.store.offer(keyOf(source), bytes);
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
    // The file was moved or changed after the user chose it.
    throw new MobileNetError('FETCH_FAILED', `the file could not be read: ${messageOf(error)}`, { cause: error });
  }
}

/**
 * @param {Address} source
 * @param {ReadOptions} options
 * @returns {Promise<{ bytes: Uint8Array<ArrayBuffer>, fresh: boolean }>} `fresh`: they didn't come from the store
 */
async function obtain(source, options) {
  const key = keyOf(source);
  const { store, signal, onProgress } = options;
  const kept = await store.find(key);
  const bytes = kept && (await readKept(kept));
  if (signal?.aborted) throw abortedBy(signal);
  if (bytes) {
    if (onProgress) tell(onProgress, { loaded: bytes.length, total: bytes.length });
    return { bytes, fresh: false };
  }
  if (kept) await store.drop(key);
  return { bytes: await download(source.address, options), fresh: true };
}

/**
 * By way of a blob the browser reads the file at once, and not the page chunk by chunk.
 * @param {Response} kept
 * @returns {Promise<Uint8Array<ArrayBuffer> | undefined>} `undefined` if it can't be read
 */
async function readKept(kept) {
  try {
    return new Uint8Array(await (await kept.blob()).arrayBuffer());
  } catch {
    return undefined;
  }
}

/**
 * @param {Address} source
 * @returns {string} the address under which a store keeps it
 */
export function keyOf({ address, key = address }) {
  return key;
}
