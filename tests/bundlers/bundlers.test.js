// The package as its users get it: the tarball that npm packs, as plain files, in the production builds of webpack 5 and
// Vite, and from Vite's development server; on pages with and without cross-origin isolation.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as vite from 'vite';
import webpack from 'webpack';
import { ISOLATING_HEADERS, serve } from '../../www/serve.js';
import { launch } from '../page/chromium.js';
import { CONFIG, checkpoint } from './checkpoint.js';

const here = fileURLToPath(new URL('.', import.meta.url));

const BUILDS = /** @type {const} */ (['relaxed-threads', 'relaxed', 'simd-threads', 'simd']);

/** @type {string[]} */
const LABELS = JSON.parse(await readFile(join(here, '../../pkg/labels.json'), 'utf8'));

/** A project outside of this one: it finds the package in its own `node_modules` or nowhere. @type {string} */
let consumer;
/** @type {import('playwright-core').Browser} */
let browser;
before(async () => {
  consumer = await mkdtemp(join(tmpdir(), 'bundlers-'));
  await cp(join(here, 'consumer'), consumer, { recursive: true });
  await mkdir(join(consumer, 'public'));
  await writeFile(join(consumer, 'public/model.safetensors'), checkpoint());
  await writeFile(join(consumer, 'public/config.json'), JSON.stringify(CONFIG));
  const [{ filename }] = JSON.parse(npm(join(here, '../../pkg'), 'pack', '--json', '--pack-destination', consumer));
  npm(consumer, 'install', '--offline', '--no-package-lock', `./${filename}`);
  browser = await launch();
});
after(async () => {
  await browser?.close();
  if (consumer) await rm(consumer, { recursive: true });
});

/** @type {(cwd: string, ...args: string[]) => string} */
function npm(cwd, ...args) {
  return execFileSync('npm', [...args, '--silent'], { cwd, encoding: 'utf8' });
}

/**
 * Ways to serve the consumer's page: each prepares it and says how to start a server.
 * @typedef {{ url: string, close: () => Promise<void> }} Server
 * @type {Record<string, () => Promise<(isolated: boolean) => Promise<Server>>>}
 */
const WAYS = {
  'plain files': async () => {
    const folder = join(consumer, 'plain');
    await cp(join(consumer, 'main.js'), join(folder, 'main.js'));
    const map = { imports: { 'mobilenet-wasm': './node_modules/mobilenet-wasm/index.js' } };
    const html = await readFile(join(consumer, 'index.html'), 'utf8');
    await writeFile(
      join(folder, 'index.html'),
      html.replace('<body>', `$&<script type="importmap">${JSON.stringify(map)}</script>`),
    );
    return serverOf(folder, consumer);
  },
  'webpack 5, production': async () => {
    const folder = join(consumer, 'webpack');
    const options = /** @type {const} */ ({ mode: 'production', context: consumer, entry: './main.js' });
    const { errors } = await new Promise((resolve, reject) =>
      webpack({ ...options, output: { path: folder } }, (error, stats) =>
        error ? reject(error) : resolve(stats.toJson({ all: false, errors: true })),
      ),
    );
    assert.deepEqual(errors, []);
    await cp(join(consumer, 'index.html'), join(folder, 'index.html'));
    return serverOf(folder);
  },
  'Vite, production': async () => {
    const folder = join(consumer, 'vite');
    await vite.build({ root: consumer, configFile: false, logLevel: 'warn', build: { outDir: folder } });
    return serverOf(folder);
  },
  'Vite, development server': async () => async (isolated) => {
    const server = await vite.createServer({
      root: consumer,
      configFile: false,
      logLevel: 'warn',
      server: { host: '127.0.0.1', headers: isolated ? ISOLATING_HEADERS : {} },
    });
    await server.listen(0);
    return { url: server.resolvedUrls.local[0], close: () => server.close() };
  },
};

/**
 * @param {string[]} folders whose files are served, the first that holds one wins
 * @returns {(isolated: boolean) => Promise<Server>}
 */
function serverOf(...folders) {
  const mounts = [...folders, join(consumer, 'public')].map((folder) => ({ prefix: '/', folder }));
  return (isolated) => serve({ mounts, isolated });
}

for (const [way, prepare] of Object.entries(WAYS)) {
  test(`${way}: every build reads a picture, isolated and not`, async () => {
    const start = await prepare();
    for (const isolated of [true, false]) {
      const server = await start(isolated);
      const page = await browser.newPage();
      try {
        page.setDefaultTimeout(20_000);
        await page.goto(server.url);
        await page.waitForFunction(() => 'classify' in globalThis);
        assert.equal(await page.evaluate(() => crossOriginIsolated), isolated);
        const usable = BUILDS.filter((build) => isolated || !build.endsWith('-threads'));
        for (const build of [undefined, ...usable]) {
          const { info, predictions } = await page.evaluate((options) => classify(options), { build, threads: 2 });
          assert.equal(info.build, build ?? usable[0], way);
          assert.equal(info.threads, info.build.endsWith('-threads') ? 2 : 1);
          assert.deepEqual(
            info.skipped.map(({ build }) => build),
            isolated || build ? [] : ['relaxed-threads'],
          );
          checkPredictions(predictions, info.build);
        }
      } finally {
        await page.close();
        await server.close();
      }
    }
  });
}

/** What each instruction set answered first. @type {Map<string, import('../../pkg/index.js').Prediction[]>} */
const answers = new Map();

/**
 * @param {import('../../pkg/index.js').Prediction[]} predictions
 * @param {string} build
 */
function checkPredictions(predictions, build) {
  assert.equal(predictions.length, 5);
  for (const { index, label, probability } of predictions) {
    assert.equal(label, LABELS[index]);
    assert.ok(probability > 0 && probability < 1);
  }
  const [instructions] = build.split('-');
  assert.deepEqual(predictions, answers.get(instructions) ?? predictions);
  answers.set(instructions, predictions);
}
