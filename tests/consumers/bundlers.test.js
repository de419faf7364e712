// Builds pages with the package by each tool in the table of pkg/README.md, without settings or with the one that the table names,
// and runs them with and without cross-origin isolation.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { nodeResolve } from '@rollup/plugin-node-resolve';
import { importMetaAssets } from '@web/rollup-plugin-import-meta-assets';
import * as esbuild from 'esbuild';
import { rollup } from 'rollup';
import * as vite8 from 'vite';
import * as vite5 from 'vite-5';
import * as vite6 from 'vite-6';
import * as vite7 from 'vite-7';
import webpack from 'webpack';
import { ISOLATING_HEADERS, serve } from '../../www/serve.js';
import { launch } from '../page/chromium.js';
import { heavy, project, withoutHeavy } from './project.js';

const BUILDS = /** @type {const} */ (['relaxed-threads', 'relaxed', 'simd-threads', 'simd']);

/** @type {string[]} */
const LABELS = JSON.parse(await readFile(new URL('../../pkg/labels.json', import.meta.url), 'utf8'));

/** @type {Awaited<ReturnType<typeof project>>} */
let consumer;
/** @type {string} */
let root;
/** @type {import('playwright-core').Browser} */
let browser;
before(async () => {
  consumer = await project();
  root = consumer.folder;
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await consumer?.remove();
});

/**
 * @typedef {{ url: string, close: () => Promise<void> }} Server
 *
 * @typedef {object} Served
 * @property {(isolated: boolean) => Promise<Server>} start
 * @property {object} [options] options of the package's `load` that the tool needs
 * @property {readonly import('../../pkg/index.js').BuildName[]} [builds] the existing builds, if not all
 * @property {string} [elsewhere] a folder that another origin, `http://cdn.test/`, serves
 */

/**
 * @param {string} prefix of the addresses
 * @param {...string} folders their files are served; the first folder that has a file wins
 * @returns {(isolated: boolean) => Promise<Server>}
 */
function serverOf(prefix, ...folders) {
  const mounts = [...folders, join(root, 'public')].map((folder) => ({ prefix, folder }));
  return async (isolated) => {
    const { url, close } = await serve({ mounts, isolated });
    return { url: new URL(prefix, url).href, close };
  };
}

/**
 * A page without a bundler.
 * @param {string} name
 * @param {string} package_ the package's address
 */
async function plainPage(name, package_) {
  const folder = join(root, name);
  await mkdir(folder);
  for (const file of ['main.js', 'picture.js']) await cp(join(root, file), join(folder, file));
  const map = JSON.stringify({ imports: { 'mobilenet-wasm': package_ } });
  const html = await readFile(join(root, 'index.html'), 'utf8');
  await writeFile(join(folder, 'index.html'), html.replace('<body>', `$&<script type="importmap">${map}</script>`));
  return folder;
}

/** @param {typeof import('vite')} vite */
const viteBuild = (vite, name) => async () => {
  const outDir = join(root, name);
  await vite.build({ root, configFile: false, logLevel: 'warn', base: '/below/a/path/', build: { outDir } });
  return { start: serverOf('/below/a/path/', outDir) };
};

/**
 * @param {typeof import('vite')} vite
 * @param {string} name
 * @param {import('vite').UserConfig} [setting]
 */
const viteServer = (vite, name, setting) => async () => ({
  start: async (isolated) => {
    const server = await vite.createServer({
      root,
      configFile: false,
      logLevel: 'warn',
      cacheDir: join(root, 'node_modules', name),
      server: { host: '127.0.0.1', headers: isolated ? ISOLATING_HEADERS : {} },
      ...setting,
    });
    await server.listen(0);
    return { url: server.resolvedUrls.local[0], close: () => server.close() };
  },
});

const EXCLUDED = { optimizeDeps: { exclude: ['mobilenet-wasm'] } };

/** Copies the page beside a bundle, for tools that don't. */
const withPage = async (folder) => {
  await cp(join(root, 'index.html'), join(folder, 'index.html'));
  return folder;
};

