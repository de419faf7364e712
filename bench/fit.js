// Holds `mobilenet-wasm/fit` to its promises, with trained networks and photos, and exits with 1 if it breaks one:
//   node bench/fit.js [--models ../shared/models] [--photos ../shared/photos] [--only length,choices,trial,pair,trim,memory]
// It needs some minutes and an otherwise idle machine, since most promises are about time. `--only` names some of its parts.
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { serve } from '../www/serve.js';
import { launch, root } from './browser.js';
import { byChance, byScenes, kept, numbers } from './dealing.js';
import { privateBytes, rendererOf } from './soak.js';

/**
 * @typedef {import('./page/fit.js').Outcome} Outcome
 * @typedef {import('../pkg/fit.js').FitTarget} FitTarget
 * @typedef {import('../pkg/fit.js').FitMeasurements} FitMeasurements
 */

const SMALL = 'tf_mobilenetv3_small_100';
const LARGE = 'mobilenet_v2_1.0_224';
const NETWORKS = ['mobilenet_v1_0.25_224', SMALL, LARGE, 'mobilenet_v1_1.0_224'];
const SIZES = [128, 160, 192, 224];
/** Frames of each photo. Five photos give some 420 frames each to choose and to verify; of a quarter chance would decide. */
const FRAMES = 168;
/** The steps between the frames of the fit that is timed, and of those for the memory: 210 and 20 frames. */
const TIMED = 4;
const REPEATED = 42;
const REPEATS = 10;
/** After each of those fits the least of so many readings counts, since ended workers give their memory back a little later. Pause in ms */
const READINGS = { count: 10, pause: 200 };
/** The share of frames that agree, and the shares of the reference's time, for which a set-up is searched. */
const AGREEMENT = 0.9;
const SHARES = [0.2, 0.4, 0.7];
/**
 * The trial deals the runs of every second frame to the two halves by chance, so often. In another part of it two photos choose by so
 * many of their frames, and two verify. Both are cut into runs of equal lengths.
 */
const TRIAL = { every: 2, deals: 300, frames: 80 };

const PARTS = ['length', 'choices', 'trial', 'pair', 'trim', 'memory'];

/** The promises. */
const PROMISES = {
  /** Share by which the mean latency may differ from the predicted one. */
  latency: 0.1,
  /** Share of frames by which the verified agreement may differ from the expected one, and the least number of frames. */
  agreement: 0.05,
  frames: 100,
  /** The small network with the large one behind it: share of the large one's latency, and least agreement with it. */
  pair: { latency: 0.65, agreement: 0.9 },
  /** The whole fit, with its layers' times, in seconds. */
  seconds: 60,
  /** What the renderer may grow by from the second fit to the tenth. It holds some networks' weights at a time. Bytes */
  growth: 16 * 2 ** 20,
};

const { values } = parseArgs({
  options: {
    models: { type: 'string', default: join(root, '../shared/models') },
    photos: { type: 'string', default: join(root, '../shared/photos') },
    only: { type: 'string', default: PARTS.join() },
  },
});
const parts = new Set(values.only.split(','));
for (const part of parts)
  if (!PARTS.includes(part)) throw new Error(`there is no part ${part}, only ${PARTS.join(', ')}`);
const [models, photos] = [resolve(values.models), resolve(values.photos)];

/** @param {string} name */
function model(name) {
  const file = (/** @type {string} */ file) => `weights/${name}/${file}`;
  const preprocessor = existsSync(join(models, name, 'preprocessor_config.json'));
  return {
    name,
    url: file('model.safetensors'),
    config: file('config.json'),
    ...(preprocessor ? { preprocessorConfig: file('preprocessor_config.json') } : {}),
  };
}

/** @param {number} share */
const percent = (share) => `${(100 * share).toFixed(1)} %`;

/** @param {number} bytes */
const mebibytes = (bytes) => `${(bytes / 2 ** 20).toFixed(0)} MiB`;

/** @type {string[]} */
const broken = [];

/**
 * @param {boolean} kept
 * @param {string} promise with its figure
 */
function check(kept, promise) {
  console.log(`  ${kept ? 'kept  ' : 'BROKEN'} ${promise}`);
  if (!kept) broken.push(promise);
}

/**
 * Prints what was found for a target, and holds its choice to what it promises.
 * @param {string} what
 * @param {Omit<Outcome, 'seconds'>} outcome
 */
