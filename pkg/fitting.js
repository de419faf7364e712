import { callbackOf, fieldsOf, listOf, signalOf, stringOf, wrong } from './arguments.js';
import { throwIfEnded } from './ends.js';
import { shown, tell } from './errors.js';
import { seats } from './host.js';
import { Engine, MobileNetError } from './index.js';
import { entryOf } from './named.js';
import { Rounds } from './rounds.js';
import { FORMAT, halves, keyOf, latencyOf, medianOf, mediansOf, search, targetOf } from './search.js';
import { engineOf } from './wishes.js';

/**
 * @typedef {import('./index.js').MobileNet} MobileNet
 * @typedef {import('./index.js').ClassifySource} ClassifySource
 * @typedef {import('./fit.js').Fit} Fit
 * @typedef {import('./fit.js').FitMeasurements} FitMeasurements
 * @typedef {import('./fit.js').FitOptions} FitOptions
 * @typedef {import('./fit.js').FitPair} FitPair
 * @typedef {import('./fit.js').FitPoint} FitPoint
 * @typedef {import('./fit.js').FitSearch} FitSearch
 * @typedef {import('./fit.js').FitTarget} FitTarget
 *
 * @typedef {object} Variant one network at one size, which is measured
 * @property {string | null} model its name in the catalogue or, with files, the caller's name for it
 * @property {string | null} name the caller's name for it
 * @property {boolean} catalogued
 * @property {{ resolution?: number, precision?: import('./index.js').Precision, trim?: boolean }} options
 * @property {(more: object) => Promise<MobileNet>} load
 * @property {Record<string, unknown>} source what its weights are from: equal fields mean equal weights
 * @property {string} argument its name in error messages
 * @property {boolean} ours whether it was loaded for the measurement
 * @property {boolean} candidate
 *
 * @typedef {(share: number, name: string) => void} Report tells which share of a network, or of all turns, is done
 *
 * @typedef {object} Measured
 * @property {FitPoint} point
 * @property {number} classes
 * @property {import('./index.js').Precision} precision that it ran on
 * @property {Variant} variant
 * @property {number} unevenness the mean of its times divided by their median
 */

/** The fewest times for a median. */
const LEAST_TIMES = 20;

/** The most networks that are timed by turns, since all of these are in memory at once. */
const MOST_NETWORKS = 12;

/** The most pairs that are measured as such, so that a fit of many candidates takes no longer for that. */
const MOST_PAIRS = 8;

const OPTIONS = /** @type {const} */ ([
  ...['candidates', 'frames', 'latency', 'agreement', 'reference', 'engine', 'steps', 'onProgress', 'signal'],
]);

/** A candidate's own fields; the others are options of `load`. */
const OWN = /** @type {const} */ (['model', 'name', 'resolutions', 'precisions', 'network']);

/** What was measured so far. */
class Table {
  #engine;
  #frames;
  /** @type {string | null} the name of the reference, if the caller gave one */
  #reference = null;
  /** @type {Map<string, Measured>} The key is the name. */
  networks = new Map();
  /** @type {FitPair[]} */
  pairs = [];

  /**
   * @param {Engine} engine
   * @param {number} frames number of frames
   */
  constructor({ info: { build, threads } }, frames) {
    this.#engine = { build, threads };
    this.#frames = frames;
  }

  /**
   * @param {Measured} one
   * @param {Variant} variant that asked for it: another one may have been measured before, with the same result
   */
  add(one, { candidate }) {
    const { point, classes } = one;
    for (const [name, other] of this.networks) {
      if (other.classes === classes) continue;
      const reason = `${point.name} has ${classes} classes, ${name} ${other.classes}: they can’t agree`;
      throw new MobileNetError('BAD_INPUT', reason);
    }
    point.candidate ||= candidate;
    this.networks.set(point.name, one);
    if (!candidate) this.#reference = point.name;
  }

  /** @param {string} name one of the networks */
  get(name) {
    return /** @type {Measured} */ (this.networks.get(name));
  }

  /** Whether there is anything to choose from. */
  get searchable() {
    return Array.from(this.networks.values()).some(({ point }) => point.candidate);
  }

