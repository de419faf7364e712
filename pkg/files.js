import { advice, callbackOf, isReal, stringOf, wrong } from './arguments.js';
import { MobileNetError, kindOf, messageOf, shown } from './errors.js';
import { thePlatform } from './platform.js';

/**
 * Checks the arguments that say what files a network is made of, and where they are.
 *
 * @typedef {import('./errors.js').ErrorCode} ErrorCode
 *
 * @typedef {{ address: string, key?: string }} Address `key`: the address under which a cache keeps the file, if it differs
 * @typedef {Address | { blob: Blob } | { bytes: Uint8Array, size: number }} Bytes
 *   `size`: the length of `bytes`, which is 0 after a transfer to another thread
 * @typedef {{ files: File[] }} Files the files of a folder
 * @typedef {Address | { blob: Blob } | { text: string }} Json
 */

/**
 * @param {unknown} value
 * @returns {URL} of a folder: a slash is added if there is none at the end
 */
export function folderOf(value) {
  const text = stringOf(value);
  if (text === undefined) throw wrong('BAD_INPUT', 'assets', value, 'the address of a folder');
  const address = new URL(addressOf('BAD_INPUT', 'assets', text));
  if (!address.pathname.endsWith('/')) address.pathname += '/';
  return address;
}

/**
 * @param {unknown} value
 * @returns {typeof fetch}
 */
export function fetchOf(value) {
  return callbackOf('fetch', value) ?? thePlatform().fetch;
}

/**
 * @param {unknown} value
 * @returns {string | undefined} the digest in lower case
 */
export function digestOf(value) {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string' && /^[0-9a-f]{64}$/i.test(value)) return value.toLowerCase();
  throw wrong('BAD_INPUT', 'sha256', value, '64 hexadecimal digits');
}

/**
 * @param {unknown} value
 * @returns {string | import('./index.js').DownloadCache | undefined}
 */
export function cacheOf(value) {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string' && value !== '') return value;
  try {
    const { match, put } = /** @type {any} */ (value);
    if (typeof match === 'function' && typeof put === 'function') return /** @type {any} */ (value);
  } catch {
    // A Proxy can refuse even that.
  }
  throw wrong('BAD_INPUT', 'cache', value, 'the name of a Cache Storage cache, or an object with match() and put()');
}

/**
 * @param {unknown} value
 * @returns {readonly string[] | undefined}
 */
export function labelsOf(value) {
  if (value === undefined || value === null) return undefined;
  let labels;
  try {
    labels = Array.isArray(value) && Array.from(value);
  } catch {
    // A Proxy can refuse even that.
  }
  if (!labels) throw wrong('BAD_CONFIG', 'labels', value, 'an array of strings');
  const index = labels.findIndex((label) => typeof label !== 'string');
  if (index >= 0) throw wrong('BAD_CONFIG', `labels[${index}]`, labels[index], 'a string');
  return Object.freeze(labels);
}

/**
 * @param {unknown} value the `weights`
 * @returns {Bytes | Files}
 */
export function weightsOf(value) {
  const files = listOf(value);
  if (!files) return bytesOf(value);
  const index = files.findIndex((file) => !isReal(file, 'File', 'name'));
  if (index >= 0) throw wrong('BAD_INPUT', `weights[${index}]`, files[index], 'a File');
  if (files.length === 0) throw wrong('BAD_INPUT', 'weights', value, 'one File or more');
  return files.length === 1 ? { blob: /** @type {File} */ (files[0]) } : { files: /** @type {File[]} */ (files) };
}

/**
 * @param {unknown} value
 * @returns {unknown[] | undefined} the elements of an array or a FileList
 */
function listOf(value) {
  try {
    if (Array.isArray(value) || isReal(value, 'FileList', 'length'))
      return Array.from(/** @type {unknown[]} */ (value));
  } catch {
    // A Proxy can refuse even that.
  }
  return undefined;
}

/**
 * @param {unknown} value
 * @returns {Bytes}
 */
function bytesOf(value) {
  const wanted = 'an address, an ArrayBuffer, a typed array, a Blob or an array of Files';
  const text = stringOf(value);
  if (text !== undefined) return { address: addressOf('BAD_INPUT', 'weights', text) };
  if (isReal(value, 'Blob', 'size')) return { blob: /** @type {Blob} */ (value) };
  const isView = ArrayBuffer.isView(value);
  if (!isView && !isReal(value, 'ArrayBuffer', 'byteLength') && !isShared(value)) {
    throw wrong('BAD_INPUT', 'weights', value, `${wanted}${advice(value, 'its bytes')}`);
  }
  try {
    const bytes = isView
      ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
      : new Uint8Array(/** @type {ArrayBuffer} */ (value));
    return { bytes, size: bytes.byteLength };
  } catch (cause) {
    // This fails only for a detached buffer.
    const reason = `weights is ${shown(value)} whose memory was transferred elsewhere: give ${wanted}`;
    throw new MobileNetError('BAD_INPUT', reason, { cause });
  }
}

/**
 * @param {unknown} value
 * @returns {boolean} whether it is a SharedArrayBuffer; a page that is not isolated can have one, but not the class
 */
function isShared(value) {
  return isReal(value, 'SharedArrayBuffer', 'byteLength') || kindOf(value) === 'SharedArrayBuffer';
}

/**
 * @param {string} name `config` or `preprocessorConfig`
 * @param {unknown} value
 * @returns {Json | undefined} an object is converted to text at once, so the caller may change it afterwards
 */
export function jsonOf(name, value) {
  if (value === undefined || value === null) return undefined;
  const address = stringOf(value);
  if (address !== undefined) return { address: addressOf('BAD_CONFIG', name, address) };
  if (isReal(value, 'Blob', 'size')) return { blob: /** @type {Blob} */ (value) };
  if (!isPlain(value)) {
    const wanted = `an address, a Blob, or the object that the file holds${advice(value, 'its json()')}`;
    throw wrong('BAD_CONFIG', name, value, wanted);
  }
  let text;
  try {
    text = JSON.stringify(value);
  } catch (cause) {
    throw new MobileNetError('BAD_CONFIG', `${name} isn't JSON: ${messageOf(cause)}`, { cause });
  }
  if (text === undefined) throw wrong('BAD_CONFIG', name, value, 'an object that JSON.stringify makes text of');
  return { text };
}

/**
 * Whether it is an object that JSON can hold. JSON.stringify makes `{}` of others, such as a Map or a Promise.
 * @param {unknown} value
 * @returns {boolean}
 */
function isPlain(value) {
  if (typeof value !== 'object') return false;
  try {
    const prototype = Object.getPrototypeOf(value);
    return prototype === null || Object.getPrototypeOf(prototype) === null;
  } catch {
    return false;
  }
}

/**
 * Resolves an address, relative to the page like all addresses in a page.
 * @param {ErrorCode} code
 * @param {string} name
 * @param {string} value
 * @returns {string}
 */
export function addressOf(code, name, value) {
  if (value.trim() === '') throw wrong(code, name, value, 'an address');
  try {
    return new URL(value, thePlatform().base() || undefined).href;
  } catch (cause) {
    throw new MobileNetError(code, `${name} is ${shown(value)}, which isn't an address`, { cause });
  }
}
