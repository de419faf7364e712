import { ERROR_CODES, messageOf } from './errors.js';

// What the workers of all builds answer alike.

/** What it may take to get a lock that nobody else wants. Some milliseconds are usual. ms */
const LOCK_TIME = 1000;

/**
 * @param {string} name
 * @returns {Promise<boolean>} whether this worker holds the lock of that name, until it ends
 */
export function hold(name) {
  return new Promise((resolve) => {
    // There are none where the page isn't secure.
    const request = globalThis.navigator?.locks?.request(name, () => {
      resolve(true);
      return new Promise(() => {});
    });
    if (!request) return resolve(false);
    request.catch(() => resolve(false));
    // No network waits for a browser that doesn't answer.
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
  // Engines say "no memory" by a RangeError, but use one for a stack that ran over as well.
  if (error instanceof RangeError && !/stack/i.test(message)) return { code: 'OUT_OF_MEMORY', message };
  // A trap leaves the wasm memory in the middle of something: nothing after it can be trusted.
  return { code: 'CRASHED', message: `the engine stopped: ${message}` };
}
