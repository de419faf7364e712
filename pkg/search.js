import { fieldsOf, wrong } from './arguments.js';
import { MobileNetError } from './errors.js';

/**
 * Chooses the network, or the cascade of two, that fits a device, from the measurements of each network. It runs no network and uses
 * no random numbers, so the same measurements always give the same choice.
 *
 * @typedef {import('./fit.js').FitChoice} FitChoice
 * @typedef {import('./fit.js').FitMeasurements} FitMeasurements
 * @typedef {import('./fit.js').FitPoint} FitPoint
 * @typedef {import('./fit.js').FitSearch} FitSearch
 * @typedef {import('./fit.js').FitTarget} FitTarget
 * @typedef {import('./fit.js').FitVerification} FitVerification
 *
 * @typedef {object} Setup a network or a cascade, with its figures on the frames that it is chosen by
 * @property {FitPoint[]} points one network, or the small and the large one
 * @property {number | null} margin
 * @property {number} escalated the share of all frames
 * @property {number} latency
 * @property {number} agreement
 */

/** The format's name in measurements as JSON. */
export const FORMAT = 'mobilenet-wasm/fit';

/**
 * The frames are cut into at most this many runs, which alternately serve to choose and to verify. A camera's frames resemble their
 * neighbours: with longer runs the halves would differ too much, with shorter ones they would be too alike.
 */
const RUNS = 80;

/** MnasNet's exponent: twice the latency is worth 5 % of the accuracy (arXiv 1807.11626, section 3). */
const REWARD_EXPONENT = -0.07;

/** The normal distribution's quantile for a 95 % interval. */
const Z = 1.96;

/**
 * Documented in `fit.d.ts`.
 * @param {FitMeasurements} measurements
 * @param {FitTarget} target
 * @returns {FitSearch}
 */
export function search(measurements, target) {
  return searcher(measurements)(target);
}

/**
 * Documented in `fit.d.ts`.
 * @param {FitMeasurements} measurements
 * @returns {(target: FitTarget) => FitSearch}
 */
export function searcher(measurements) {
  const { points, frames, reference } = checked(measurements);
  const wanted = points[reference].answers.map(([index]) => index);
  const { choosing, verifying } = halves(frames);
  const candidates = points.filter(({ candidate }) => candidate);
  if (candidates.length === 0) throw new MobileNetError('BAD_CONFIG', 'of the points none is a candidate');

  const singles = candidates.map((point) => single(point, choosing, wanted));
  const cascades = candidates.flatMap((small) =>
    candidates
      .filter((large) => latencyOf(small) < latencyOf(large))
      .flatMap((large) => thresholds(small, large, choosing, wanted)),
  );
  const frontier = undominated([...singles, ...cascades]);
  return (target) => {
    const bound = targetOf(fieldsOf('search', target, ['latency', 'agreement']));
    const fits =
      bound.latency !== undefined
        ? frontier.filter(({ latency }) => latency <= bound.latency).pop()
        : frontier.find(({ agreement }) => agreement >= bound.agreement);
    const nearest = bound.latency !== undefined ? frontier[0] : frontier[frontier.length - 1];
    const shown = (/** @type {Setup} */ setup) => choiceOf(setup, bound);
    return {
      target: bound,
      reference: points[reference].name,
      frames: { choosing: choosing.length, verifying: verifying.length },
      points: singles.map(shown),
      frontier: frontier.map(shown),
      chosen: fits ? shown(fits) : null,
      verified: fits ? verified(fits, verifying, points[reference]) : null,
      nearest: fits ? null : shown(nearest),
    };
  };
}

/**
 * @param {number} frames
 * @returns {{ choosing: number[], verifying: number[] }} indices of frames
 */
export function halves(frames) {
  const all = Array.from({ length: frames }, (_, frame) => frame);
  const run = Math.max(Math.ceil(frames / RUNS), 1);
  const first = (/** @type {number} */ frame) => Math.floor(frame / run) % 2 === 0;
  return { choosing: all.filter(first), verifying: all.filter((frame) => !first(frame)) };
}

/**
 * @param {FitPoint} point
 * @returns {number} the time from a frame to its answer. ms
 */
function latencyOf({ preprocess, inference }) {
  return preprocess + inference;
}

/**
 * @param {FitPoint} small
 * @param {FitPoint} large
 * @param {number} escalated the share of frames that the large network answers
 * @returns {number} the mean. ms
 */
