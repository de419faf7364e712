// Measures the memory that thousands of calls and minutes of camera leave behind. It takes half an hour, and runs if ENDURANCE=1.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serve } from '../../www/serve.js';
import { FAKE_CAMERA, card, firstModels, lightest, open, openBlank, openPage } from './harness.js';
import { megabytes, privateBytesOfAll } from './renderer.js';
import { openUnwatched } from './unwatched.js';

const skip = process.env.ENDURANCE ? false : 'set ENDURANCE=1 for half an hour of it';

/** The number of readings. The first comes after a tenth of all calls, when the allocators have taken what they keep. */
const READINGS = 10;
/** The allowed ratio of the last three readings to the first three, which doesn't depend on the number of calls between. */
const ALLOWED = 1.25;

/** Runs in a page: defines the calls that are made thousands of times. */
async function prepare({ url, config, preprocessorConfig }) {
  const { MobileNet } = await import(new URL('/pkg/index.js', location.href).href);
  const at = (path) => path && new URL(path, location.href).href;
  const weights = await (await fetch(at(url))).blob();
  const options = { weights, config: at(config), preprocessorConfig: at(preprocessorConfig) };
  const canvas = new OffscreenCanvas(640, 480);
  canvas.getContext('2d').fillRect(0, 0, 320, 480);
  const net = await MobileNet.load(options);
  const calls = {
    async load() {
      (await MobileNet.load(options)).dispose();
    },
    async fail() {
      const error = await MobileNet.load({ ...options, weights: weights.slice(0, weights.size - 1) }).catch((it) => it);
      if (error.code !== 'BAD_WEIGHTS') throw error;
    },
    async classify() {
      await net.classify(canvas);
    },
  };
  globalThis.repeat = async (name, times) => {
    for (let i = 0; i < times; i++) await calls[name]();
  };
}

for (const isolated of [true, false]) {
  for (const [name, times] of /** @type {const} */ ([
    ['load', 1000],
    ['fail', 1000],
    ['classify', 10_000],
  ])) {
    test(`${name}, ${times} times, ${isolated ? '' : 'not '}isolated`, { skip }, async () => {
      const server = await serve({ isolated });
      // No page has this address, but the answer has a page's headers.
      const page = await openUnwatched(`${server.url}nothing`);
      try {
        await page.evaluate(`(${prepare})(${JSON.stringify(lightest)})`);
        const readings = [];
        for (let i = 0; i < READINGS; i++) {
          await page.evaluate(`repeat('${name}', ${times / READINGS})`);
          readings.push(await page.memory());
        }
        for (const kind of /** @type {const} */ (['renderers', 'heap'])) {
          const bytes = readings.map((reading) => reading[kind]);
          const told = `${name}, ${isolated ? '' : 'not '}isolated, ${kind}: ${bytes.map(megabytes).join(', ')}`;
          console.log(told);
          assert.ok(Math.min(...bytes.slice(-3)) < ALLOWED * Math.min(...bytes.slice(0, 3)), told);
        }
      } finally {
        await page.close();
        await server.close();
      }
    });
  }
}

test('a photo of 48 megapixels', { skip }, async () => {
  const session = await open();
  try {
    const page = await openBlank(session);
    await page.evaluate(async () => {
      const canvas = new OffscreenCanvas(8000, 6000);
      canvas.getContext('2d').fillRect(0, 0, 4000, 6000);
      globalThis.large = await canvas.convertToBlob({ type: 'image/jpeg' });
    });
    await page.requestGC();
    await page.waitForTimeout(2000);
    const before = await privateBytesOfAll(session.browser);
    let peak = 0;
    let done = false;
    const classified = page
      .evaluate(async ({ url, config, preprocessorConfig }) => {
        const { MobileNet } = await import('/pkg/index.js');
        const net = await MobileNet.load({ weights: url, config, preprocessorConfig });
        await net.classify(globalThis.large);
        // Without this reference the network would be disposed of.
        globalThis.holding = net;
      }, lightest)
      .finally(() => (done = true));
    while (!done) {
      peak = Math.max(peak, await privateBytesOfAll(session.browser));
      await page.waitForTimeout(1);
    }
    await classified;
    await page.requestGC();
    await page.waitForTimeout(3000);
    const after = await privateBytesOfAll(session.browser);
    console.log(`48 megapixels: ${megabytes(before)} before, ${megabytes(peak)} at most, ${megabytes(after)} after`);
    // The picture alone takes 192 MB.
    assert.ok(after - before < 100e6, `${megabytes(after - before)} are kept`);
  } finally {
    await session.close();
  }
});

const MINUTES = 10;

test(`${MINUTES} minutes of camera with a figure open`, { skip }, async () => {
  const session = await open(FAKE_CAMERA);
  try {
    const page = await openPage(session, { viewport: { width: 1280, height: 800 } });
    const speed = (version) => card(page, version).locator('.speed');
    await page.getByRole('button', { name: 'Start camera' }).click();
    for (const { version } of firstModels)
      await speed(version)
        .filter({ hasText: /p95 .*frames/s })
        .waitFor();
    await page.locator('#squeeze .squeeze').scrollIntoViewIfNeeded();
    await page.locator('#squeeze .gate').first().waitFor();
    const memory = [];
    /** @type {Record<string, number[]>} the 95th percentiles by version. ms */
    const p95s = {};
    for (let minute = 0; minute <= MINUTES; minute++) {
      await page.waitForTimeout(60_000);
      memory.push(await privateBytesOfAll(session.browser));
      for (const { version } of firstModels) {
        const said = await speed(version).innerText();
        (p95s[version] ??= []).push(Number(/p95 ([\d.]+)/.exec(said)[1]));
      }
    }
    console.log(`memory: ${memory.map(megabytes).join(', ')}`);
    for (const [version, times] of Object.entries(p95s)) console.log(`${version}: p95 ${times.join(', ')} ms`);
    assert.ok(memory.at(-1) < ALLOWED * memory[0], memory.map(megabytes).join());
    for (const [version, times] of Object.entries(p95s)) {
      assert.ok(Math.min(...times.slice(-3)) < 2 * times[0], `${version}: ${times.join()}`);
    }
  } finally {
    await session.close();
  }
});
