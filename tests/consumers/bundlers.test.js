// Builds pages with the package by each tool in the table of pkg/README.md, without settings or with the one that the table names,
// and runs them with and without cross-origin isolation.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { extname, join } from 'node:path';
import { createInterface } from 'node:readline';
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
  // The pages with a camera see Chromium's test pattern.
  browser = await launch(['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream']);
});
/** @type {Awaited<ReturnType<typeof project>>[]} The projects of tools that don't build in the common one. */
const others = [];
after(async () => {
  await browser?.close();
  for (const { remove } of [consumer, ...others].filter(Boolean)) await remove();
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

/**
 * @param {typeof import('vite')} vite
 * @param {string} name
 * @param {() => Promise<string>} [page] makes the page's folder
 */
const viteBuild = (vite, name, page) => async () => {
  const outDir = join(root, name);
  const folder = (await page?.()) ?? root;
  const build = { outDir, emptyOutDir: true };
  await vite.build({ root: folder, configFile: false, logLevel: 'warn', base: '/below/a/path/', build });
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

/**
 * @param {string} name
 * @param {string} entry
 */
const webpackBuild = (name, entry) => async () => {
  const path = join(root, name);
  const options = /** @type {const} */ ({ mode: 'production', context: root, entry, output: { path } });
  const { errors } = await new Promise((resolve, reject) =>
    webpack(options, (error, stats) => (error ? reject(error) : resolve(stats.toJson({ all: false, errors: true })))),
  );
  assert.deepEqual(errors, []);
  return { start: serverOf('/', await withPage(path)) };
};

/**
 * @param {string} name
 * @param {string} entry
 */
const esbuildBuild = (name, entry) => async () => {
  const outdir = join(root, name);
  const entryPoints = { main: entry };
  await esbuild.build({ absWorkingDir: root, entryPoints, bundle: true, format: 'esm', outdir });
  await cp(join(root, 'node_modules/mobilenet-wasm/wasm'), join(outdir, 'engine'), { recursive: true });
  return { start: serverOf('/', await withPage(outdir)), options: { assets: 'engine/' } };
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
  'Vite 6, development below a path': viteServer(vite6, 'vite-6-below', { ...EXCLUDED, base: '/below/a/path/' }),
  'Vite 7, production': viteBuild(vite7, 'vite-7'),
  'Vite 7, development': viteServer(vite7, 'vite-7', EXCLUDED),
  'Vite 7, development below a path': viteServer(vite7, 'vite-7-below', { ...EXCLUDED, base: '/below/a/path/' }),
  'Vite 8, production': viteBuild(vite8, 'vite-8'),
  'Vite 8, development': viteServer(vite8, 'vite-8'),
  'Vite 8, development below a path': viteServer(vite8, 'vite-8-below', { base: '/below/a/path/' }),
  'webpack 5': webpackBuild('webpack', './main.js'),
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
  'esbuild, with assets': esbuildBuild('esbuild', 'main.js'),
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

/** A page with the package's other entries. */
async function entriesPage() {
  const folder = join(root, 'entries');
  await mkdir(folder);
  for (const file of ['entries.js', 'picture.js']) await cp(join(root, file), join(folder, file));
  const html = await readFile(join(root, 'index.html'), 'utf8');
  await writeFile(join(folder, 'index.html'), html.replace('./main.js', './entries.js'));
  return folder;
}

/** The ways to build a page with the package's other entries. @type {Record<string, () => Promise<Served>>} */
const ENTRIES = {
  'Vite 8': viteBuild(vite8, 'vite-8-entries', entriesPage),
  'webpack 5': webpackBuild('webpack-entries', './entries.js'),
  'esbuild, with assets': esbuildBuild('esbuild-entries', 'entries.js'),
};

/** The project of Next.js, which both ways build. Its packages must lie in a folder above that has a lock file. */
async function nextProject() {
  const made = await project(heavy);
  others.push(made);
  const { folder } = made;
  await mkdir(join(folder, 'app'));
  const layout = `export default ({ children }) => <html lang="en"><body>{children}</body></html>;`;
  await writeFile(join(folder, 'app/layout.jsx'), layout);
  const code = `'use client'; import '../main.js'; export default () => <p>A page</p>;`;
  await writeFile(join(folder, 'app/page.jsx'), code);
  return folder;
}

const NEXT = join(heavy, 'node_modules/next/dist/bin/next');
const NEXT_ENV = { ...process.env, NEXT_TELEMETRY_DISABLED: '1' };

/**
 * @param {string} folder
 * @param {string} config the code of an object's fields
 */
async function nextBuild(folder, config) {
  const root = JSON.stringify(heavy);
  await writeFile(join(folder, 'next.config.mjs'), `export default { turbopack: { root: ${root} }, ${config} };`);
  execFileSync(process.execPath, [NEXT, 'build'], { cwd: folder, stdio: 'inherit', env: NEXT_ENV });
}

/** Next.js's own server sends the headers to pages at this name of the loopback address alone. */
const ISOLATED_HOST = '127.0.0.1';

/**
 * @param {string} folder of a built project
 * @param {boolean} isolated
 * @returns {Promise<Server>}
 */
async function nextStart(folder, isolated) {
  const server = spawn(process.execPath, [NEXT, 'start', '--hostname', ISOLATED_HOST, '--port', '0'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: NEXT_ENV,
  });
  const close = async () => {
    if (server.exitCode !== null) return;
    const exit = once(server, 'exit');
    server.kill();
    await exit;
  };
  for await (const line of createInterface({ input: server.stdout })) {
    const [, port] = /Local:\s+http:\/\/\S+:(\d+)/.exec(line) ?? [];
    if (port) return { url: `http://${isolated ? ISOLATED_HOST : 'localhost'}:${port}/`, close };
  }
  throw new Error('Next.js ended before it said its address');
}

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
  'Next.js 16, exported': async () => {
    const folder = await nextProject();
    await nextBuild(folder, "output: 'export'");
    return { start: serverOf('/', join(folder, 'out')) };
  },
  'Next.js 16, its own server': async () => {
    const folder = await nextProject();
    const headers = Object.entries(ISOLATING_HEADERS).map(([key, value]) => ({ key, value }));
    const rule = { source: '/:path*', has: [{ type: 'host', value: ISOLATED_HOST }], headers };
    await nextBuild(folder, `headers: () => [${JSON.stringify(rule)}]`);
    return { start: (isolated) => nextStart(folder, isolated) };
  },
};

for (const [way, prepare] of Object.entries(WAYS)) test(way, () => check(prepare));
for (const [way, prepare] of Object.entries(ENTRIES)) test(`${way}, the other entries`, () => checkEntries(prepare));
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
 * Asks `teach`, `fit` and `camera` of the same network.
 * @param {() => Promise<Served>} prepare
 */
async function checkEntries(prepare) {
  const { start, options } = await prepare();
  const server = await start(false);
  const page = await browser.newPage();
  try {
    page.setDefaultTimeout(20_000);
    await page.goto(server.url);
    await page.waitForFunction(() => 'entries' in globalThis);
    const { net, teach, fit, camera } = await page.evaluate((options) => entries(options), { threads: 1, ...options });
    assert.deepEqual(teach, [{ label: 'stripes', probability: 1 }]);
    assert.deepEqual(fit, net);
    assert.equal(camera, 5);
  } finally {
    await page.close();
    await server.close();
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
