import { MobileNetError, kindOf, messageOf, shown } from './errors.js';
import { hosts, seats } from './host.js';

/**
 * Checks the arguments of the public calls before anything is started: what isn't what it should be is an error that names
 * the argument and what was given.
 *
 * @typedef {import('./errors.js').ErrorCode} ErrorCode
 * @typedef {import('./index.js').MobileNet} MobileNet
 *
 * @typedef {{ address: string } | { blob: Blob } | { bytes: Uint8Array, size: number }} Bytes
 *   `size`: what the bytes were, as a buffer that is transferred to another thread has none any more
 * @typedef {{ address: string } | { blob: Blob } | { text: string }} Json
 */

/** What `src/plan` accepts. */
const MAX_THREADS = 64;

/** What a network's name may have. */
const LONGEST_NAME = 100;

/**
 * @param {ErrorCode} code
 * @param {string} name of the argument
 * @param {unknown} value
 * @param {string} wanted
 * @returns {MobileNetError}
 */
function wrong(code, name, value, wanted) {
  return new MobileNetError(code, `${name} is ${shown(value)}: give ${wanted}`);
}

/**
 * Reads the fields of an options object, each once: it may be anything, and a field may be a getter that throws.
 * @template {string} Name
 * @param {string} call
 * @param {unknown} options
 * @param {readonly Name[]} names
 * @returns {Partial<Record<Name, unknown>>}
 */
export function fieldsOf(call, options, names) {
  if (typeof options !== 'object' || options === null) {
    throw wrong('BAD_INPUT', `the options of ${call}`, options, `an object with ${names.join(', ')}`);
  }
  /** @type {Partial<Record<Name, unknown>>} */
  const fields = {};
  for (const name of names) {
    try {
      fields[name] = /** @type {any} */ (options)[name];
    } catch (cause) {
      throw new MobileNetError('BAD_INPUT', `${name} can't be read: ${messageOf(cause)}`, { cause });
    }
  }
  return fields;
}

/**
 * Whether a value is an object of a class of the browser's. By a getter of the class, which answers only for its real objects,
 * those of another window among them: `instanceof` and tags can be had by others.
 * @param {unknown} value
 * @param {string} name of the class; it need not exist here
 * @param {string} getter
 * @returns {boolean}
 */
export function isReal(value, name, getter) {
  const prototype = /** @type {any} */ (globalThis)[name]?.prototype;
  const get = prototype && Object.getOwnPropertyDescriptor(prototype, getter)?.get;
  if (!get) return false;
  try {
    get.call(value);
    return true;
  } catch {
    return false;
  }
}

/**
 * @param {unknown} value
 * @returns {AbortSignal | undefined}
 */
export function signalOf(value) {
  if (value === undefined || value === null) return undefined;
  if (isReal(value, 'AbortSignal', 'aborted')) return /** @type {AbortSignal} */ (value);
  throw wrong('BAD_INPUT', 'signal', value, "an AbortSignal, such as an AbortController's `signal`");
}

/**
 * @param {string} name
 * @param {unknown} value
 * @param {number} least
 * @param {number} most
 * @returns {number}
 */
export function wholeNumber(name, value, least, most) {
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
  const range = most === Infinity ? `from ${least}` : `from ${least} to ${most}`;
  throw wrong('BAD_INPUT', name, value, `a whole number ${range}`);
}

/**
 * @param {Partial<Record<'threads' | 'build', unknown>>} options
 * @param {string} call
 */
export function noWish({ threads, build }, call) {
  if (threads === undefined && build === undefined) return;
  const name = threads === undefined ? 'build' : 'threads';
  throw new MobileNetError('BAD_INPUT', `${name} is the engine's own: give it to Engine.create, not to ${call}`);
}

/**
 * @param {Partial<Record<'threads' | 'build', unknown>>} options
 * @param {readonly string[]} builds
 * @returns {{ threads: number | undefined, build: string | undefined }}
 */
export function wishOf({ threads, build }, builds) {
  if (build !== undefined && !builds.includes(/** @type {string} */ (build))) {
    throw wrong('BAD_INPUT', 'build', build, `one of ${builds.join(', ')}`);
  }
  return {
    threads: threads === undefined ? undefined : wholeNumber('threads', threads, 1, MAX_THREADS),
    build: /** @type {string | undefined} */ (build),
  };
}

/**
 * @param {string} name
 * @param {unknown} value
 * @returns {((...values: any[]) => void) | undefined}
 */
export function callbackOf(name, value) {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'function') return /** @type {(...values: any[]) => void} */ (value);
  throw wrong('BAD_INPUT', name, value, 'a function');
}

/**
 * @param {string} name
 * @param {unknown} value
 * @returns {boolean}
 */
export function flagOf(name, value) {
  if (value === undefined) return false;
  if (typeof value === 'boolean') return value;
  throw wrong('BAD_INPUT', name, value, 'true or false');
}

/**
 * @param {unknown} value
 * @returns {string[] | undefined} whether there are such layers is the engine's matter
 */
