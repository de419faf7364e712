import { MobileNetError, messageOf } from './errors.js';

/** @typedef {{ sha256: string, name: string }} Expected the digest in lower-case hexadecimal, and what has it, for the message */

/**
 * Workers check, since a digest of 20 MB takes some 20 ms, in which a page would not react.
 * @param {Uint8Array} bytes
 * @param {Expected} expected
 */
export async function checkDigest(bytes, { sha256, name }) {
  if (!globalThis.crypto?.subtle) {
    throw new MobileNetError('CHECKSUM', `the SHA-256 of ${name} can't be checked: that needs https: or localhost`);
  }
  let digest;
  try {
    // `crypto` takes no buffer that can be resized.
    const fixed = /** @type {any} */ (bytes.buffer).resizable ? bytes.slice() : bytes;
    digest = await crypto.subtle.digest('SHA-256', /** @type {BufferSource} */ (fixed));
  } catch (cause) {
    throw new MobileNetError('CHECKSUM', `the SHA-256 of ${name} can't be computed: ${messageOf(cause)}`, { cause });
  }
  const found = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
  if (found !== sha256) {
    throw new MobileNetError('CHECKSUM', `the SHA-256 of ${name} is ${found}, expected ${sha256}`);
  }
}