function latencyOfCascade(small, large, escalated) {
  // The frame has been read, and if both networks resize alike it has been resized too.
  const again = small.resize === large.resize ? 0 : large.preprocess - large.read;
  return latencyOf(small) + escalated * (again + large.inference);
}

/**
 * @param {number} part
 * @param {number} all
 */
function share(part, all) {
  return all === 0 ? 0 : part / all;
}

/**
 * @param {FitPoint} point
 * @param {number[]} frames
 * @param {number[]} wanted the reference's answers to all frames
 * @returns {Setup}
 */
function single(point, frames, wanted) {
  const right = frames.filter((frame) => point.answers[frame][0] === wanted[frame]).length;
  return {
    points: [point],
    margin: null,
    escalated: 0,
    latency: latencyOf(point),
    agreement: share(right, frames.length),
  };
}

/**
 * @param {FitPoint} small
 * @param {FitPoint} large
 * @param {number[]} frames
 * @param {number[]} wanted
 * @returns {Setup[]} one for each threshold that separates some of these frames from others
 */
function thresholds(small, large, frames, wanted) {
  const isRight = (/** @type {FitPoint} */ point, /** @type {number} */ frame) =>
    Number(point.answers[frame][0] === wanted[frame]);
  const marginOf = (/** @type {number} */ frame) => small.answers[frame][1];
  const order = [...frames].sort((a, b) => marginOf(a) - marginOf(b) || a - b);
  let right = order.reduce((sum, frame) => sum + isRight(small, frame), 0);
  const setups = [];
  for (const [i, frame] of order.entries()) {
    const next = order[i + 1];
    right += isRight(large, frame) - isRight(small, frame);
    if (next === undefined || marginOf(frame) === marginOf(next)) continue;
    const escalated = (i + 1) / frames.length;
    setups.push({
      points: [small, large],
      // The threshold lies between the two margins, so that rounding doesn't matter.
      margin: between(marginOf(frame), marginOf(next)),
      escalated,
      latency: latencyOfCascade(small, large, escalated),
      agreement: right / frames.length,
    });
  }
  return setups;
}

/**
 * @param {number} low
 * @param {number} high
 * @returns {number} more than `low` and at most `high`
 */
function between(low, high) {
  const middle = (low + high) / 2;
  return middle > low ? middle : high;
}

/**
 * @param {Setup[]} setups
 * @returns {Setup[]} the Pareto-optimal set-ups in latency and agreement, the fastest first. Of equal ones the simplest
 */
function undominated(setups) {
  const sorted = [...setups].sort(
    (a, b) =>
      a.latency - b.latency ||
      b.agreement - a.agreement ||
      a.points.length - b.points.length ||
      Number(a.margin) - Number(b.margin) ||
      compareNames(a, b),
  );
  let best = -1;
  return sorted.filter(({ agreement }) => {
    const better = agreement > best;
    if (better) best = agreement;
    return better;
  });
}

/**
 * @param {Setup} a
 * @param {Setup} b
 */
function compareNames(a, b) {
  const [one, other] = [a, b].map(({ points }) => points.map(({ name }) => name).join());
  return Number(one > other) - Number(one < other);
}

/**
 * @param {Setup} setup
 * @param {FitTarget} target
 * @returns {FitChoice}
 */
function choiceOf({ points, margin, escalated, latency, agreement }, target) {
  return {
    networks: points.map(({ name, model, options }) => ({ name, model, options })),
    margin,
    latency,
    agreement,
    escalated,
    source: 'measured here',
    reward:
      target.latency !== undefined && latency > 0 ? agreement * (latency / target.latency) ** REWARD_EXPONENT : null,
    published: points.length === 1 ? points[0].published : null,
  };
}

/**
 * @param {Setup} setup
 * @param {number[]} frames those that were not used for the choice
 * @param {FitPoint} reference
 * @returns {FitVerification}
 */
function verified({ points, margin }, frames, reference) {
  const [small, large] = points;
  let right = 0;
  let escalated = 0;
  /** @type {FitVerification['worst']} */
  let worst = null;
  for (const frame of frames) {
    const escalates = large !== undefined && small.answers[frame][1] < Number(margin);
    if (escalates) escalated++;
    const [index, sureness] = (escalates ? large : small).answers[frame];
    const [wanted] = reference.answers[frame];
    if (index === wanted) right++;
    else if (worst === null || sureness > worst.margin) worst = { frame, index, wanted, margin: sureness };
  }
  const part = share(escalated, frames.length);
  return {
    frames: frames.length,
    agreement: share(right, frames.length),
    interval: wilson(right, frames.length),
    escalated: part,
    latency: large === undefined ? latencyOf(small) : latencyOfCascade(small, large, part),
    worst,
  };
}

