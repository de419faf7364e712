import { fieldsOf, wrong } from './arguments.js';
import { MobileNetError } from './errors.js';

/**
 * Chooses the network, or the cascade of two, that fits a device, from the measurements of each network. It runs no network and uses
 * no random numbers, so the same measurements always give the same choice.
 *
 * @typedef {import('./fit.js').FitChoice} FitChoice
 * @typedef {import('./fit.js').FitMeasurements} FitMeasurements
 * @typedef {import('./fit.js').FitPair} FitPair
 * @typedef {import('./fit.js').FitPoint} FitPoint
 * @typedef {import('./fit.js').FitSearch} FitSearch
 * @typedef {import('./fit.js').FitTarget} FitTarget
 * @typedef {import('./fit.js').FitVerification} FitVerification
 *
 * @typedef {object} Part a candidate with what is counted of it
 * @property {FitPoint} point
 * @property {Uint8Array} right for each frame 1 if it agrees with the reference
 * @property {Float64Array} margins
 * @property {number[]} order the frames for choosing, the least sure first
 *
 * @typedef {object} Family a network, or a cascade with all its thresholds
 * @property {Part} small
 * @property {Part | null} large
 * @property {number} latency of a frame that the small network answers. ms
 * @property {number} escalation what a frame takes longer that the large network answers. ms
 *
 * @typedef {object} Setup a network, or a cascade with one threshold, with its figures on the frames that it was chosen by
 * @property {Family} family
 * @property {number | null} margin
 * @property {number} escalated the share of those frames
 * @property {number} latency
 * @property {number} agreement
 * @property {number} expected the agreement on other frames
 */

/** The format's name in measurements as JSON. */
export const FORMAT = 'mobilenet-wasm/fit';

/**
 * The frames are cut into at most this many runs, which alternately serve to choose and to verify. A camera's frames resemble their
 * neighbours: with longer runs the halves would differ too much, with shorter ones they would be too alike.
 */
const RUNS = 80;

/** The frames for choosing are cut into this many parts, of which each in turn judges what is chosen by the others. */
const FOLDS = 5;