export function layersOf(value) {
  if (value === undefined || value === null) return undefined;
  const layers = listOf('layers', value, 'an array of names');
  const index = layers.findIndex((layer) => typeof layer !== 'string' || layer.length > LONGEST_NAME);
  if (index >= 0) throw wrong('BAD_INPUT', `layers[${index}]`, layers[index], "a layer's name");
  return /** @type {string[]} */ (layers);
}

/**
 * @param {unknown} value
 * @returns {string} whether there is such a layer is the engine's matter
 */
export function layerOf(value) {
  if (typeof value === 'string' && value.length <= LONGEST_NAME) return value;
  throw wrong('BAD_INPUT', 'layer', value, "a layer's name");
}

const TIMED_KINDS = /** @type {const} */ (['convolution', 'depthwise', 'pointwise']);

/**
 * @param {Partial<Record<'kind' | 'kernel' | 'inChannels' | 'outChannels' | 'size', unknown>>} fields
 * @returns {import('./index.js').TimedLayer} whether there is a kernel for it is the engine's matter
 */
export function timedLayerOf({ kind, kernel, inChannels, outChannels, size }) {
  const known = TIMED_KINDS.find((name) => name === kind);
  if (known === undefined) throw wrong('BAD_INPUT', 'kind', kind, `one of ${TIMED_KINDS.join(', ')}`);
  return {
    kind: known,
    kernel: wholeNumber('kernel', kernel, 1, 5),
    inChannels: wholeNumber('inChannels', inChannels, 1, 1024),
    outChannels: wholeNumber('outChannels', outChannels, 1, 1024),
    size: wholeNumber('size', size, 1, 224),
  };
}

const TIMED_ACTIVATIONS = /** @type {const} */ (['relu6', 'hard-swish', 'swish']);

/**
 * @param {unknown} value
 * @returns {import('./index.js').TimedActivation}
 */
export function timedActivationOf(value) {
  const known = TIMED_ACTIVATIONS.find((name) => name === value);
  if (known === undefined) throw wrong('BAD_INPUT', 'the activation', value, `one of ${TIMED_ACTIVATIONS.join(', ')}`);
  return known;
}

/**
 * @param {unknown} value
 * @returns {boolean} whether the gates are to be open
 */
export function openGatesOf(value) {
  if (value === undefined || value === 'learned') return false;
  if (value === 'open') return true;
  throw wrong('BAD_INPUT', 'gates', value, "'learned' or 'open'");
}

/**
 * @param {unknown} value
 * @returns {import('./host.js').Host | null} `null`: the network gets an engine of its own
 */
export function engineOf(value) {
  if (value === undefined || value === null) return null;
  const host = typeof value === 'object' ? hosts.get(value) : undefined;
  if (host) return host;
  throw wrong('BAD_INPUT', 'engine', value, `what Engine.create() gives${advice(value, '')}`);
}

/**
 * @param {unknown} value
 * @param {import('./host.js').Host} host
 * @returns {MobileNet[]} networks of that host's engine
 */
export function networksOf(value, host) {
  const wanted = 'an array of networks that this engine has loaded';
  const networks = listOf('networks', value, wanted);
  if (networks.length === 0) throw new MobileNetError('BAD_INPUT', `networks is empty: give ${wanted}`);
  for (const [index, network] of networks.entries()) {
    const name = `networks[${index}]`;
    const seat = typeof network === 'object' && network !== null ? seats.get(network)?.seat : undefined;
    if (!seat) throw wrong('BAD_INPUT', name, network, `a MobileNet${advice(network, '')}`);
    if (seat.host !== host) {
      throw new MobileNetError('BAD_INPUT', `${name} is a network of another engine: load it with this one`);
    }
  }
  return /** @type {MobileNet[]} */ (networks);
}

/**
 * @param {string} name
 * @param {unknown} value
 * @param {string} wanted
 * @returns {unknown[]} a copy
 */
function listOf(name, value, wanted) {
  try {
    if (Array.isArray(value)) return Array.from(value);
  } catch {
    // A Proxy can refuse even that.
  }
  throw wrong('BAD_INPUT', name, value, wanted);
}

/**
 * @param {unknown} value
 * @returns {string | undefined} in lower case
 */
export function digestOf(value) {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string' && /^[0-9a-f]{64}$/i.test(value)) return value.toLowerCase();
  throw wrong('BAD_INPUT', 'sha256', value, '64 hexadecimal digits');
}

/**
 * @param {unknown} value
 * @returns {string | undefined}
 */
