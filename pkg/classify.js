import { callbackOf, newestOf, signalOf } from './arguments.js';
import { choiceOf, chosen } from './choice.js';
import { tell } from './errors.js';
import { capture, isLasting, sendFrame } from './frames.js';
import { seats } from './host.js';
import { closeFrame } from './protocol.js';
import { viewOf } from './view.js';

/**
 * @typedef {import('./connection.js').Connection} Connection
 * @typedef {import('./host.js').Seat} Seat
 * @typedef {import('./turns.js').Turns} Turns
 * @typedef {import('./protocol.js').Frame} Frame
 * @typedef {import('./protocol.js').Reading} Reading
 * @typedef {import('./index.js').Classification} Classification
 * @typedef {import('./index.js').ClassifySource} ClassifySource
 * @typedef {import('./index.js').MobileNet} MobileNet
 */

export const CLASSIFY_OPTIONS = /** @type {const} */ ([
  'topK',
  'threshold',
  'allow',
  'deny',
  'region',
  'rotation',
  'when',
  'signal',
]);

/**
 * Has one or several networks of one worker classify one frame.
 * @param {Turns} turns the queue that this call takes its turn in
 * @param {number} order the position of this call in it
 * @param {ClassifySource} source
 * @param {readonly MobileNet[]} networks
 * @param {AbortSignal[]} overs
 * @param {Partial<Record<typeof CLASSIFY_OPTIONS[number] | 'onResult', unknown>>} given
 * @param {number} [until] the networks after the first one whose two highest probabilities differ by this much aren't run
 * @returns {Promise<Classification[] | null>} in the order of the networks; `null`: a newer frame took its place
 */
export async function classify(turns, order, source, networks, overs, given, until) {
  const began = performance.now();
  const signal = signalOf(given.signal);
  const onResult = callbackOf('onResult', given.onResult);
  const choice = choiceOf(given);
  const view = viewOf(given);
  const newest = newestOf(given.when);
  const members = networks.map((network) => {
    const { seat, labels } = /** @type {{ seat: Seat, labels: readonly string[] | null }} */ (seats.get(network));
    return { seat, labels, ...chosen(choice, seat.info.classes, labels) };
  });
  const ends = { signal, overs: [...overs, ...members.map(({ seat }) => seat.over)] };

  /** @type {Classification[]} */
  const answers = [];
  /**
   * @param {Reading} reading
   * @param {number} index
   * @returns {Classification} the same object for every call with this index
   */
  const answerOf = ({ ranking, read, preprocess, inference }, index) => {
    const { labels, pick } = members[index];
    return (answers[index] ??= {
      predictions: pick(ranking).map(({ index, probability }) => ({
        index,
        label: labels?.[index] ?? null,
        probability,
      })),
      timing: { read, preprocess, inference, total: performance.now() - began },
    });
  };
  let ended = false;
  const onPart = (/** @type {import('./protocol.js').ReadingPart} */ { index, reading }) => {
    // A frame that had to be sent again gives each reading once more.
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
    const least = until === undefined ? 1 : 2;
    const asked = members.map(({ seat, topK }) => ({ network: seat.network, topK: Math.max(topK, least) }));
    /** @param {Frame} frame */
    const requestOf = (frame) =>
      /** @type {const} */ ({
        type: 'classify',
        frame,
        networks: asked,
        until,
        tell: (asked.length > 1 && until === undefined) || onResult !== undefined,
      });
    return sendFrame(connection, requestOf, frame, onPart);
  };
  const call = { order, newest, capture: () => capture(source, view), patient: !newest && isLasting(source), send };
  try {
    /** @type {Reading[] | null} */
    const readings = await turns.take(call, ends);
    return readings && readings.map(answerOf);
  } finally {
    ended = true;
  }
}

/**
 * @param {Seat[]} seats of one host
 * @returns {Promise<Connection>} to the worker that has all of these networks; a closed one if the worker crashed while a network was
 *   loaded into it again
 */
async function connectionOf(seats) {
  const connections = await Promise.all(seats.map((seat) => seat.ready()));
  return connections.find(({ closed }) => closed) ?? connections[0];
}