/** @type {Record<string, () => Promise<Served>>} */
const WAYS = {
  'plain files with an import map': async () => ({
    start: serverOf('/', await plainPage('plain', '/node_modules/mobilenet-wasm/index.js'), root),
  }),
  'plain files of another origin': async () => ({
    start: serverOf('/', await plainPage('cdn', 'http://cdn.test/mobilenet-wasm/index.js')),
    elsewhere: join(root, 'node_modules'),
  }),
  'Vite 5, production': viteBuild(vite5, 'vite-5'),
  'Vite 5, development': viteServer(vite5, 'vite-5', EXCLUDED),
  'Vite 5, development below a path': viteServer(vite5, 'vite-5-below', { ...EXCLUDED, base: '/below/a/path/' }),
  'Vite 6, production': viteBuild(vite6, 'vite-6'),
  'Vite 6, development': viteServer(vite6, 'vite-6', EXCLUDED),
  'Vite 7, production': viteBuild(vite7, 'vite-7'),
  'Vite 7, development': viteServer(vite7, 'vite-7', EXCLUDED),
  'Vite 8, production': viteBuild(vite8, 'vite-8'),
  'Vite 8, development': viteServer(vite8, 'vite-8'),
  'Vite 8, development below a path': viteServer(vite8, 'vite-8-below', { base: '/below/a/path/' }),
  'webpack 5': async () => {
    const path = join(root, 'webpack');
    const options = /** @type {const} */ ({ mode: 'production', context: root, entry: './main.js', output: { path } });
    const { errors } = await new Promise((resolve, reject) =>
      webpack(options, (error, stats) => (error ? reject(error) : resolve(stats.toJson({ all: false, errors: true })))),
    );
    assert.deepEqual(errors, []);
    return { start: serverOf('/', await withPage(path)) };
  },
  'Rollup 4': async () => {
    const dir = join(root, 'rollup');
    const bundle = await rollup({
      input: join(root, 'main.js'),
      plugins: [nodeResolve({ browser: true }), importMetaAssets()],
    });
    await bundle.write({ dir, format: 'es', entryFileNames: 'main.js' });
    await bundle.close();
    return { start: serverOf('/', await withPage(dir)) };
  },
  'esbuild, with assets': async () => {
    const outdir = join(root, 'esbuild');
    await esbuild.build({ absWorkingDir: root, entryPoints: ['main.js'], bundle: true, format: 'esm', outdir });
    await cp(join(root, 'node_modules/mobilenet-wasm/wasm'), join(outdir, 'engine'), { recursive: true });
    return { start: serverOf('/', await withPage(outdir)), options: { assets: 'engine/' } };
  },
  'esbuild, mobilenet-wasm/inline': async () => {
    const outdir = join(root, 'esbuild-inline');
    const code = await readFile(join(root, 'main.js'), 'utf8');
    await writeFile(join(root, 'inline.js'), code.replace("'mobilenet-wasm'", "'mobilenet-wasm/inline'"));
    await esbuild.build({
      absWorkingDir: root,
      entryPoints: { main: 'inline.js' },
      bundle: true,
      // The oldest form: a script that is no module.
      format: 'iife',
      outdir,
    });
    return { start: serverOf('/', await withPage(outdir)), builds: ['relaxed', 'simd'] };
  },
};

/** @type {Record<string, () => Promise<Served>>} */
const HEAVY_WAYS = {
  'Parcel 2': async () => {
    const dist = join(root, 'parcel');
    const command = ['build', 'index.html', '--dist-dir', dist, '--no-cache', '--log-level', 'warn'];
    execFileSync(process.execPath, [join(heavy, 'node_modules/parcel/lib/bin.js'), ...command], {
      cwd: root,
      stdio: 'inherit',
    });
    return { start: serverOf('/', dist) };
  },
  'Next.js 16, production': async () => {
    // Its packages must lie in a folder above that has a lock file.
    const { folder, remove } = await project(heavy);
    try {
      await mkdir(join(folder, 'app'));
      const config = { output: 'export', turbopack: { root: heavy } };
      await writeFile(join(folder, 'next.config.mjs'), `export default ${JSON.stringify(config)};`);
      const layout = `export default ({ children }) => <html lang="en"><body>{children}</body></html>;`;
      await writeFile(join(folder, 'app/layout.jsx'), layout);
      const code = `'use client'; import '../main.js'; export default () => <p>A page</p>;`;
      await writeFile(join(folder, 'app/page.jsx'), code);
      const next = join(heavy, 'node_modules/next/dist/bin/next');
      const env = { ...process.env, NEXT_TELEMETRY_DISABLED: '1' };
      execFileSync(process.execPath, [next, 'build'], { cwd: folder, stdio: 'inherit', env });
      await cp(join(folder, 'out'), join(root, 'next'), { recursive: true });
    } finally {
      await remove();
    }
    return { start: serverOf('/', join(root, 'next')) };
  },
};

for (const [way, prepare] of Object.entries(WAYS)) test(way, () => check(prepare));
for (const [way, prepare] of Object.entries(HEAVY_WAYS)) test(way, { skip: withoutHeavy }, () => check(prepare));

/**
 * Classifies a picture with every build.
 * @param {() => Promise<Served>} prepare
 */
async function check(prepare) {
  const { start, options, builds = BUILDS, elsewhere } = await prepare();
  for (const isolated of [true, false]) {
    const server = await start(isolated);
    const page = await browser.newPage();
    try {
      page.setDefaultTimeout(20_000);
      if (elsewhere) await serveElsewhere(page, elsewhere);
      await page.goto(server.url);
      await page.waitForFunction(() => 'classify' in globalThis);
      assert.equal(await page.evaluate(() => crossOriginIsolated), isolated);
      const usable = builds.filter((build) => isolated || !build.endsWith('-threads'));
      for (const build of [undefined, ...usable]) {
        const wish = { build, threads: 2, ...options };
        const { info, predictions } = await page.evaluate((options) => classify(options), wish);
        assert.equal(info.build, build ?? usable[0]);
        assert.equal(info.threads, info.build.endsWith('-threads') ? 2 : 1);
        if (builds === BUILDS) {
          assert.deepEqual(
            info.skipped.map(({ build }) => build),
            isolated || build ? [] : ['relaxed-threads'],
          );
        }
        checkPredictions(predictions, info.build);
      }
      const { info, predictions } = await page.evaluate((options) => exported(options), { threads: 2, ...options });
      checkPredictions(predictions, info.build);
    } finally {
      await page.close();
      await server.close();
    }
  }
}

/**
 * @param {import('playwright-core').Page} page
 * @param {string} folder
 */
function serveElsewhere(page, folder) {
  const types = { '.js': 'text/javascript', '.json': 'application/json', '.wasm': 'application/wasm' };
  return page.context().route('http://cdn.test/**', async (route) => {
    const { pathname } = new URL(route.request().url());
    const headers = { 'access-control-allow-origin': '*', 'cross-origin-resource-policy': 'cross-origin' };
    await route.fulfill({ path: join(folder, pathname), contentType: types[extname(pathname)], headers });
  });
}

/** The first answer of each instruction set. @type {Map<string, import('../../pkg/index.js').Prediction[]>} */
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
