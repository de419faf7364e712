import { ERROR_CODES, messageOf } from './errors.js';

// Answers that the workers of all builds give alike.

/** The longest wait for a lock that nobody else wants. Some milliseconds are usual. ms */
const LOCK_TIME = 1000;

/**
 * @param {string} name
 * @returns {Promise<boolean>} whether this worker holds the lock of that name, until it ends
 */
export function hold(name) {
  return new Promise((resolve) => {
    // A page that isn't secure has no locks.
    const request = globalThis.navigator?.locks?.request(name, () => {
      resolve(true);
      return new Promise(() => {});
    });
    if (!request) return resolve(false);
    request.catch(() => resolve(false));
    // If the browser doesn't answer, the network starts without the lock.
    setTimeout(() => resolve(false), LOCK_TIME);
  });
}

/**
 * @param {unknown} error
 * @returns {{ code: import('./index.js').ErrorCode, message: string }}
 */
export function describe(error) {
  const message = messageOf(error);
  const code = /** @type {{ code?: any }} */ (error)?.code;
  if (ERROR_CODES.includes(code)) return { code, message };
  // A RangeError means "out of memory", but also a stack overflow.
  if (error instanceof RangeError && !/stack/i.test(message)) return { code: 'OUT_OF_MEMORY', message };
  // A trap leaves the wasm memory in an undefined state, so the worker can't be used again.
  return { code: 'CRASHED', message: `the engine stopped: ${message}` };
}
