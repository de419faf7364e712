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
