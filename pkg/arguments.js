import { MobileNetError, kindOf, messageOf, shown } from './errors.js';

/**
 * Checks the arguments of the public calls before anything starts. The error of a wrong argument names it and the value that was
 * given.
 *
 * @typedef {import('./errors.js').ErrorCode} ErrorCode
 */

/** The most characters of a network's name. */
const LONGEST_NAME = 100;

/**
 * @param {ErrorCode} code
 * @param {string} name of the argument
 * @param {unknown} value
 * @param {string} wanted
 * @returns {MobileNetError}
 */
export function wrong(code, name, value, wanted) {
  return new MobileNetError(code, `${name} is ${shown(value)}: give ${wanted}`);
}

/**
 * Reads each field of an options object once. The object may be anything, and a field may be a getter that throws.
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
 * Whether a value is a real object of one of the browser's classes. It asks a getter of the class, which works only on real objects,
 * also on those of another window. An object can fake `instanceof` and its tag.
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
 * @param {unknown} value
 * @returns {string | undefined} a string, a String or the address of a URL
 */
export function stringOf(value) {
  if (typeof value === 'string') return value;
  if (isReal(value, 'URL', 'href')) return /** @type {URL} */ (value).href;
  try {
    // The method of String itself, which works only on real Strings.
    return String.prototype.valueOf.call(value);
  } catch {
    return undefined;
  }
}

/**
 * @param {string} name
 * @param {unknown} value
 * @returns {((...values: any[]) => any) | undefined}
 */
export function callbackOf(name, value) {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'function') return /** @type {(...values: any[]) => any} */ (value);
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
 * @param {unknown} value the `when`
 * @returns {boolean} whether the call gives way to newer ones
 */
export function newestOf(value) {
  if (value === undefined || value === 'queue') return false;
  if (value === 'newest') return true;
  throw wrong('BAD_INPUT', 'when', value, "'queue' or 'newest'");
}

/**
 * @param {unknown} value
 * @returns {string[] | undefined} the engine checks whether the network has these layers
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
 * @returns {string} the engine checks whether the network has this layer
 */
export function layerOf(value) {
  if (typeof value === 'string' && value.length <= LONGEST_NAME) return value;
  throw wrong('BAD_INPUT', 'layer', value, "a layer's name");
}

const TIMED_KINDS = /** @type {const} */ (['convolution', 'depthwise', 'pointwise']);

/**
 * @param {Partial<Record<'kind' | 'kernel' | 'inChannels' | 'outChannels' | 'height' | 'width', unknown>>} fields
 * @returns {import('./index.js').TimedLayer} the engine checks whether it has a kernel for it
 */
export function timedLayerOf({ kind, kernel, inChannels, outChannels, height, width }) {
  const known = TIMED_KINDS.find((name) => name === kind);
  if (known === undefined) throw wrong('BAD_INPUT', 'kind', kind, `one of ${TIMED_KINDS.join(', ')}`);
  return {
    kind: known,
    kernel: wholeNumber('kernel', kernel, 1, 5),
    inChannels: wholeNumber('inChannels', inChannels, 1, 1024),
    outChannels: wholeNumber('outChannels', outChannels, 1, 1024),
    height: wholeNumber('height', height, 1, 224),
    width: wholeNumber('width', width, 1, 224),
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
 * @returns {boolean} whether the gates are set to 1
 */
export function openGatesOf(value) {
  if (value === undefined || value === 'learned') return false;
  if (value === 'open') return true;
  throw wrong('BAD_INPUT', 'gates', value, "'learned' or 'open'");
}

/**
 * @param {string} name
 * @param {unknown} value
 * @param {string} wanted
 * @returns {unknown[]} a copy
 */
export function listOf(name, value, wanted) {
  try {
    if (Array.isArray(value)) return Array.from(value);
  } catch {
    // A Proxy can refuse even that.
  }
  throw wrong('BAD_INPUT', name, value, wanted);
}

/**
 * @param {unknown} value
 * @param {string} content what to ask a Response for; empty where a Response makes no sense
 * @returns {string} advice on what the caller forgot; empty if nothing
 */
export function advice(value, content) {
  const kind = kindOf(value);
  if (kind === 'Promise') return ' (is an `await` missing?)';
  return content !== '' && kind === 'Response' ? ` (await ${content})` : '';
}

/**
 * Converts the fields of `untrained` to the types that wasm takes. The engine checks their values.
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

/** The number formats in which weights are stored. */
const STORED = /** @type {const} */ (['f32', 'f16', 'int8']);

/**
 * @param {unknown} value
 * @returns {typeof STORED[number]}
 */
export function storedOf(value) {
  if (value === undefined) return 'f32';
  const known = STORED.find((name) => name === value);
  if (known === undefined) throw wrong('BAD_INPUT', 'precision', value, "'f32', 'f16' or 'int8'");
  return known;
}

/**
 * Checks it as `check_resolution` of `src/arch/builder.rs` does: a wrong one is found before any file is fetched.
 * @param {unknown} value
 * @returns {number | undefined} `undefined`: the checkpoint's own
 */
export function resolutionOf(value) {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number' && value >= 96 && value <= 320 && value % 32 === 0) return value;
  throw wrong('BAD_CONFIG', 'resolution', value, 'a multiple of 32 from 96 to 320');
}

/**
 * @param {string} call
 * @param {unknown} value
 * @param {number} resolution the network's
 * @returns {Float32Array}
 */
export function inputOf(call, value, resolution) {
  const name = `the input of ${call}`;
  // An object can't fake the tag of a typed array.
  if (!ArrayBuffer.isView(value) || tagOfTypedArray.call(value) !== 'Float32Array') {
    throw wrong('BAD_INPUT', name, value, 'a Float32Array');
  }
  const input = /** @type {Float32Array} */ (value);
  const length = resolution ** 2 * 3;
  if (input.length === length) return input;
  // The length is checked before the array is copied to the worker: it may be larger than any memory.
  throw new MobileNetError(
    'BAD_INPUT',
    `${name} has ${input.length} values: give ${resolution} x ${resolution} x 3 = ${length}, in a buffer that wasn't transferred`,
  );
}

const tagOfTypedArray = /** @type {{ get: () => string }} */ (
  Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Float32Array.prototype), Symbol.toStringTag)
).get;
