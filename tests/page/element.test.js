// `<mobilenet-camera>`, by Chromium's fake devices.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FAKE_CAMERA, PHOTOS, lightest, noWorkers, open, webcamOf } from './harness.js';

/** The page of the README, with weights of this server's. */
const html = (attributes) => `<!doctype html>
<meta charset="utf-8">
<title>What does the camera see?</title>
<script type="module" src="/pkg/camera.js"></script>
<mobilenet-camera ${attributes}></mobilenet-camera>`;

/** Strict, and as the README has it. */
const POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; media-src 'self'";

const config = lightest.config ? ` config="${lightest.config}"` : '';
const MODEL = `weights="${lightest.url}"${config}`;

/** A page with the element, and what it tells. */
async function pageWith({ browser, url }, attributes, prepare = async (_) => {}) {
  const page = await browser.newPage({ viewport: { width: 390, height: 800 } });
  page.setDefaultTimeout(60_000);
  await prepare(page);
  await page.route(`${url}element`, (route) =>
    route.fulfill({ contentType: 'text/html', headers: { 'Content-Security-Policy': POLICY }, body: html(attributes) }),
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

    // Put back, it starts again; an attribute that changes starts it afresh.
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
