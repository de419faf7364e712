/**
 * Every failure of this package is one class with a stable `code`.
 * @typedef {import('./index.js').ErrorCode} ErrorCode
 */

/** @type {readonly ErrorCode[]} */
export const ERROR_CODES = Object.freeze([
  'BAD_WEIGHTS',
  'UNKNOWN_NETWORK',
  'BAD_CONFIG',
  'BAD_INPUT',
  'FETCH_FAILED',
  'CHECKSUM',
  'ABORTED',
  'DISPOSED',
  'UNSUPPORTED',
  'BLOCKED',
  'CRASHED',
  'OUT_OF_MEMORY',
]);

export class MobileNetError extends Error {
  /**
   * @param {ErrorCode} code
   * @param {string} message
   * @param {ErrorOptions} [options]
   */
  constructor(code, message, options) {
    super(message, options);
    this.name = 'MobileNetError';
    /** @readonly @type {ErrorCode} */
    this.code = code;
  }
}

/**
 * @param {AbortSignal} signal an aborted one
 * @returns {MobileNetError} the error of a call that it ended
 */
export function abortedBy(signal) {
  return new MobileNetError('ABORTED', 'the caller aborted this call', { cause: signal.reason });
}

/**
 * @param {unknown} error anything thrown
 * @returns {string} its message
 */
export function messageOf(error) {
  return error instanceof Error ? error.message : String(error);
}

/**
 * @param {unknown} value
 * @returns {string} the kind of object that it claims to be: `ArrayBuffer`, `Map`, `Object`
 */
export function kindOf(value) {
  try {
    return Object.prototype.toString.call(value).slice('[object '.length, -1);
  } catch {
    return 'Object';
  }
}

/**
 * @param {unknown} value anything, even a Symbol or an object that can't be converted to a string
 * @returns {string} how an error message shows it
 */
export function shown(value) {
  if (value === null) return 'null';
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
    case 'bigint':
      return 'a bigint';
    case 'function':
      return 'a function';
    case 'object': {
      const kind = kindOf(value);
      return `${/^[AEIOU]/.test(kind) ? 'an' : 'a'} ${kind}`;
    }
    default:
      return String(value);
  }
}

/**
 * Calls a caller's function. If it throws, that becomes an uncaught error of the page, as in an event listener, and the work goes on.
 * @template {unknown[]} Values
 * @param {(...values: Values) => void} callback
 * @param {Values} values
 */
export function tell(callback, ...values) {
  try {
    callback(...values);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