export function cacheOf(value) {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string' && value !== '') return value;
  throw wrong('BAD_INPUT', 'cache', value, 'the name of a Cache Storage cache');
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
 * @returns {Bytes}
 */
export function bytesOf(value) {
  const wanted = 'an address, an ArrayBuffer, a typed array or a Blob';
  if (typeof value === 'string' || isReal(value, 'URL', 'href')) {
    return { address: addressOf('BAD_INPUT', 'weights', /** @type {string | URL} */ (value)) };
  }
  if (isReal(value, 'Blob', 'size')) return { blob: /** @type {Blob} */ (value) };
  const isView = ArrayBuffer.isView(value);
  if (!isView && !isReal(value, 'ArrayBuffer', 'byteLength') && !isReal(value, 'SharedArrayBuffer', 'byteLength')) {
    throw wrong('BAD_INPUT', 'weights', value, `${wanted}${advice(value, 'its bytes')}`);
  }
  try {
    const bytes = isView
      ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
      : new Uint8Array(/** @type {ArrayBuffer} */ (value));
    return { bytes, size: bytes.byteLength };
  } catch (cause) {
    // Only a detached buffer makes that fail.
    const reason = `weights is ${shown(value)} whose memory was transferred elsewhere: give ${wanted}`;
    throw new MobileNetError('BAD_INPUT', reason, { cause });
  }
}

/**
 * @param {string} name `config` or `preprocessorConfig`
 * @param {unknown} value
 * @returns {Json | undefined} an object is turned into text at once, so that it may change afterwards
 */
export function jsonOf(name, value) {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string' || isReal(value, 'URL', 'href')) {
    return { address: addressOf('BAD_CONFIG', name, /** @type {string | URL} */ (value)) };
  }
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
 * Whether it is an object as JSON has them. Of any other, such as a Map or a Promise, JSON.stringify makes `{}`.
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
 * @param {unknown} value
 * @param {string} content what a response is to be asked for, empty where none makes sense
 * @returns {string} what was forgotten
 */
function advice(value, content) {
  const kind = kindOf(value);
  if (kind === 'Promise') return ' (is an `await` missing?)';
  return content !== '' && kind === 'Response' ? ` (await ${content})` : '';
}

/**
 * Relative addresses are the page's, as everywhere else in a page.
 * @param {ErrorCode} code
 * @param {string} name
 * @param {string | URL} value
 * @returns {string}
 */
function addressOf(code, name, value) {
  if (value === '') throw wrong(code, name, value, 'an address');
  try {
    return new URL(value, globalThis.document?.baseURI ?? globalThis.location.href).href;
  } catch (cause) {
    throw new MobileNetError(code, `${name} is ${shown(value)}, which isn't an address`, { cause });
  }
}

/**
 * The fields of `untrained` as the types that wasm takes; whether the values make sense is the engine's matter.
 * @param {Partial<Record<'version' | 'minimalistic' | 'width' | 'resolution' | 'classes', unknown>>} fields
 * @returns {{ version: string, minimalistic: boolean, width: number, resolution: number, classes: number }}
 */
export function shapeOf({ version, minimalistic = false, width = 1, resolution = 224, classes = 1000 }) {
  /** @param {unknown} value */
  const isCount = (value) => Number.isInteger(value) && Number(value) > 0 && Number(value) < 2 ** 31;
  const isName = typeof version === 'string' && version.length <= LONGEST_NAME;
  const fault = [
    { name: 'version', value: version, right: isName, wanted: 'the name of a network' },
    { name: 'minimalistic', value: minimalistic, right: typeof minimalistic === 'boolean', wanted: 'true or false' },
    { name: 'width', value: width, right: typeof width === 'number', wanted: 'a number' },
    { name: 'resolution', value: resolution, right: isCount(resolution), wanted: 'a whole number' },
    { name: 'classes', value: classes, right: isCount(classes), wanted: 'a whole number' },
  ].find(({ right }) => !right);
  if (fault) throw wrong('BAD_CONFIG', fault.name, fault.value, fault.wanted);
  return /** @type {any} */ ({ version, minimalistic, width, resolution, classes });
}

const PRECISIONS = /** @type {const} */ (['f32', 'int8', 'auto']);

/**
 * @param {unknown} value
 * @returns {import('./index.js').Precision}
 */
export function precisionOf(value) {
  if (value === undefined) return 'f32';
  const known = PRECISIONS.find((name) => name === value);
  if (known === undefined) throw wrong('BAD_CONFIG', 'precision', value, "'f32', 'int8' or 'auto'");
  return known;
}

/**
 * @param {string} call
 * @param {unknown} value
 * @param {number} resolution the network's
 * @returns {Float32Array}
 */
export function inputOf(call, value, resolution) {
  const name = `the input of ${call}`;
  // The tag of a typed array comes from what it really is.
  if (!ArrayBuffer.isView(value) || tagOfTypedArray.call(value) !== 'Float32Array') {
    throw wrong('BAD_INPUT', name, value, 'a Float32Array');
  }
  const input = /** @type {Float32Array} */ (value);
  const length = resolution ** 2 * 3;
  if (input.length === length) return input;
  // Before it is copied to the worker: it may be larger than any memory.
  throw new MobileNetError(
    'BAD_INPUT',
    `${name} has ${input.length} values: give ${resolution} x ${resolution} x 3 = ${length}, in a buffer that wasn't transferred`,
  );
}

const tagOfTypedArray = /** @type {{ get: () => string }} */ (
  Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Float32Array.prototype), Symbol.toStringTag)
).get;
