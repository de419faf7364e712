import { abortedBy } from './errors.js';

/**
 * The signals that end a call before its answer.
 * @typedef {object} Ends
 * @property {AbortSignal} [signal] the caller's
 * @property {readonly AbortSignal[]} overs aborted when a network or an engine is disposed of; their reasons are the errors
 */

/**
 * @param {Ends} ends
 * @returns {unknown} the error of a call that has been ended; `null` if it hasn't
 */
function endOf({ signal, overs }) {
  const over = overs.find(({ aborted }) => aborted);
  if (over) return over.reason;
  return signal?.aborted ? abortedBy(signal) : null;
}

/** @param {Ends} ends */
export function throwIfEnded(ends) {
  const end = endOf(ends);
  if (end) throw end;
}

/**
 * @template T
 * @param {Promise<T>} answer
 * @param {Ends} ends
 * @returns {Promise<T>} the answer; rejected as soon as the call is ended
 */
export function unlessEnded(answer, ends) {
  const signals = ends.signal ? [...ends.overs, ends.signal] : ends.overs;
  return new Promise((resolve, reject) => {
    const forget = () => {
      for (const signal of signals) signal.removeEventListener('abort', onAbort);
    };
    const onAbort = () => {
      forget();
      reject(endOf(ends));
    };
    for (const signal of signals) signal.addEventListener('abort', onAbort);
    answer.then(resolve, reject).then(forget);
    if (signals.some(({ aborted }) => aborted)) onAbort();
  });
}