  /** @returns {FitMeasurements} which later measurements don't change */
  get measurements() {
    const all = Array.from(this.networks.values());
    const floats = (/** @type {Measured} */ { precision }) => Number(precision === 'f32');
    // The answers on 8 bits approximate those on floats, which have as many multiply-accumulates.
    const most = all.reduce((a, b) => ((b.point.macs - a.point.macs || floats(b) - floats(a)) > 0 ? b : a));
    return {
      format: FORMAT,
      engine: this.#engine,
      frames: this.#frames,
      reference: this.#reference ?? most.point.name,
      unevenness: medianOf(all.map(({ unevenness }) => unevenness)),
      points: all.map(({ point }) => ({ ...point })),
      pairs: [...this.pairs],
    };
  }
}

/**
 * Documented in `fit.d.ts`.
 * @param {FitOptions} options
 * @returns {Promise<Fit>}
 */
export async function fit(options) {
  const given = fieldsOf('fit', options, OPTIONS);
  const target = targetOf(given);
  const frames = /** @type {ClassifySource[]} */ (listOf('frames', given.frames, 'an array of pictures'));
  const candidates = listOf('candidates', given.candidates, 'an array of names, networks or load options');
  if (frames.length < 2) throw wrong('BAD_INPUT', 'the number of frames', frames.length, 'two at least');
  if (candidates.length === 0) throw new MobileNetError('BAD_INPUT', 'candidates is empty: give one at least');
  const onProgress = callbackOf('onProgress', given.onProgress);
  const signal = signalOf(given.signal);
  throwIfEnded({ signal, overs: [] });
  const how = { frames, steps: given.steps !== false, signal };
  const own = engineOf(given.engine) === null;
  const engine = own ? await Engine.create({ signal }) : /** @type {Engine} */ (given.engine);
  try {
    const variants = allVariants(engine, candidates, given.reference);
    const table = new Table(engine, frames.length);
    /** @type {(before: number) => Report} */
    const reportAfter = (before) => (share, name) => {
      if (!onProgress) return;
      const measurements = table.searchable ? table.measurements : null;
      // What is timed by turns comes last, and counts as one.
      tell(onProgress, { done: before + share, total: variants.length + 1, name, measurements });
    };
    for (const [done, variant] of variants.entries()) {
      table.add(await measure(engine, variant, how, table.networks, reportAfter(done)), variant);
    }
    const choosing = halves(frames.length).choosing.map((frame) => frames[frame]);
    const rounds = new Rounds(engine, choosing, LEAST_TIMES, signal);
    try {
      const found = await takeTurns(table, rounds, target, reportAfter(variants.length), signal);
      return { ...found, measurements: table.measurements };
    } finally {
      rounds.dispose();
    }
  } finally {
    if (own) engine.dispose();
  }
}

/**
 * Times the frontier by turns: first its networks, then its pairs, until all that is on it was timed, or as much as is allowed.
 * @param {Table} table
 * @param {Rounds} rounds
 * @param {FitTarget} target
 * @param {Report} report
 * @param {AbortSignal | undefined} signal
 * @returns {Promise<FitSearch>} what is found in the table then
 */
async function takeTurns(table, rounds, target, report, signal) {
  const told = (/** @type {string} */ name) =>
    report((rounds.size + table.pairs.length) / (MOST_NETWORKS + MOST_PAIRS), name);
  for (;;) {
    // What is timed changes the frontier, on which others can come.
    const found = search(table.measurements, target);
    const names = untimedOf(found.frontier, rounds);
    const pairs = names.length > 0 ? [] : untimedPairsOf(found.frontier, table.pairs, rounds);
    if (names.length === 0 && pairs.length === 0) return found;
    for (const name of names) {
      told(name);
      const { variant, point } = table.get(name);
      await rounds.add(name, () => variant.load({ ...point.options, signal }), variant.ours);
    }
    if (names.length > 0) {
      // Those that were timed before are timed anew, since they are compared with those that came.
      for (const [name, times] of await rounds.time()) Object.assign(table.get(name).point, times);
    }
    for (const [small, large] of pairs) {
      told(`${small} then ${large}`);
      const factor = await rounds.factorOf(table.get(small).point, table.get(large).point);
      table.pairs.push({ small, large, factor });
    }
  }
}

/**
 * @param {Engine} engine
 * @param {unknown[]} candidates
 * @param {unknown} reference
 * @returns {Variant[]} the reference first, since the agreement of the others can be reported only with its answers
 */
function allVariants(engine, candidates, reference) {
  const variants = candidates.flatMap((one, place) => variantsOf(engine, one, `candidates[${place}]`, true));
  if (reference === undefined || reference === null) return variants;
  const judges = variantsOf(engine, reference, 'reference', false);
  if (judges.length === 1) return [...judges, ...variants];
  const reason = `reference stands for ${judges.length} networks: give it one resolution and one precision`;
  throw new MobileNetError('BAD_INPUT', reason);
}

