import { download, receive } from './download.js';
import { MobileNetError, abortedBy, messageOf } from './errors.js';

/**
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
 * @returns {Promise<{ bytes: Uint8Array, owned: boolean, toKeep?: string }>} `owned`: nobody else holds these bytes; `toKeep`: the
 *   address under which the store keeps them if the engine accepts them
 */
export async function readBytes(source, options) {
  const { signal, sha256 } = options;
  if ('address' in source) {
    const { bytes, fresh } = await obtain(source, options);
    return { bytes, owned: true, toKeep: fresh && options.store.keeps ? keyOf(source) : undefined };
  }
  let bytes;
  let owned = false;
  if ('blob' in source) {
    bytes = new Uint8Array(await readBlob(source.blob));
    owned = true;
  } else {
    bytes = source.bytes;
    if (!(bytes.buffer instanceof ArrayBuffer)) {
      // Others may write to shared memory, and `crypto` takes no digest of it.
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
  const { address } = source;
  const key = keyOf(source);
  const { store, signal, sha256 } = options;
  /** @param {Uint8Array<ArrayBuffer>} bytes */
  const checked = async (bytes) => {
    if (sha256) {
      // The digest copies all bytes at once, which takes long enough for a task of its own.
      await new Promise((resolve) => setTimeout(resolve));
      await checkDigest(bytes, sha256, address);
    }
    return bytes;
  };
  const kept = await store.find(key);
  if (kept) {
    try {
      return { bytes: await checked(await receive(kept, options)), fresh: false };
    } catch (error) {
      if (signal?.aborted) throw abortedBy(signal);
      await store.drop(key);
    }
  }
  return { bytes: await checked(await download(address, options)), fresh: true };
}

/**
 * @param {Address} source
 * @returns {string}
 */
function keyOf({ address, key = address }) {
  return key;
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
