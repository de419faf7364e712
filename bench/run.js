// node bench/run.js [--runs N] [--quick] [--minutes N] [--only PART]... [--against PEER]...: measures everything.
// `--only` names the parts to measure instead, and `--against` the peers for the times from frame to label. The files
// that this needs are made by `cargo xtask bench`.
import { writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { launch, root, serveAll } from './browser.js';
import { bundlePeers } from './bundle.js';
import { coldStart } from './cold.js';
import { CONTENDERS, LABELLERS, NETWORKS, OURS, REVECTORIZED } from './contenders.js';
import { contest } from './contest.js';
import { engine } from './engine.js';
import { firstFrames } from './frames.js';
import { labelContest, rivals } from './labels.js';
import { layers } from './layers.js';
import { surroundings } from './machine.js';
import { report } from './report.js';
import { sizes } from './sizes.js';
import { soak } from './soak.js';
import { commit, store, stored } from './store.js';

const RESOLUTIONS = [96, 128, 160, 192, 224, 256, 288, 320];

/** The names for `--only`. */
const PARTS = ['frames', 'networks', 'layers', 'inputs', 'start', 'engine', 'soak', 'revectorized'];

const { values } = parseArgs({
  options: {
    runs: { type: 'string' },
    quick: { type: 'boolean', default: false },
    minutes: { type: 'string' },
    only: { type: 'string', multiple: true },
    against: { type: 'string', multiple: true },
  },
});
const runs = Number(values.runs ?? (values.quick ? 10 : 60));
const minutes = Number(values.minutes ?? (values.quick ? 0.25 : 5));
if (!(minutes > 0)) throw new Error(`--minutes ${values.minutes}: give a number above 0`);
const visits = values.quick ? 2 : 10;
const parts = new Set(values.only ?? PARTS);
for (const part of parts) {
  if (!PARTS.includes(part)) throw new Error(`--only ${part}: give one of ${PARTS.join(', ')}`);
}

const { against } = values;
for (const peer of against ?? []) {
  if (!LABELLERS.some(({ name }) => name === peer))
    throw new Error(`--against ${peer}: it is none of those that read frames`);
}
const labellers = LABELLERS.filter(({ ours, name }) => ours || (against?.includes(name) ?? true));
/** Whether readings are stored. Quick ones, and those beside only some peers, are only for the terminal. */
const isWhole = !values.quick && !against;

await bundlePeers();
const server = await serveAll();
const { url } = server;
const browser = await launch();

const machine = surroundings(browser);
/** @type {import('./report.js').Results} */
const results = isWhole ? stored(machine) : { surroundings: machine, parts: {} };

/**
 * Measures a part if it's wanted, and stores the readings.
 * @param {string} part
 * @param {() => Promise<Partial<import('./report.js').Results>>} measure
 */
async function measured(part, measure) {
  if (!parts.has(part)) return;
  const [load] = loadavg();
  const reading = {
    command: ['cargo xtask bench', ...process.argv.slice(2)].join(' '),
    date: new Date().toISOString().slice(0, 10),
    commit: commit(),
    runs,
    load,
  };
  Object.assign(results, await measure());
  results.parts[part] = reading;
  if (isWhole) store(results);
}

/** @param {string} what */
function say(what) {
  console.log(`bench: ${what}`);
}

/**
 * @param {import('./browser.js').Browser} browser
 * @param {import('./contenders.js').Contender[]} contenders
 */
async function contests(browser, contenders) {
  const all = [];
  for (const { version, title } of NETWORKS) {
    say(`${title}, ${contenders.length} contenders`);
    const entries = contenders.map((contender) => ({ contender, task: { version, resolution: 224 } }));
    all.push(await contest(browser, url, entries, { runs, peaks: true }));
  }
  return all;
}

await measured('frames', async () => {
  const labels = [];
  for (const { version, title } of NETWORKS) {
    for (const contenders of rivals(labellers)) {
      say(`from frame to label, ${title}, ${contenders.at(-1)?.name}`);
      labels.push(await labelContest(browser, url, contenders, version, { runs }));
    }
  }
  return { labels };
});
await measured('networks', async () => {
  const networks = await contests(browser, CONTENDERS);
  say('downloads');
  const runnable = networks[0].filter(({ missing }) => missing === null).map(({ contender }) => contender);
  return { networks, sizes: await sizes(browser, url, runnable) };
});
await measured('layers', async () => {
  say('layers');
  return { layers: await layers(browser, url) };
});
await measured('inputs', async () => {
  say('input sizes');
  const entries = RESOLUTIONS.map((resolution) => ({ contender: OURS, task: { version: 'v2', resolution } }));
  return { inputs: await contest(browser, url, entries, { runs, peaks: false }) };
});
await measured('start', async () => {
  say('first frames, cold start');
  return { frames: await firstFrames(browser, url), cold: await coldStart(browser, url, visits) };
});
await measured('engine', async () => {
  say('several networks in one engine, a photo');
  return { engine: await engine(browser, url, { runs }) };
});
await browser.close();

await measured('soak', async () => {
  say(`camera, ${minutes} minutes`);
  return { soak: await soak(url, minutes) };
});
await measured('revectorized', async () => {
  say('again with --wasm-revectorize');
  const flagged = await launch(['--js-flags=--wasm-revectorize']);
  try {
    return { revectorized: await contests(flagged, REVECTORIZED) };
  } finally {
    await flagged.close();
  }
});
await server.close();

const missing = PARTS.filter((part) => !results.parts[part]);
if (!isWhole || missing.length > 0) {
  console.log(`\n${report(results)}`);
  if (isWhole) say(`BENCHMARKS.md is left as it was, until these are measured here too: ${missing.join(', ')}`);
} else {
  writeFileSync(join(root, 'BENCHMARKS.md'), report(results));
  say('wrote BENCHMARKS.md, and every reading to target/bench/results.json');
}