/**
 * @param {Engine} engine
 * @param {unknown} one
 * @param {string} argument its name in error messages
 * @param {boolean} candidate
 * @returns {Variant[]}
 */
function variantsOf(engine, one, argument, candidate) {
  const name = stringOf(one);
  if (name !== undefined) return variantsOf(engine, { model: name }, argument, candidate);
  if (typeof one !== 'object' || one === null) {
    throw wrong('BAD_INPUT', argument, one, 'a name, a network or load options');
  }
  if (seats.has(one)) return variantsOf(engine, { network: one }, argument, candidate);
  const { model, name: called, network, resolutions, precisions } = fieldsOf(argument, one, OWN);
  if (called !== undefined && typeof called !== 'string')
    throw wrong('BAD_INPUT', `${argument}.name`, called, 'a name');
  const shared = { name: called ?? null, candidate, argument };
  if (network !== undefined) {
    if (typeof network !== 'object' || network === null || !seats.has(network)) {
      throw wrong('BAD_INPUT', `${argument}.network`, network, 'a MobileNet of mobilenet-wasm');
    }
    const loaded = /** @type {MobileNet} */ (network);
    const load = async () => loaded;
    return [{ ...shared, model: null, catalogued: false, options: {}, load, source: { network }, ours: false }];
  }
  const rest = Object.fromEntries(Object.entries(one).filter(([key]) => !OWN.includes(/** @type {any} */ (key))));
  const catalogued = stringOf(model);
  if (catalogued === undefined && (called === undefined || rest.weights === undefined)) {
    throw wrong('BAD_INPUT', argument, one, 'a name, a network, { model } or { name, weights }');
  }
  const sizes = resolutions === undefined ? [undefined] : listOf(`${argument}.resolutions`, resolutions, 'sizes');
  for (const [one, several] of /** @type {const} */ ([
    ['resolution', resolutions],
    ['precision', precisions],
  ])) {
    if (several === undefined || rest[one] === undefined) continue;
    throw new MobileNetError('BAD_INPUT', `${argument} has both ${one} and ${one}s: give either`);
  }
  const kinds =
    precisions === undefined ? [rest.precision ?? 'f32'] : listOf(`${argument}.precisions`, precisions, 'precisions');
  if (sizes.length === 0) throw new MobileNetError('BAD_INPUT', `${argument}.resolutions is empty: give one at least`);
  if (kinds.length === 0) throw new MobileNetError('BAD_INPUT', `${argument}.precisions is empty: give one at least`);
  // The name tells these three.
  const { resolution: _resolution, precision: _precision, trim: _trim, ...weights } = /** @type {any} */ (rest);
  const source = { ...weights, model: catalogued };
  return sizes.flatMap((resolution) =>
    kinds.map((precision) => ({
      ...shared,
      model: catalogued ?? called ?? null,
      catalogued: catalogued !== undefined,
      options: /** @type {Variant['options']} */ ({
        ...(resolution === undefined ? {} : { resolution }),
        precision,
        ...(rest.trim === true ? { trim: true } : {}),
      }),
      load: (more) => {
        const all = /** @type {any} */ ({ ...rest, ...more });
        return catalogued === undefined ? engine.load(all) : engine.load(catalogued, all);
      },
      source,
      ours: true,
    })),
  );
}

/**
 * @param {Engine} engine
 * @param {Variant} variant
 * @param {{ frames: ClassifySource[], steps: boolean, signal: AbortSignal | undefined }} what
 * @param {Map<string, Measured>} measured the networks that were measured before
 * @param {Report} report
 * @returns {Promise<Measured>}
 */
