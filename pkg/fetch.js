import { MobileNetError, abortedBy, messageOf } from './errors.js';

/**
 * @typedef {import('./index.js').ByteSource} ByteSource
 * @typedef {import('./index.js').JsonSource} JsonSource
 * @typedef {import('./index.js').Progress} Progress
 *
 * @typedef {object} ReadOptions
 * @property {(progress: Progress) => void} [onProgress]
 * @property {AbortSignal} [signal]
 * @property {string} [sha256] the digest to hold the bytes against, in hexadecimal
 * @property {string} [cache] the name of the Cache Storage cache to keep downloads in
 */

/**
 * @param {ByteSource} source
 * @param {ReadOptions} options
 * @returns {Promise<{ bytes: Uint8Array, owned: boolean }>} `owned`: no one else holds these bytes
 */
export async function readBytes(source, options) {
  const { signal, sha256 } = options;
  if (typeof source === 'string' || source instanceof URL) {
    return { bytes: await download(absolute(source), options), owned: true };
  }
  let bytes;
  let owned = false;
  if (source instanceof Blob) {
    bytes = new Uint8Array(await readBlob(source));
    owned = true;
  } else if (source instanceof ArrayBuffer) {
    bytes = new Uint8Array(source);
  } else if (ArrayBuffer.isView(source)) {
    bytes = new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
  } else {
    throw new MobileNetError('BAD_INPUT', 'weights: give an address, an ArrayBuffer, a typed array or a Blob');
  }
  if (sha256) await checkDigest(bytes, sha256, 'the weights');
  if (signal?.aborted) throw abortedBy(signal);
  return { bytes, owned };
}

/**
 * @param {JsonSource | null | undefined} source
 * @param {Omit<ReadOptions, 'onProgress' | 'sha256'>} options
 * @returns {Promise<string | undefined>} JSON text
 */
export async function readJson(source, options) {
  if (source === undefined || source === null) return undefined;
  if (typeof source === 'string' || source instanceof URL) {
    return new TextDecoder().decode(await download(absolute(source), options));
  }
  if (source instanceof Blob) return new TextDecoder().decode(await readBlob(source));
  try {
    return JSON.stringify(source);
  } catch (error) {
    throw new MobileNetError('BAD_CONFIG', `this object isn't JSON: ${messageOf(error)}`, { cause: error });
  }
}

/**
 * Relative addresses are the page's, as everywhere else in a page.
 * @param {string | URL} address
 * @returns {string}
 */
function absolute(address) {
  try {
    return new URL(address, globalThis.document?.baseURI ?? globalThis.location.href).href;
  } catch (error) {
    throw new MobileNetError('BAD_INPUT', `${JSON.stringify(address)} isn't an address`, { cause: error });
  }
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
 * @returns {Promise<Uint8Array>}
 */
async function download(url, { onProgress, signal, sha256, cache }) {
  // Cache Storage exists in secure contexts only.
  const store = cache && globalThis.caches ? await caches.open(cache) : undefined;
  const kept = await store?.match(url);
  if (kept) {
    try {
      return await receive(kept, url, { onProgress, signal, sha256 });
    } catch (error) {
      if (signal?.aborted) throw error;
      // What was kept is damaged: fetch it anew.
      await store?.delete(url);
    }
  }
  let response;
  try {
    response = await fetch(url, { signal });
  } catch (error) {
    if (signal?.aborted) throw abortedBy(signal);
    throw new MobileNetError('FETCH_FAILED', `${url} could not be reached: ${messageOf(error)}`, { cause: error });
  }
  if (!response.ok) {
    throw new MobileNetError('FETCH_FAILED', `${url} answered ${response.status} ${response.statusText}`.trimEnd());
  }
  const bytes = await receive(response, url, { onProgress, signal, sha256 });
  try {
    await store?.put(url, new Response(bytes, { headers: { 'content-length': String(bytes.length) } }));
  } catch {
    // A full disk costs the next visit a download, not this one its network.
  }
  return bytes;
}

/**
 * Reads a body to its end, reporting progress, and checks its digest.
 * @param {Response} response
 * @param {string} url
 * @param {ReadOptions} options
 * @returns {Promise<Uint8Array<ArrayBuffer>>}
 */
async function receive(response, url, { onProgress, signal, sha256 }) {
  const total = expectedLength(response);
  let loaded = 0;
  const counted = response.body?.pipeThrough(
    new TransformStream({
      transform(/** @type {Uint8Array} */ chunk, controller) {
        loaded += chunk.byteLength;
        onProgress?.({ loaded, total: total !== null && loaded <= total ? total : null });
        controller.enqueue(chunk);
      },
    }),
  );
  let bytes;
  try {
    bytes = new Uint8Array(await new Response(counted).arrayBuffer());
  } catch (error) {
    if (signal?.aborted) throw abortedBy(signal);
    throw new MobileNetError('FETCH_FAILED', `${url} broke off after ${loaded} bytes: ${messageOf(error)}`, {
      cause: error,
    });
  }
  if (sha256) await checkDigest(bytes, sha256, url);
  return bytes;
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
 * @param {string} expected hexadecimal
 * @param {string} name what the bytes are, for the message
 */
async function checkDigest(bytes, expected, name) {
  if (!globalThis.crypto?.subtle) {
    throw new MobileNetError('CHECKSUM', `the SHA-256 of ${name} can't be checked: that needs https: or localhost`);
  }
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', /** @type {BufferSource} */ (bytes)));
  const found = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
  if (found !== expected.toLowerCase()) {
    throw new MobileNetError('CHECKSUM', `the SHA-256 of ${name} is ${found}, expected ${expected}`);
  }
}
