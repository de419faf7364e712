// Provides what the browser tests share: the server, Chromium, a photo as webcam, and a page without a bundler.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { serve } from '../../www/serve.js';
import { launch } from './chromium.js';

const www = fileURLToPath(new URL('../../www/', import.meta.url));

const readme = readFileSync(new URL('../../pkg/README.md', import.meta.url), 'utf8');

/**
 * The Content-Security-Policies in the package's README: for a page with the package beside it, for one with the package on
 * `https://cdn.example`, for the package in one file, and the addition for weights by name.
 */
export const policies = policiesOf(readme);

/** @param {string} readme */
function policiesOf(readme) {
  const section = readme.slice(readme.indexOf('**Content-Security-Policy:**'));
  const [own, foreign] = Array.from(section.matchAll(/`(script-src [^`]+)`/g), ([, policy]) =>
    policy.replaceAll('\n', ' '),
  );
  const [, inline] = /mobilenet-wasm\/inline` needs `(worker-src [^`]+)`/.exec(section);
  const [, hosts] = /allow the hosts: `(connect-src [^`]+)`/.exec(readme);
  return { own, foreign, inline: own.replace(/worker-src [^;]+/, inline), hosts };
}

/**
 * Serves a folder of the server as `https://cdn.example/`, with the headers that pages of other origins need.
 * @param {import('playwright-core').BrowserContext | import('playwright-core').Page} context
 * @param {string} url the folder's address
 */
export function serveFromCdn(context, url) {
  const cors = { 'access-control-allow-origin': '*', 'cross-origin-resource-policy': 'cross-origin' };
  return context.route('https://cdn.example/**', async (route) => {
    const response = await route.fetch({ url: route.request().url().replace('https://cdn.example/', url) });
    await route.fulfill({ response, headers: { ...response.headers(), ...cors } });
  });
}

/** The photos, with the class that every trained network here gives them. */
export const PHOTOS = [
  { file: 'chelsea.png', index: 285, label: 'Egyptian cat' },
  { file: 'coffee.png', index: 967, label: 'espresso' },
];

/** The page's columns. */
export const GENERATIONS = /** @type {{ versions: import('../../pkg/index.js').Version[], name: string }[]} */ (
  JSON.parse(readFileSync(join(www, 'src/generations.json'), 'utf8'))
);

/** The version that each column is named after. */
export const COLUMNS = GENERATIONS.map(({ versions: [version] }) => version);

/**
 * The checkpoints beside the page, from `models.json`, without those that no column runs: `tests/trained.rs` tests
 * EfficientNet-Lite0.
 */
export const models = shown(readModels());

function readModels() {
  if (!existsSync(join(www, 'dist/index.html'))) throw new Error('the page is not built: run `npm run build` in www');
  const changed = (file) => statSync(join(www, '../pkg', file), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (
    ['worker.js', 'worker-answers.js', 'protocol.js', 'errors.js'].some(
      (file) => changed(file) > changed('wasm/relaxed/worker.js'),
    )
  ) {
    throw new Error('the package’s workers are older than their sources: run `npm run bundle-package` in www');
  }
  const list = join(www, 'public/models/models.json');
  if (!existsSync(list)) throw new Error('there are no models to test with: run `cargo xtask models`');
  return JSON.parse(readFileSync(list, 'utf8')).models;
}

function shown(models) {
  const shown = models.filter(({ version }) => COLUMNS.includes(version));
  if (shown.length === 0) throw new Error('models.json lists no models that the page runs');
  return shown;
}

/** A checkpoint with a config. Those of torchvision, which `cargo xtask models` gets from the package index, have none. */
export const configured = readModels().find(({ config }) => config !== null);

/** The first checkpoint of each version that has one. Its card runs this checkpoint when the page opens. */
export const firstModels = [...new Map([...models].reverse().map((model) => [model.version, model])).values()];

/** The lightest checkpoint, for tests that work with any. */
export const lightest = models.reduce((a, b) => (a.bytes <= b.bytes ? a : b));

/** The lightest checkpoint that can run on 8 bits. Networks of a width below 0.75 stay on floats. */
export const lightestWide = models.filter(({ width }) => width >= 0.75).reduce((a, b) => (a.bytes <= b.bytes ? a : b));

/** The heaviest checkpoint, which arrives in many pieces. */
export const heaviest = models.reduce((a, b) => (a.bytes >= b.bytes ? a : b));

/** @param {string} path a path below `www/public` */
export function publicFile(path) {
  return join(www, 'public', path);
}

export const FAKE_CAMERA = ['--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream'];

/**
 * Starts a server and a browser for the tests of one file.
 * @param {string[]} [flags]
 */
export async function open(flags) {
  // The browser starts first: a server keeps the test's process alive, so without a browser the process would never end.
  const browser = await launch(flags);
  const server = await serve();
  return {
    browser,
    url: server.url,
    /** Ends only the server. */
    stop: () => server.close(),
    async close() {
      await browser.close();
      await server.close();
    },
  };
}

/**
 * Opens the page.
 * @param {Awaited<ReturnType<typeof open>>} session
 * @param {import('playwright-core').BrowserContextOptions & { prepare?: (page: import('playwright-core').Page) => Promise<unknown> }} [options]
 */
export async function openPage({ browser, url }, { prepare, ...options } = {}) {
  // Tests don't see a service worker's requests.
  const page = await browser.newPage({ serviceWorkers: 'block', ...options });
  page.setDefaultTimeout(60_000);
  await prepare?.(page);
  await page.goto(url);
  return page;
}

/**
 * Opens a column's list of other weights, into which its controls are put then.
 * @param {import('playwright-core').Locator} column
 */
export async function openOtherWeights(column) {
  const more = column.locator('.more');
  await more.evaluate((/** @type {HTMLDetailsElement} */ more) => (more.open = true));
  await more.locator('select').nth(2).waitFor();
}

/**
 * Opens the page with some weights beside it and its sample picture, and goes to one of its parts when all columns have answered.
 * @param {Awaited<ReturnType<typeof open>>} session
 * @param {typeof models} weights
 * @param {string} part its selector
 * @param {import('playwright-core').BrowserContextOptions & { search?: string }} [options]
 */
export async function openAt(session, weights, part, { search = '', ...options } = {}) {
  const page = await openPage(session, {
    ...options,
    prepare: (page) => page.route('**/models/models.json', (route) => route.fulfill({ json: { models: weights } })),
  });
  if (search) await page.goto(`${session.url}${search}`);
  for (const { version } of weights) await card(page, version).locator('.predictions .label').first().waitFor();
  await page.locator(part).scrollIntoViewIfNeeded();
  return page;
}

/**
 * Opens a document of the server's origin, in which only the test's own script runs.
 * @param {Awaited<ReturnType<typeof open>>} session
 * @param {import('playwright-core').BrowserContextOptions & { isolated?: boolean }} [options] `isolated`: whether it has the
 *   headers that threads need, which the server sends with every page; true by default
 */
export async function openBlank({ browser, url }, { isolated = true, ...options } = {}) {
  const page = await browser.newPage(options);
  page.setDefaultTimeout(60_000);
  const headers = isolated
    ? { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' }
    : {};
  await page.route(`${url}blank`, (route) =>
    route.fulfill({ contentType: 'text/html', headers, body: '<!doctype html><title>blank</title>' }),
  );
  await page.goto(`${url}blank`);
  return page;
}

/** Runs in a blank page: defines what many tests of the package need. */
export async function installHelpers(model) {
  const { Engine, MobileNet, MobileNetError } = await import('/pkg/index.js');
  const { url: weights, config, preprocessorConfig } = model;
  const options = { weights, config, preprocessorConfig };
  Object.assign(globalThis, {
    Engine,
    MobileNet,
    MobileNetError,
    options,
    load: (more) => MobileNet.load({ ...options, ...more }),
    photo: async (file = 'chelsea.png') => (await fetch(`/samples/${file}`)).blob(),
    /** Draws a picture on a canvas of the picture's size, by default a new one. */
    drawn: (picture, canvas = new OffscreenCanvas(picture.width, picture.height)) => {
      canvas.width = picture.width;
      canvas.height = picture.height;
      canvas.getContext('2d').drawImage(picture, 0, 0);
      return canvas;
    },
    /** The code of the error with which a promise rejects, or a description of any other outcome. */
    codeOf: (promise) =>
      promise.then(
        (value) => `resolved: ${JSON.stringify(value)}`,
        (error) => (error instanceof MobileNetError ? error.code : `not a MobileNetError: ${error}`),
      ),
  });
}

/**
 * Makes a worker of the package fail as by a trap in wasm when it next classifies. Wasm asks for the time when it begins and
 * when it has prepared the picture. The worker itself asks twice before that.
 * @param {import('playwright-core').Worker} worker
 */
export function trapNextFrame(worker) {
  return worker.evaluate(() => {
    const { performance } = globalThis;
    const now = performance.now.bind(performance);
    let asked = 0;
    performance.now = () => {
      if (++asked > 2) throw new WebAssembly.RuntimeError('unreachable');
      return now();
    };
  });
}

/** Waits until a page has no worker left. @returns whether that happened */
export async function noWorkers(page) {
  const deadline = Date.now() + 5000;
  while (page.workers().length > 0 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 50));
  return page.workers().length === 0;
}

/** @param {string} version */
export function card(page, version) {
  return page.locator(`.card[data-version="${version}"]`);
}

/** The label in the first line of a card's ranking. */
export function firstAnswer(page, version) {
  return card(page, version).locator('.predictions li:first-child .label');
}

/**
 * Writes a photo as Chromium's fake webcam needs it: baseline JPEGs, one after the other. They have the photo's own size without
 * an odd column or row, because an undecided network could answer differently for an enlarged photo.
 * @param {Awaited<ReturnType<typeof open>>} session
 * @param {string} photo the file's name among the samples
 * @returns {Promise<{ flag: string, remove: () => Promise<void> }>}
 */
export async function webcamOf(session, photo) {
  const page = await openBlank(session);
  const base64 = await page.evaluate(async (photo) => {
    const bitmap = await createImageBitmap(await (await fetch(`samples/${photo}`)).blob());
    const canvas = new OffscreenCanvas(bitmap.width & ~1, bitmap.height & ~1);
    const context = canvas.getContext('2d');
    context.drawImage(bitmap, 0, 0);
    // Chromium takes the JPEG's full range (0 to 255) for video range (16 to 235) and stretches it. This squeezes it beforehand.
    const image = context.getImageData(0, 0, canvas.width, canvas.height);
    for (let i = 0; i < image.data.length; i++) if (i % 4 !== 3) image.data[i] = 16 + (image.data[i] * 219) / 255;
    context.putImageData(image, 0, 0);
    const jpeg = new Uint8Array(
      await (await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.95 })).arrayBuffer(),
    );
    return btoa(Array.from(jpeg, (byte) => String.fromCharCode(byte)).join(''));
  }, photo);
  await page.close();
  const jpeg = Buffer.from(base64, 'base64');
  const folder = await mkdtemp(join(tmpdir(), 'webcam-'));
  const file = join(folder, 'photo.mjpeg');
  await writeFile(file, Buffer.concat([jpeg, jpeg, jpeg]));
  return {
    flag: `--use-file-for-fake-video-capture=${file}`,
    remove: () => rm(folder, { recursive: true }),
  };
}
