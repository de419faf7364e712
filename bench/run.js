// node bench/run.js [--runs N] [--quick]: measures everything, once its parts are there (`cargo xtask bench` makes them).
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { launch, made, root, serveAll } from './browser.js';
import { bundlePeers } from './bundle.js';
import { coldStart } from './cold.js';
import { CONTENDERS, NETWORKS, OURS, REVECTORIZED } from './contenders.js';
import { contest } from './contest.js';
import { firstFrames } from './frames.js';
import { layers } from './layers.js';
import { surroundings } from './machine.js';
import { report } from './report.js';
import { sizes } from './sizes.js';

const RESOLUTIONS = [96, 128, 160, 192, 224, 256, 288, 320];

const { values } = parseArgs({ options: { runs: { type: 'string' }, quick: { type: 'boolean', default: false } } });
const runs = Number(values.runs ?? (values.quick ? 10 : 60));
const visits = values.quick ? 2 : 10;

await bundlePeers();
const server = await serveAll();
const { url } = server;
const browser = await launch();
const around = surroundings(browser);

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

const networks = await contests(browser, CONTENDERS);
say('layers, input sizes');
const profiles = await layers(browser, url);
const inputs = await contest(
  browser,
  url,
  RESOLUTIONS.map((resolution) => ({ contender: OURS, task: { version: 'v2', resolution } })),
  { runs, peaks: false },
);
say('first frames, cold start, downloads');
const frames = await firstFrames(browser, url);
const cold = await coldStart(browser, url, visits);
const runnable = networks[0].filter(({ missing }) => missing === null).map(({ contender }) => contender);
const downloads = await sizes(browser, url, runnable);
await browser.close();

say('again with --wasm-revectorize');
const flagged = await launch(['--js-flags=--wasm-revectorize']);
const revectorized = await contests(flagged, REVECTORIZED);
await flagged.close();
await server.close();

const results = {
  command: ['cargo xtask bench', ...process.argv.slice(2)].join(' '),
  date: new Date().toISOString().slice(0, 10),
  surroundings: around,
  runs,
  networks,
  layers: profiles,
  inputs,
  frames,
  cold,
  sizes: downloads,
  revectorized,
};
mkdirSync(made, { recursive: true });
writeFileSync(join(made, 'results.json'), JSON.stringify(results));
if (values.quick) {
  console.log(`\n${report(results)}`);
} else {
  writeFileSync(join(root, 'BENCHMARKS.md'), report(results));
  say('wrote BENCHMARKS.md, and every reading to target/bench/results.json');
}