/** The share of the frontier on either side of a set-up that counts as its neighbours. */
const REACH = 1 / 4;

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
  const { points, pairs, frames, reference, unevenness } = checked(measurements);
  const { choosing, verifying } = halves(frames);
  const judge = points[reference];
  const parts = points.filter(({ candidate }) => candidate).map((point) => partOf(point, judge, choosing));
  if (parts.length === 0) throw new MobileNetError('BAD_CONFIG', 'of the points none is a candidate');

  const alone = parts.map(aloneOf);
  const families = [...alone, ...cascadesOf(parts, pairs)];
  // Medians compare networks better than means, which one long disturbance changes. But what is predicted is a mean.
  for (const family of families) {
    family.latency *= unevenness;
    family.escalation *= unevenness;
  }
  const frontier = expecting(families, frontierOf(families, marked(choosing, frames)), choosing, frames);
  const singles = alone.map((family) => setupOn({ family, margin: null }, choosing));
  return (target) => {
    const bound = targetOf(fieldsOf('search', target, ['latency', 'agreement']));
    const fits =
      bound.latency !== undefined
        ? frontier.filter(({ latency }) => latency <= bound.latency).pop()
        : frontier.find(({ expected }) => expected >= bound.agreement);
    const nearest = bound.latency !== undefined ? frontier[0] : frontier[frontier.length - 1];
    const shown = (/** @type {Setup} */ setup) => choiceOf(setup, bound);
    return {
      target: bound,
      reference: judge.name,
      frames: { choosing: choosing.length, verifying: verifying.length },
      points: singles.map(shown),
      frontier: frontier.map(shown),
      chosen: fits ? shown(fits) : null,
      verified: fits ? verified(fits, verifying, judge) : null,
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
  const first = (/** @type {number} */ frame) => runOf(frame, frames) % 2 === 0;
  return { choosing: all.filter(first), verifying: all.filter((frame) => !first(frame)) };
}

/**
 * @param {number} frame
 * @param {number} frames number of all frames
 * @returns {number} the run of neighbours that it belongs to
 */
function runOf(frame, frames) {
  return Math.floor(frame / Math.max(Math.ceil(frames / RUNS), 1));
}

/**
 * @param {Pick<FitPoint, 'preprocess' | 'inference'>} times of a network
 * @returns {number} the time from a frame to its answer. ms
 */
export function latencyOf({ preprocess, inference }) {
  return preprocess + inference;
}

/**
 * @param {Pick<FitPoint, 'resize'>} small
 * @param {Pick<FitPoint, 'resize' | 'preprocess' | 'read' | 'inference'>} large
 * @returns {number} what the large network adds to a frame, if each of them takes as long as by itself. ms
 */
export function escalationByParts(small, large) {
  // The frame has been read, and if both networks resize alike it has been resized too.
  const again = small.resize === large.resize ? 0 : large.preprocess - large.read;
  return again + large.inference;
}

/**
 * @param {Part[]} parts
 * @param {FitPair[]} pairs
 * @returns {Family[]} of each two networks
 */
function cascadesOf(parts, pairs) {
  const factors = new Map(pairs.map((pair) => [keyOf(pair.small, pair.large), pair.factor]));
  const both = parts.flatMap((small) =>
    parts
      .filter((large) => latencyOf(small.point) < latencyOf(large.point))
      .map((large) => ({ small, large, factor: factors.get(keyOf(small.point.name, large.point.name)) })),
  );
  const measured = both.flatMap(({ factor }) => factor ?? []);
  const typical = measured.length === 0 ? 1 : medianOf(measured);
  return both.map(({ small, large, factor = typical }) => ({
    ...{ small, large, latency: latencyOf(small.point) },
    escalation: escalationByParts(small.point, large.point) * factor,
  }));
}

/**
 * @param {string} small a point's name
 * @param {string} large
 * @returns {string} identifies the pair
 */
export function keyOf(small, large) {
  return JSON.stringify([small, large]);
}

/**
 * @param {number[]} values
 * @returns {number}
 */
export function medianOf(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

/**
 * @param {import('./index.js').Timing[]} times
 * @returns {Pick<FitPoint, 'preprocess' | 'read' | 'inference' | 'runs'>}
 */
export function mediansOf(times) {
  const median = (/** @type {'preprocess' | 'read' | 'inference'} */ part) =>
    medianOf(times.map((timing) => timing[part]));
  return { preprocess: median('preprocess'), read: median('read'), inference: median('inference'), runs: times.length };
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
 * @param {FitPoint} reference
 * @param {number[]} choosing
 * @returns {Part}
 */
function partOf(point, reference, choosing) {
  const margins = Float64Array.from(point.answers, ([, margin]) => margin);
  return {
    point,
    right: Uint8Array.from(point.answers, ([index], frame) => Number(index === reference.answers[frame][0])),
    margins,
    order: [...choosing].sort((a, b) => margins[a] - margins[b]),
  };
}

/**
 * @param {Part} small
 * @returns {Family}
 */
function aloneOf(small) {
  return { small, large: null, latency: latencyOf(small.point), escalation: 0 };
}

/**
 * @param {number[]} wanted
 * @param {number} frames number of all frames
 * @returns {Uint8Array} for each frame 1 if it is wanted
 */
function marked(wanted, frames) {
  const marks = new Uint8Array(frames);
  for (const frame of wanted) marks[frame] = 1;
  return marks;
}

/**
 * Finds the Pareto-optimal set-ups in latency and agreement on some of the frames for choosing. Of those that agree on equally many
 * frames only the fastest can be one. So no others are kept, and none is made an object before the end: a page searches while it
 * shows points as they come, and dozens of networks have ten thousands of set-ups.
 * @param {Family[]} families the singles first
 * @param {Uint8Array} used for each frame 1 if it counts
 * @returns {Setup[]} the fastest first. Of equal ones the simplest
 */
function frontierOf(families, used) {
  const frames = used.reduce((sum, use) => sum + use, 0);
  // By the number of frames on which a set-up agrees.
  const fastest = new Float64Array(frames + 1).fill(Infinity);
  const margins = new Float64Array(frames + 1);
  /** @type {Family[]} */
  const found = [];
  /** @type {(family: Family, right: number, latency: number, margin: number) => void} */
  const keep = (family, right, latency, margin) => {
    if (latency === fastest[right] && !isSimpler(family, margin, found[right], margins[right])) return;
    [found[right], fastest[right], margins[right]] = [family, latency, margin];
  };
  /** @type {Map<Part, { order: Int32Array, alone: number }>} */
  const counted = new Map();
  for (const family of families) {
    const { small, large, latency, escalation } = family;
    let counts = counted.get(small);
    if (!counts) {
      const order = Int32Array.from(small.order.filter((frame) => used[frame]));
      counted.set(small, (counts = { order, alone: order.reduce((sum, frame) => sum + small.right[frame], 0) }));
    }
    const { order, alone } = counts;
    if (!large) {
      if (latency <= fastest[alone]) keep(family, alone, latency, 0);
      continue;
    }
    let right = alone;
    for (let escalated = 1; escalated < frames; escalated++) {
      const last = order[escalated - 1];
      right += large.right[last] - small.right[last];
      const time = latency + share(escalated, frames) * escalation;
      if (time > fastest[right]) continue;
      const [low, high] = [small.margins[last], small.margins[order[escalated]]];
      // The threshold lies between the two margins, so that rounding doesn't matter.
      if (low < high) keep(family, right, time, between(low, high));
    }
  }
  /** @type {Setup[]} */
  const frontier = [];
  let best = Infinity;
  for (let right = frames; right >= 0; right--) {
    if (!(fastest[right] < best)) continue;
    const family = found[right];
    best = fastest[right];
    const margin = family.large ? margins[right] : null;
    frontier.push(setupOn({ family, margin }, counted.get(family.small)?.order ?? []));
  }
  return frontier.reverse();
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
 * The best of many set-ups is partly the luckiest one on the frames that it was chosen by, and agrees less on others. How much less
 * is found by cross-validation: set-ups are chosen by four fifths of these frames, and judged by the last fifth. What that gives for
 * a single set-up varies much, so neighbours on the frontier share it, in proportion to the deviation of one frame's agreement.
 * @param {Family[]} families the singles first
 * @param {Setup[]} frontier
 * @param {number[]} choosing
 * @param {number} frames number of all frames
 * @returns {Setup[]} the frontier with the agreement to expect on other frames
 */
function expecting(families, frontier, choosing, frames) {
  const surplus = frontier.map(() => 0);
  for (let fold = 0; fold < FOLDS; fold++) {
    // Neighbours stay together, since they resemble each other.
    const isHeld = (/** @type {number} */ frame) => (runOf(frame, frames) >> 1) % FOLDS === fold;
    const held = choosing.filter(isHeld);
    const others = choosing.filter((frame) => !isHeld(frame));
    if (held.length === 0 || others.length === 0) continue;
    const chosen = frontierOf(families, marked(others, frames));
    const less = chosen.map((setup) => setup.agreement - setupOn(setup, held).agreement);
    let place = 0;
    for (const [i, { latency }] of frontier.entries()) {
      while (place + 1 < chosen.length && chosen[place + 1].latency <= latency) place++;
      surplus[i] += (less[place] * held.length) / choosing.length;
    }
  }
  const deviations = frontier.map(({ agreement }) => Math.sqrt(agreement * (1 - agreement)));
  const reach = Math.ceil(frontier.length * REACH);
  const sum = (/** @type {number[]} */ values) => values.reduce((sum, value) => sum + value, 0);
  return frontier.map((setup, i) => {
    const near = (/** @type {number[]} */ values) => sum(values.slice(Math.max(i - reach, 0), i + reach + 1));
    const factor = Math.max(share(near(surplus), near(deviations)), 0);
    return { ...setup, expected: Math.max(setup.agreement - factor * deviations[i], 0) };
  });
}

/**
 * @param {Family} a
 * @param {number} margin of `a`
 * @param {Family} b another one with the same latency and agreement
 * @param {number} other the margin of `b`
 */
function isSimpler(a, margin, b, other) {
  const [one, two] = [a, b].map(({ small, large }) => [small.point.name, large?.point.name ?? ''].join());
  const difference =
    Number(a.large !== null) - Number(b.large !== null) || margin - other || Number(one > two) - Number(one < two);
  return difference < 0;
}

/**
 * @param {Setup} setup
 * @param {FitTarget} target
 * @returns {FitChoice}
 */
function choiceOf({ family: { small, large }, margin, escalated, latency, agreement, expected }, target) {
  const points = large ? [small.point, large.point] : [small.point];
  return {
    networks: points.map(({ name, model, options }) => ({ name, model, options })),
    margin,
    latency,
    agreement,
    expected,
    escalated,
    source: 'measured here',
    reward:
      target.latency !== undefined && latency > 0 ? agreement * (latency / target.latency) ** REWARD_EXPONENT : null,
    published: large ? null : small.point.published,
  };
}

/**
 * @param {Pick<Setup, 'family' | 'margin'>} setup
 * @param {ArrayLike<number>} frames
 * @returns {Setup} the same with its figures on these frames
 */
function setupOn({ family, margin }, frames) {
  const { small, large, latency, escalation } = family;
  let [right, escalated] = [0, 0];
  for (let i = 0; i < frames.length; i++) {
    const frame = frames[i];
    const escalates = large !== null && small.margins[frame] < Number(margin);
    if (escalates) escalated++;
    right += (escalates ? large : small).right[frame];
  }
  const [part, agreement] = [share(escalated, frames.length), share(right, frames.length)];
  return { family, margin, escalated: part, latency: latency + part * escalation, agreement, expected: agreement };
}

/**
 * @param {Setup} setup
 * @param {number[]} frames those that were not used for the choice
 * @param {FitPoint} reference
 * @returns {FitVerification}
 */
function verified(setup, frames, reference) {
  const { small, large } = setup.family;
  const { agreement, escalated, latency } = setupOn(setup, frames);
  /** @type {FitVerification['worst']} */
  let worst = null;
  for (const frame of frames) {
    const answering = large !== null && small.margins[frame] < Number(setup.margin) ? large : small;
    const [index, margin] = answering.point.answers[frame];
    const [wanted] = reference.answers[frame];
    if (index !== wanted && (worst === null || margin > worst.margin)) worst = { frame, index, wanted, margin };
  }
  const interval = wilson(Math.round(agreement * frames.length), frames.length);
  return { frames: frames.length, agreement, interval, escalated, latency, worst };
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
 * @returns {{ points: FitPoint[], pairs: FitPair[], frames: number, reference: number, unevenness: number }} `reference`: an index of
 *   `points`
 */
function checked(measurements) {
  const names = /** @type {const} */ (['format', 'frames', 'reference', 'points', 'pairs', 'unevenness']);
  const { format, frames, reference, points, pairs = [], unevenness = 1 } = fieldsOf('search', measurements, names);
  if (format !== FORMAT || !Array.isArray(points)) {
    throw new MobileNetError('BAD_CONFIG', 'these are no measurements: give what fit measured');
  }
  if (!isCount(frames)) throw wrong('BAD_CONFIG', 'frames', frames, 'how many frames there were');
  const called = new Set();
  for (const [place, point] of points.entries()) {
    const fault = faultOf(point, frames);
    if (fault) throw new MobileNetError('BAD_CONFIG', `points[${place}] ${fault}`);
    if (called.has(point.name)) throw new MobileNetError('BAD_CONFIG', `two points are called ${point.name}`);
    called.add(point.name);
  }
  const index = points.findIndex(({ name }) => name === reference);
  if (index < 0) throw wrong('BAD_CONFIG', 'reference', reference, 'the name of a point');
  if (!Array.isArray(pairs)) throw wrong('BAD_CONFIG', 'pairs', pairs, 'an array');
  for (const [place, pair] of pairs.entries()) {
    const { small, large, factor } = pair ?? {};
    const fault =
      (!called.has(small) && `has in \`small\` no name of a point`) ||
      (!called.has(large) && `has in \`large\` no name of a point`) ||
      (!isTime(factor) && 'has no number `factor`');
    if (fault) throw new MobileNetError('BAD_CONFIG', `pairs[${place}] ${fault}`);
  }
  if (!isTime(unevenness) || unevenness === 0)
    throw wrong('BAD_CONFIG', 'unevenness', unevenness, 'a number more than 0');
  return { points, pairs, frames, reference: index, unevenness };
}

/**
 * @param {any} point
 * @param {number} frames
 * @returns {string | null}
 */
function faultOf(point, frames) {
  if (typeof point !== 'object' || point === null) return 'is none';
  const times = ['preprocess', 'read', 'inference'];
  const bad = times.find((name) => !isTime(point[name]));
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
function isTime(value) {
  // So that sums and products of these are finite.
  return typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER;
}

/**
 * @param {unknown} value
 * @returns {value is number}
 */
function isCount(value) {
  return Number.isInteger(value) && Number(value) >= 0;
}
