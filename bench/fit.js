// Checks the predictions of `mobilenet-wasm/fit` with trained networks and photos:
//   node bench/fit.js --models ../shared/models --photos ../shared/photos
// It needs some minutes and an otherwise idle machine.
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { serve } from '../www/serve.js';
import { launch, root } from './browser.js';
import { privateBytes, rendererOf } from './soak.js';

/** @typedef {import('./page/fit.js').Outcome} Outcome */

const SMALL = 'tf_mobilenetv3_small_100';
const LARGE = 'mobilenet_v2_1.0_224';
const NETWORKS = ['mobilenet_v1_0.25_224', SMALL, LARGE, 'mobilenet_v1_1.0_224'];
const SIZES = [128, 160, 192, 224];
/** Frames of each photo. Five photos give 105 frames each to choose and to verify. */
const FRAMES = 42;
const REPEATS = 10;
const TRIM_ROUNDS = 3;

const { values } = parseArgs({
  options: {
    models: { type: 'string', default: join(root, '../shared/models') },
    photos: { type: 'string', default: join(root, '../shared/photos') },
  },
});
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

/**
 * @param {string} what
 * @param {Outcome} outcome
 */
function report(what, { build, seconds, found, measured }) {
  const { chosen, verified, frontier, nearest } = found;
  console.log(`${what}: ${seconds.toFixed(1)} s, ${build}, ${frontier.length} on the frontier`);
  if (!chosen || !verified || measured === null) {
    console.log(`  nothing fits; the nearest is ${nearest?.networks.map(({ name }) => name).join(' then ')}`);
    return;
  }
  const [low, high] = verified.interval;
  const error = measured / verified.latency - 1;
  console.log(
    `  ${chosen.networks.map(({ name }) => name).join(' then ')}, margin ${chosen.margin?.toFixed(3) ?? 'none'}`,
  );
  console.log(
    `  agreement ${percent(chosen.agreement)}, verified ${percent(verified.agreement)} (${percent(low)} to ${percent(high)}) of ${verified.frames}`,
  );
  console.log(
    `  latency ${chosen.latency.toFixed(2)} ms, of the others ${verified.latency.toFixed(2)}, measured ${measured.toFixed(2)} (${percent(error)}); escalated ${percent(verified.escalated)}; reward ${chosen.reward?.toFixed(3) ?? 'none'}`,
  );
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
  /** @type {(target: import('../pkg/fit.js').FitTarget, what: { names: string[], resolutions?: number[], count?: number, steps?: boolean }) => Promise<Outcome>} */
  const fit = (target, what) =>
    page.evaluate(
      async ([target, what]) => globalThis.fitting.fit(target, what),
      /** @type {const} */ ([target, what]),
    );

  const whole = await fit({ agreement: 0.9 }, { names: NETWORKS, resolutions: SIZES });
  report('four networks in four sizes, to agree in 90 %', whole);
  for (const point of whole.found.measurements.points) {
    const { preprocess, inference } = point;
    const [single] = whole.found.points.filter(({ networks: [{ name }] }) => name === point.name);
    console.log(`  ${point.name}: ${preprocess.toFixed(2)} + ${inference.toFixed(2)} ms, ${percent(single.agreement)}`);
  }
  const { reference, points } = whole.found.measurements;
  const [best] = points.filter(({ name }) => name === reference);
  for (const share of [0.2, 0.4, 0.7]) {
    const latency = share * (best.preprocess + best.inference);
    const found = await page.evaluate(async ([measurements, target]) => {
      const found = { ...globalThis.fitting.search(measurements, target), measurements };
      return { seconds: 0, found, ...(await globalThis.fitting.measure(found)) };
    }, /** @type {const} */ ([whole.found.measurements, { latency }]));
    report(`in ${latency.toFixed(1)} ms, ${share} of the reference`, found);
  }

  const pair = await fit({ agreement: 0.9 }, { names: [SMALL, LARGE], steps: false });
  report(`${SMALL} then ${LARGE}`, pair);
  const [, large] = pair.found.points;
  for (const { latency, agreement, escalated, networks } of pair.found.frontier) {
    if (networks.length === 1) continue;
    console.log(`  ${percent(agreement)} at ${(latency / large.latency).toFixed(3)}, ${percent(escalated)} escalated`);
  }

  for (const name of NETWORKS) {
    const { channels, saved, share } = await page.evaluate(
      async ([name, rounds]) => globalThis.fitting.trim(name, rounds),
      /** @type {const} */ ([name, TRIM_ROUNDS]),
    );
    console.log(`${name} trimmed: ${channels} channels and ${saved.toFixed(0)} µs less, ${percent(share)}`);
  }

  const renderer = await rendererOf(browser);
  const memory = [];
  for (let i = 0; i < REPEATS; i++) {
    await fit({ agreement: 0.9 }, { names: [SMALL, LARGE], count: 20, steps: false });
    memory.push((await privateBytes(renderer)) ?? 0);
  }
  console.log(
    `memory after each of ${REPEATS} fits: ${memory.map((bytes) => (bytes / 2 ** 20).toFixed(0)).join(', ')} MiB`,
  );
} finally {
  await browser.close();
  await server.close();
}