/**
 * Wilson's score interval (Journal of the American Statistical Association 22, 1927).
 * @param {number} right
 * @param {number} all
 * @returns {[low: number, high: number]}
 */
function wilson(right, all) {
  if (all === 0) return [0, 1];
  const [rate, z2] = [right / all, Z * Z];
  const centre = rate + z2 / (2 * all);
  const half = Z * Math.sqrt((rate * (1 - rate)) / all + z2 / (4 * all * all));
  const scale = 1 + z2 / all;
  // If all or none are right, one end is the rate itself but for rounding errors.
  return [Math.max(Math.min((centre - half) / scale, rate), 0), Math.min(Math.max((centre + half) / scale, rate), 1)];
}

/**
 * @param {Partial<Record<'latency' | 'agreement', unknown>>} given
 * @returns {FitTarget}
 */
export function targetOf({ latency, agreement }) {
  if ((latency === undefined) === (agreement === undefined)) {
    throw new MobileNetError('BAD_INPUT', 'give either latency, in ms, or agreement, from 0 to 1');
  }
  if (agreement === undefined) {
    if (typeof latency === 'number' && latency > 0 && latency < Infinity) return { latency };
    throw wrong('BAD_INPUT', 'latency', latency, 'milliseconds, more than 0');
  }
  if (typeof agreement === 'number' && agreement >= 0 && agreement <= 1) return { agreement };
  throw wrong('BAD_INPUT', 'agreement', agreement, 'a share of frames, 0 to 1');
}

/**
 * @param {unknown} measurements any JSON value
 * @returns {{ points: FitPoint[], frames: number, reference: number }} `reference`: an index of `points`
 */
function checked(measurements) {
  const fields = fieldsOf('search', measurements, ['format', 'frames', 'reference', 'points']);
  const { format, frames, reference, points } = fields;
  if (format !== FORMAT || !Array.isArray(points)) {
    throw new MobileNetError('BAD_CONFIG', 'these are no measurements: give what fit measured');
  }
  if (!isCount(frames)) throw wrong('BAD_CONFIG', 'frames', frames, 'how many frames there were');
  const names = new Set();
  for (const [place, point] of points.entries()) {
    const fault = faultOf(point, frames);
    if (fault) throw new MobileNetError('BAD_CONFIG', `points[${place}] ${fault}`);
    if (names.has(point.name)) throw new MobileNetError('BAD_CONFIG', `two points are called ${point.name}`);
    names.add(point.name);
  }
  const index = points.findIndex(({ name }) => name === reference);
  if (index < 0) throw wrong('BAD_CONFIG', 'reference', reference, 'the name of a point');
  return { points, frames, reference: index };
}

/**
 * @param {any} point
 * @param {number} frames
 * @returns {string | null}
 */
function faultOf(point, frames) {
  if (typeof point !== 'object' || point === null) return 'is none';
  const times = ['preprocess', 'read', 'inference'];
  const bad = times.find((name) => !(typeof point[name] === 'number' && point[name] >= 0 && point[name] < Infinity));
  if (bad) return `has no time \`${bad}\``;
  if (typeof point.name !== 'string' || typeof point.resize !== 'string') return 'has no `name` or no `resize`';
  if (typeof point.candidate !== 'boolean') return 'doesn’t tell whether it is a `candidate`';
  if (!Array.isArray(point.answers) || point.answers.length !== frames) return `has not ${frames} answers`;
  const isAnswer = (/** @type {any} */ answer) =>
    Array.isArray(answer) && isCount(answer[0]) && typeof answer[1] === 'number' && answer[1] >= 0 && answer[1] <= 1;
  const wrongAnswer = point.answers.findIndex((/** @type {any} */ answer) => !isAnswer(answer));
  return wrongAnswer < 0 ? null : `has no class and margin in answers[${wrongAnswer}]`;
}

/**
 * @param {unknown} value
 * @returns {value is number}
 */
function isCount(value) {
  return Number.isInteger(value) && Number(value) >= 0;
}
