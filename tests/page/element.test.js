// Tests `<mobilenet-camera>` with Chromium's fake devices.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FAKE_CAMERA, PHOTOS, lightest, noWorkers, open, policies, serveFromCdn, webcamOf } from './harness.js';
import { madeUp } from './made-up.js';

/** The README's page, with weights from this server. */
const html = (attributes, script = '/pkg/camera.js') => `<!doctype html>
<meta charset="utf-8">
<title>What does the camera see?</title>
<script type="module" src="${script}"></script>
<mobilenet-camera ${attributes}></mobilenet-camera>`;

/** A strict policy with the README's exceptions. */
const POLICY = `default-src 'none'; ${policies.own}`;

const config = lightest.config ? ` config="${lightest.config}"` : '';
const MODEL = `weights="${lightest.url}"${config}`;

/**
 * Opens a page with the element, which records the element's events in `heard`.
 * @param {Awaited<ReturnType<typeof open>>} session
 * @param {string} attributes
 * @param {(page: import('playwright-core').Page) => Promise<unknown>} [prepare]
 * @param {{ policy?: string, script?: string }} [from]
 */
async function pageWith({ browser, url }, attributes, prepare = async (_) => {}, { policy = POLICY, script } = {}) {
  const page = await browser.newPage({ viewport: { width: 390, height: 800 } });
  page.setDefaultTimeout(60_000);
  await prepare(page);
  await page.route(`${url}element`, (route) =>
    route.fulfill({
      contentType: 'text/html',
      headers: { 'Content-Security-Policy': policy },
      body: html(attributes, script),
    }),
  );
  await page.addInitScript(() => {
    globalThis.heard = [];
    for (const type of ['progress', 'ready', 'prediction', 'error']) {
      document.addEventListener(
        type,
        (event) => {
          const { detail } = /** @type {CustomEvent} */ (event);
          if (detail) heard.push({ type, detail: detail.code ?? detail.name ?? detail });
        },
        { capture: true },
      );
    }
  });
  await page.goto(`${url}element`);
  return page;
}

const until = (page, type) => page.waitForFunction((type) => heard.some((one) => one.type === type), type);

test('the element shows the camera and says what it sees, and gives both back when it leaves the page', async () => {
  const maker = await open();
  const webcam = await webcamOf(maker, PHOTOS[0].file);
  await maker.close();
  const session = await open([...FAKE_CAMERA, webcam.flag]);
  try {
    const page = await pageWith(session, `${MODEL} top-k="3" facing="user"`);
    await until(page, 'prediction');
    const rows = page.locator('mobilenet-camera li');
    await rows.first().filter({ hasText: PHOTOS[0].label }).filter({ hasText: /\d %/ }).waitFor();
    assert.equal(await rows.count(), 3);
    await page.getByRole('status').filter({ hasText: PHOTOS[0].label }).waitFor({ state: 'attached' });
    assert.equal(await page.locator('mobilenet-camera [role=alert]').textContent(), '');
    const wide = await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
    assert.ok(wide, 'it does not fit a phone');

    const { types, info, live } = await page.evaluate(() => {
      const element = document.querySelector('mobilenet-camera');
      const [track] = /** @type {MediaStream} */ (element.shadowRoot.querySelector('video').srcObject).getTracks();
      globalThis.track = track;
      return { types: [...new Set(heard.map(({ type }) => type))], info: element.net.info, live: track.readyState };
    });
    assert.deepEqual(types, ['progress', 'ready', 'prediction']);
    assert.equal(info.version, lightest.version);
    assert.equal(live, 'live');
    await page.evaluate(() => document.querySelector('mobilenet-camera').remove());
    assert.equal(await page.evaluate(() => track.readyState), 'ended');
    assert.ok(await noWorkers(page));

    // The element starts again when it is put back, and when an attribute changes.
    await page.evaluate(() => {
      heard.length = 0;
      const element = document.createElement('mobilenet-camera');
      for (const [name, value] of Object.entries({ weights: 'nowhere', 'top-k': '1' }))
        element.setAttribute(name, value);
      document.body.append(element);
    });
    await until(page, 'error');
    assert.match(await page.getByRole('alert').textContent(), /nowhere answered 404/);
    assert.deepEqual(await page.evaluate(() => heard.at(-1).detail), 'FETCH_FAILED');
    assert.ok(await noWorkers(page));
    await page.close();
  } finally {
    await session.close();
    await webcam.remove();
  }
});

test('the element comes from another origin, with a network by name, and shows what is over a threshold', async () => {
  const ANSWER = 7;
  const weights = madeUp('v4-conv-small', ANSWER);
  const config = JSON.stringify({ architecture: 'mobilenetv4_conv_small', num_classes: 1000 });
  const session = await open(FAKE_CAMERA);
  try {
    const prepare = async (page) => {
      await serveFromCdn(page, `${session.url}pkg/`);
      await page.route('https://huggingface.co/**', (route) =>
        route.fulfill({
          headers: { 'access-control-allow-origin': '*' },
          body: route.request().url().endsWith('.json') ? config : weights,
        }),
      );
    };
    const policy = `default-src 'none'; ${policies.foreign.replace('connect-src', policies.hosts)}`;
    const attributes = 'model="v4-small" top-k="3" threshold="0.5"';
    const script = 'https://cdn.example/camera.js';
    const page = await pageWith(session, attributes, prepare, { policy, script });
    await until(page, 'prediction');
    const { version, predictions } = await page.evaluate(() => ({
      version: document.querySelector('mobilenet-camera').net.info.version,
      predictions: heard.find(({ type }) => type === 'prediction').detail.predictions,
    }));
    assert.equal(version, 'v4-conv-small');
    assert.deepEqual(
      predictions.map(({ index }) => index),
      [ANSWER],
    );
    assert.equal(await page.locator('mobilenet-camera li').count(), 1);
    await page.close();
  } finally {
    await session.close();
  }
});

test('the element’s assets lead to the engine', async () => {
  const session = await open(FAKE_CAMERA);
  try {
    const asked = [];
    const page = await pageWith(session, `${MODEL} assets="moved/engine"`, async (page) => {
      page.on('request', (request) => asked.push(new URL(request.url()).pathname));
      await page.route('**/moved/engine/**', async (route) =>
        route.fulfill({
          response: await route.fetch({ url: route.request().url().replace('moved/engine/', 'pkg/wasm/') }),
        }),
      );
    });
    await until(page, 'prediction');
    await page.close();
    const engine = asked.filter((path) => path.endsWith('/worker.js') || path.endsWith('.wasm'));
    assert.ok(engine.length >= 2);
    for (const path of engine) assert.match(path, /^\/moved\/engine\//);
  } finally {
    await session.close();
  }
});

test('an element whose camera is refused says so, and leaves nothing behind', async () => {
  const session = await open(['--use-fake-device-for-media-stream']);
  try {
    const page = await pageWith(session, MODEL, (page) =>
      page.addInitScript(() => {
        navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', 'NotAllowedError'));
      }),
    );
    await until(page, 'error');
    await page.getByRole('alert').filter({ hasText: 'may not use the camera' }).waitFor();
    assert.ok(await noWorkers(page));
    await page.close();
  } finally {
    await session.close();
  }
});
