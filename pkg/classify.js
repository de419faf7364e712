import { callbackOf, signalOf, wholeNumber } from './arguments.js';
import { throwIfEnded } from './ends.js';
import { tell } from './errors.js';
import { capture, sendFrame } from './frames.js';
import { seats } from './host.js';
import { closeFrame } from './protocol.js';

/**
 * @typedef {import('./connection.js').Connection} Connection
 * @typedef {import('./host.js').Seat} Seat
 * @typedef {import('./latest.js').Latest} Latest
 * @typedef {import('./protocol.js').Frame} Frame
 * @typedef {import('./protocol.js').Reading} Reading
 * @typedef {import('./index.js').Classification} Classification
 * @typedef {import('./index.js').ClassifySource} ClassifySource
 * @typedef {import('./index.js').MobileNet} MobileNet
 */

/** How many predictions an answer has unasked. */
const TOP_K = 5;

/**
 * Has one or several networks of one worker classify one frame.
 * @param {Latest} latest who competes with this call
 * @param {number} order of this call among them
 * @param {ClassifySource} source
 * @param {readonly MobileNet[]} networks
 * @param {AbortSignal[]} overs
 * @param {Partial<Record<'topK' | 'signal' | 'onResult', unknown>>} given
 * @returns {Promise<Classification[] | null>} in the order of the networks; `null`: a newer frame took its place
 */
export async function classify(latest, order, source, networks, overs, given) {
  const began = performance.now();
  const signal = signalOf(given.signal);
  const onResult = callbackOf('onResult', given.onResult);
  const topK = given.topK === undefined ? TOP_K : wholeNumber('topK', given.topK, 1, Infinity);
  const members = networks.map(
    (network) => /** @type {{ seat: Seat, labels: readonly string[] | null }} */ (seats.get(network)),
  );
  const ends = { signal, overs: [...overs, ...members.map(({ seat }) => seat.over)] };
  throwIfEnded(ends);
  const frame = await capture(source);
  try {
    throwIfEnded(ends);
  } catch (error) {
    closeFrame(frame);
    throw error;
  }

  /** @type {Classification[]} */
  const answers = [];
  /**
   * @param {Reading} reading
   * @param {number} index
   * @returns {Classification} the same one each time that it is asked for
   */
  const answerOf = ({ ranking, read, preprocess, inference }, index) => {
    const { labels } = members[index];
    return (answers[index] ??= {
      predictions: ranking.map(({ index, probability }) => ({ index, label: labels?.[index] ?? null, probability })),
      timing: { read, preprocess, inference, total: performance.now() - began },
    });
  };
  let ended = false;
  const onPart = (/** @type {import('./protocol.js').ReadingPart} */ { index, reading }) => {
    // It comes once more from a frame that had to be sent again.
    if (answers[index]) return;
    const answer = answerOf(reading, index);
    if (onResult && !ended) tell(onResult, networks[index], answer);
  };
  /** @param {Frame} frame */
  const send = async (frame) => {
    let connection;
    try {
      connection = await connectionOf(members.map(({ seat }) => seat));
    } catch (error) {
      closeFrame(frame);
      throw error;
    }
    const asked = members.map(({ seat }) => ({ network: seat.network, topK: Math.min(topK, seat.info.classes) }));
    /** @param {Frame} frame */
    const requestOf = (frame) =>
      /** @type {const} */ ({
        type: 'classify',
        frame,
        networks: asked,
        tell: asked.length > 1 || onResult !== undefined,
      });
    return sendFrame(connection, requestOf, frame, onPart);
  };
  try {
    /** @type {Reading[] | null} */
    const readings = await latest.take(order, frame, send, ends);
    return readings && readings.map(answerOf);
  } finally {
    ended = true;
  }
}

/**
 * @param {Seat[]} seats of one host
 * @returns {Promise<Connection>} the worker that has all of these networks; one that is closed if there is none, as it crashed
 *   while a network was loaded into it again
 */
async function connectionOf(seats) {
  const connections = await Promise.all(seats.map((seat) => seat.ready()));
  return connections.find(({ closed }) => closed) ?? connections[0];
}