function hold(what, { build, found, measured, undisturbed, again }) {
  const { chosen, verified, frontier, nearest, target } = found;
  console.log(`${what}: ${build}, ${frontier.length} on the frontier`);
  if (!chosen || !verified || measured === null || undisturbed === null || again === null) {
    check(false, `a set-up fits; the nearest is ${nearest?.networks.map(({ name }) => name).join(' then ')}`);
    return;
  }
  const [low, high] = verified.interval;
  console.log(
    `  ${chosen.networks.map(({ name }) => name).join(' then ')}, margin ${chosen.margin?.toFixed(3) ?? 'none'}; escalated ${percent(chosen.escalated)}, on the other frames ${percent(verified.escalated)}; reward ${chosen.reward?.toFixed(3) ?? 'none'}`,
  );
  check(
    target.latency === undefined ? chosen.expected >= target.agreement : chosen.latency <= target.latency,
    `it is within the bound: ${chosen.latency.toFixed(2)} ms, agreement ${percent(chosen.expected)} expected`,
  );
  const error = measured / chosen.latency - 1;
  const escalating = (again * verified.latency) / chosen.latency;
  check(
    Math.abs(error) <= PROMISES.latency && verified.frames >= PROMISES.frames,
    `latency within ${percent(PROMISES.latency)}: ${chosen.latency.toFixed(2)} ms predicted, the mean of ${verified.frames} frames is ${measured.toFixed(2)} (${percent(error)}), by their medians ${undisturbed.toFixed(2)}; as fast as its networks were meanwhile ${again.toFixed(2)} (${percent(measured / again - 1)}), and with these frames’ escalations ${escalating.toFixed(2)} (${percent(measured / escalating - 1)})`,
  );
  const change = verified.agreement - chosen.expected;
  check(
    Math.abs(change) <= PROMISES.agreement && verified.frames >= PROMISES.frames,
    `agreement within ${percent(PROMISES.agreement)}: expected ${percent(chosen.expected)}, where it was chosen ${percent(chosen.agreement)}, on ${verified.frames} other frames ${percent(verified.agreement)} (95 %: ${percent(low)} to ${percent(high)})`,
  );
}

/**
 * Prints how often choices break their promise of agreement, with the frames dealt to the halves in many ways. It measures nothing.
 * @param {FitMeasurements} measurements
 * @param {FitTarget[]} targets
 */
function tryDeals(measurements, targets) {
  const some = Array.from({ length: measurements.frames / TRIAL.every }, (_, i) => TRIAL.every * i);
  const random = numbers();
  const deals = Array.from({ length: TRIAL.deals }, () => byChance(some, random));
  const dealt = kept(measurements, deals, targets, PROMISES.agreement);
  console.log(
    `the runs of ${some.length} frames dealt ${deals.length} times: of ${dealt.choices} choices ${percent(dealt.expected)} agree in over ${percent(PROMISES.agreement)} less of the other frames than expected, ${percent(dealt.counted)} than where they were chosen; in the mean they agree in ${percent(dealt.mean)} more than expected`,
  );
  const perPhoto = FRAMES / TRIAL.every;
  const scenes = Array.from({ length: some.length / perPhoto }, (_, photo) =>
    some.slice(photo * perPhoto, photo * perPhoto + TRIAL.frames),
  );
  const ways = byScenes(scenes);
  const elsewhere = kept(measurements, ways, targets, PROMISES.agreement);
  console.log(
    `two photos choose and two others verify, in ${ways.length} ways: ${elsewhere.choices} choices agree in ${percent(elsewhere.mean)} more than expected, in the mean`,
  );
}

/**
 * @param {import('./browser.js').Page} page
 * @param {number} renderer its process
 * @returns {Promise<number>} the private memory that it keeps. Bytes
 */
async function keptBytes(page, renderer) {
  let least = Infinity;
  for (let reading = 0; reading < READINGS.count; reading++) {
    await page.requestGC();
    await setTimeout(READINGS.pause);
    const bytes = await privateBytes(renderer);
    if (bytes === null) throw new Error('the memory of a process can be read only on Linux');
    least = Math.min(least, bytes);
  }
  return least;
}

