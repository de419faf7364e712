// node bench/run.js [--runs N] [--quick] [--minutes N] [--only PART]...: measures everything, or only the parts that are
// named, once all that they need is there (`cargo xtask bench` makes it).
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { launch, made, root, serveAll } from './browser.js';
import { bundlePeers } from './bundle.js';
import { coldStart } from './cold.js';
import { CONTENDERS, LABELLERS, NETWORKS, OURS, REVECTORIZED } from './contenders.js';
import { contest } from './contest.js';
import { firstFrames } from './frames.js';
import { labelContest } from './labels.js';
import { layers } from './layers.js';
import { surroundings } from './machine.js';
import { report } from './report.js';
import { sizes } from './sizes.js';
import { soak } from './soak.js';

const RESOLUTIONS = [96, 128, 160, 192, 224, 256, 288, 320];

/** What `--only` can name. */
const PARTS = ['frames', 'networks', 'layers', 'inputs', 'start', 'soak', 'revectorized'];

const { values } = parseArgs({
  options: {
    runs: { type: 'string' },
    quick: { type: 'boolean', default: false },
    minutes: { type: 'string' },
    only: { type: 'string', multiple: true },
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

await bundlePeers();
const server = await serveAll();
const { url } = server;
const browser = await launch();

/** @type {import('./report.js').Results} */
const results = {
  command: ['cargo xtask bench', ...process.argv.slice(2)].join(' '),
  date: new Date().toISOString().slice(0, 10),
  surroundings: surroundings(browser),
  runs,
};

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

if (parts.has('frames')) {
  results.labels = [];
  for (const { version, title } of NETWORKS) {
    say(`from frame to label, ${title}, ${LABELLERS.length} contenders`);
    results.labels.push(await labelContest(browser, url, LABELLERS, version, { runs }));
  }
}
if (parts.has('networks')) {
  results.networks = await contests(browser, CONTENDERS);
  say('downloads');
  const runnable = results.networks[0].filter(({ missing }) => missing === null).map(({ contender }) => contender);
  results.sizes = await sizes(browser, url, runnable);
}
if (parts.has('layers')) {
  say('layers');
  results.layers = await layers(browser, url);
}
if (parts.has('inputs')) {
  say('input sizes');
  results.inputs = await contest(
    browser,
    url,
    RESOLUTIONS.map((resolution) => ({ contender: OURS, task: { version: 'v2', resolution } })),
    { runs, peaks: false },
  );
}
if (parts.has('start')) {
  say('first frames, cold start');
  results.frames = await firstFrames(browser, url);
  results.cold = await coldStart(browser, url, visits);
}
await browser.close();

if (parts.has('soak')) {
  say(`camera, ${minutes} minutes`);
  results.soak = await soak(url, minutes);
}
if (parts.has('revectorized')) {
  say('again with --wasm-revectorize');
  const flagged = await launch(['--js-flags=--wasm-revectorize']);
  results.revectorized = await contests(flagged, REVECTORIZED);
  await flagged.close();
}
await server.close();

mkdirSync(made, { recursive: true });
writeFileSync(join(made, 'results.json'), JSON.stringify(results));
if (values.quick || values.only) {
  console.log(`\n${report(results)}`);
} else {
  writeFileSync(join(root, 'BENCHMARKS.md'), report(results));
  say('wrote BENCHMARKS.md, and every reading to target/bench/results.json');
}