async function measure(engine, variant, { frames, steps, signal }, measured, report) {
  const { options } = variant;
  report(0, variant.name ?? variant.model ?? '');
  const net = await variant.load({ ...options, signal });
  try {
    const { info } = net;
    const name = nameOf(variant, net);
    const known = measured.get(name);
    if (known && !areEqual(known.variant.source, variant.source)) {
      const reason = `${known.variant.argument} and ${variant.argument} are different networks, but both would be called ${shown(name)}: give each its own name`;
      throw new MobileNetError('BAD_INPUT', reason);
    }
    if (known) return known;
    /** @type {import('./index.js').Timing[]} */
    const times = [];
    /** @type {[index: number, margin: number][]} */
    const answers = [];
    while (times.length < Math.max(frames.length, LEAST_TIMES)) {
      const frame = frames[times.length % frames.length];
      const [{ predictions, timing }] = await engine.classify(frame, [net], { topK: 2, signal });
      times.push(timing);
      const [best, second] = predictions;
      if (answers.length < frames.length) {
        answers.push([best.index, best.probability - (second?.probability ?? 0)]);
        report(answers.length / frames.length, name);
      }
    }
    // It has run on all frames.
    const profile = steps ? await net.profile(null, { runs: LEAST_TIMES, warmUp: 0, signal }) : null;
    const { resizeShortSide, crop, cropStart, interpolation } = info.preprocessing;
    /** @type {FitPoint} */
    const point = {
      name,
      model: variant.model,
      options: variant.ours ? { ...options, resolution: info.resolution, precision: info.precision } : null,
      candidate: variant.candidate,
      macs: info.macs,
      resize: [resizeShortSide, crop, cropStart, interpolation].join(' '),
      ...mediansOf(times),
      steps: profile && profile.steps.map(({ name, kind, median }) => ({ name, kind, microseconds: median })),
      published: variant.catalogued ? await publishedOf(String(variant.model), info) : null,
      answers,
    };
    const latencies = times.map(latencyOf);
    const [median, mean] = [medianOf(latencies), latencies.reduce((sum, one) => sum + one, 0) / latencies.length];
    const unevenness = median === 0 ? 1 : mean / median;
    return { point, classes: info.classes, precision: info.precision, variant, unevenness };
  } finally {
    if (variant.ours) net.dispose();
  }
}

/**
 * @param {FitSearch['frontier']} frontier
 * @param {Rounds} rounds
 * @returns {string[]} the networks on the frontier that weren't timed by turns, those in the most set-ups first, and no more than are allowed
 */
function untimedOf(frontier, rounds) {
  /** @type {Map<string, number>} */
  const found = new Map();
  for (const { networks } of frontier) {
    for (const { name } of networks) if (!rounds.has(name)) found.set(name, (found.get(name) ?? 0) + 1);
  }
  const all = Array.from(found).sort(([, a], [, b]) => b - a);
  return all.map(([name]) => name).slice(0, MOST_NETWORKS - rounds.size);
}

/**
 * @param {FitSearch['frontier']} frontier
 * @param {readonly FitPair[]} pairs those that were measured as such
 * @param {Rounds} rounds
 * @returns {[small: string, large: string][]} the other pairs on the frontier, those with the most thresholds first, and no more than
 *   are allowed
 */
function untimedPairsOf(frontier, pairs, rounds) {
  const measured = new Set(pairs.map(({ small, large }) => keyOf(small, large)));
  /** @type {Map<string, { pair: [string, string], thresholds: number }>} */
  const found = new Map();
  for (const { networks, margin } of frontier) {
    const [small, large] = networks.map(({ name }) => name);
    const key = keyOf(small, large);
    if (margin === null || measured.has(key) || !rounds.has(small) || !rounds.has(large)) continue;
    found.set(key, { pair: [small, large], thresholds: (found.get(key)?.thresholds ?? 0) + 1 });
  }
  const all = Array.from(found.values()).sort((a, b) => b.thresholds - a.thresholds);
  return all.map(({ pair }) => pair).slice(0, MOST_PAIRS - pairs.length);
}

/**
 * @param {Record<string, unknown>} a
 * @param {Record<string, unknown>} b
 * @returns {boolean} whether they have equal values in all fields
 */
function areEqual(a, b) {
  return Object.keys({ ...a, ...b }).every((key) => Object.is(a[key], b[key]));
}

/**
 * @param {Variant} variant
 * @param {MobileNet} net
 * @returns {string}
 */
function nameOf({ name, model, options }, { info }) {
  const network = name ?? model ?? `${info.version ?? 'network'} ${info.width}`;
  const precision = info.precision === 'f32' ? '' : ` ${info.precision}`;
  return `${network}, ${info.resolution}${precision}${options.trim ? ' trimmed' : ''}`;
}

/**
 * @param {string} model
 * @param {import('./index.js').NetworkInfo} info
 * @returns {Promise<number | null>} the published ImageNet accuracy of these weights at this size, per cent
 */
async function publishedOf(model, { resolution, precision }) {
  if (precision !== 'f32') return null;
  const entry = await entryOf(model);
  return entry.resolution === resolution ? entry.top1 : null;
}