const server = await serve({
  mounts: [
    { prefix: '/bench/', folder: join(root, 'bench/page') },
    { prefix: '/weights/', folder: models },
    { prefix: '/photos/', folder: photos },
  ],
});
const browser = await launch();
try {
  const page = await browser.newPage();
  await page.goto(`${server.url}bench/fit.html`);
  const pictures = (await readdir(photos)).sort();
  const all = NETWORKS.map(model);
  const frames = await page.evaluate(
    async ([pictures, count, all]) => globalThis.fitting.open(pictures, count, all),
    /** @type {const} */ ([pictures, FRAMES, all]),
  );
  console.log(`${frames} frames of ${pictures.length} photos`);
  /** @type {(target: FitTarget, what: { names: string[], resolutions?: number[], every?: number, steps?: boolean }) => Promise<Outcome>} */
  const fit = (target, what) =>
    page.evaluate(
      async ([target, what]) => globalThis.fitting.fit(target, what),
      /** @type {const} */ ([target, what]),
    );
  /** @type {(measurements: FitMeasurements, target: FitTarget) => Promise<import('../pkg/fit.js').FitSearch>} */
  const search = (measurements, target) =>
    page.evaluate(
      async ([measurements, target]) => globalThis.fitting.search(measurements, target),
      /** @type {const} */ ([measurements, target]),
    );
  /** @type {(measurements: FitMeasurements, target: FitTarget) => Promise<Omit<Outcome, 'seconds'>>} */
  const choose = async (measurements, target) => {
    const found = { ...(await search(measurements, target)), measurements };
    return { found, ...(await page.evaluate((found) => globalThis.fitting.measure(found), found)) };
  };

  const everything = { names: NETWORKS, resolutions: SIZES };
  if (parts.has('length')) {
    const timed = await fit({ agreement: AGREEMENT }, { ...everything, every: TIMED });
    check(
      timed.seconds <= PROMISES.seconds,
      `${NETWORKS.length} networks in ${SIZES.length} sizes on ${timed.found.measurements.frames} frames within ${PROMISES.seconds} s: ${timed.seconds.toFixed(1)}`,
    );
    hold('and what it chose', timed);
  }

  if (parts.has('choices') || parts.has('trial')) {
    const whole = await fit({ agreement: AGREEMENT }, { ...everything, steps: false });
    const { measurements } = whole.found;
    const [best] = measurements.points.filter(({ name }) => name === measurements.reference);
    const bounds = SHARES.map((share) => ({ share, latency: share * (best.preprocess + best.inference) }));
    if (parts.has('choices')) {
      hold(`to agree in ${percent(AGREEMENT)}`, whole);
      for (const { small, large, factor } of measurements.pairs ?? []) {
        console.log(`  ${small} then ${large}: ${factor.toFixed(2)} times as long`);
      }
      for (const { name, preprocess, inference } of measurements.points) {
        const [single] = whole.found.points.filter(({ networks }) => networks[0].name === name);
        console.log(`  ${name}: ${preprocess.toFixed(2)} + ${inference.toFixed(2)} ms, ${percent(single.agreement)}`);
      }
      for (const { share, latency } of bounds) {
        hold(`in ${latency.toFixed(1)} ms, ${share} of the reference`, await choose(measurements, { latency }));
      }
    }
    if (parts.has('trial')) {
      tryDeals(measurements, [{ agreement: AGREEMENT }, ...bounds.map(({ latency }) => ({ latency }))]);
    }
  }

  if (parts.has('pair')) {
    const both = await fit({ agreement: AGREEMENT }, { names: [SMALL, LARGE], steps: false });
    hold(`${SMALL} then ${LARGE}, to agree in ${percent(AGREEMENT)}`, both);
    const [, large] = both.found.points;
    let pair = null;
    for (const { latency, margin } of both.found.frontier) {
      if (margin === null || latency > PROMISES.pair.latency * large.latency) continue;
      const { chosen, verified } = await search(both.found.measurements, { latency });
      // The frontier goes up in agreement, so the last one is the best.
      if (chosen && verified && verified.latency <= PROMISES.pair.latency * large.latency) pair = { chosen, verified };
    }
    if (pair) {
      const { chosen, verified } = pair;
      check(
        verified.agreement >= PROMISES.pair.agreement,
        `${percent(PROMISES.pair.agreement)} agreement at ${PROMISES.pair.latency} of ${LARGE}’s latency: ${percent(verified.agreement)} of ${verified.frames} frames at ${(verified.latency / large.latency).toFixed(3)}`,
      );
      hold('that pair', await choose(both.found.measurements, { latency: chosen.latency }));
    } else {
      check(false, `a pair takes at most ${PROMISES.pair.latency} of ${LARGE}’s latency`);
    }
  }

  if (parts.has('trim')) {
    for (const name of NETWORKS) {
      const { channels, microseconds, of } = await page.evaluate((name) => globalThis.fitting.trim(name), name);
      console.log(
        `${name} trimmed: ${channels} channels and ${microseconds.toFixed(0)} µs less, ${percent(microseconds / of)}`,
      );
    }
  }

  if (parts.has('memory')) {
    const renderer = await rendererOf(browser);
    const memory = [];
    while (memory.length < REPEATS) {
      await fit({ agreement: AGREEMENT }, { ...everything, every: REPEATED, steps: false });
      memory.push(await keptBytes(page, renderer));
    }
    console.log(`memory after each of ${REPEATS} more fits of all networks: ${memory.map(mebibytes).join(', ')}`);
    const growth = memory[REPEATS - 1] - memory[1];
    check(
      growth <= PROMISES.growth,
      `from the second to the tenth at most ${mebibytes(PROMISES.growth)} more: ${mebibytes(growth)}`,
    );
  }
} finally {
  await browser.close();
  await server.close();
}
console.log(broken.length === 0 ? 'every promise is kept' : `${broken.length} promises are broken`);
process.exitCode = broken.length === 0 ? 0 : 1;
