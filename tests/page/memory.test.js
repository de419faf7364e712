// Measures the memory of the page's renderer, how much one more network adds, and that switching frees the last network's.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serve } from '../../www/serve.js';
import { FAKE_CAMERA, card, firstAnswer, firstModels, heaviest, open, openBlank, openPage } from './harness.js';
import { megabytes, privateBytes, rendererOf } from './renderer.js';
import { openUnwatched } from './unwatched.js';

const SWITCHES = 26;
/** The number of switches after which the renderer's allocators have taken what they keep. */
const WARM_UP = 14;
/** The allowed difference of two readings, in networks' weights. If the page kept every network, it would be 26. */
const ALLOWED_NETWORKS = 5;

test(`switching ${SWITCHES} times leaves memory flat`, async () => {
  const session = await open();
  try {
    const page = await openPage(session, { viewport: { width: 1280, height: 800 } });
    for (const { version } of firstModels) await firstAnswer(page, version).filter({ hasText: /./ }).waitFor();
    const { version, name, bytes } = firstModels.reduce((a, b) => (a.bytes > b.bytes ? a : b));
    const column = card(page, version);
    await column.getByText('Other weights').click();
    await column.getByRole('button', { name: 'Run it untrained' }).click();
    await column.getByText('Random weights.').waitFor();
    const select = column.getByRole('combobox', { name: /^Weights of/ });

    const pid = await rendererOf(session.browser);
    const switchTo = async (served) => {
      await select.selectOption(served ? `served:${name}` : 'untrained');
      await column.getByText('Random weights.').waitFor({ state: served ? 'hidden' : 'visible' });
      await column.getByText(/\d ms/).waitFor();
    };
    /** The least of several readings, because an ended worker's memory is freed with a delay. */
    const settled = async () => {
      const readings = [];
      for (let i = 0; i < 8; i++) {
        await page.requestGC();
        await page.waitForTimeout(500);
        readings.push(await privateBytes(pid));
      }
      return { bytes: Math.min(...readings), workers: page.workers().length };
    };

    for (let i = 0; i < WARM_UP; i++) await switchTo(i % 2 === 0);
    const before = await settled();
    for (let i = 0; i < SWITCHES; i++) await switchTo(i % 2 === 0);
    const after = await settled();
    const grown = after.bytes - before.bytes;
    console.log(
      `renderer: ${megabytes(before.bytes)} before, ${megabytes(after.bytes)} after ${SWITCHES} switches of ${name}`,
    );
    assert.equal(after.workers, before.workers);
    assert.ok(grown < ALLOWED_NETWORKS * bytes, `grown by ${megabytes(grown)}`);
  } finally {
    await session.close();
  }
});

/** The most bytes that the page may take with the camera and all its networks. */
const WHOLE_PAGE = 350e6;

test(`the page takes at most ${WHOLE_PAGE / 1e6} MB with the camera`, async () => {
  const server = await serve();
  const page = await openUnwatched(server.url, FAKE_CAMERA);
  try {
    const columns = firstModels.map(({ version }) => `document.querySelector('.card[data-version="${version}"]')`);
    const all = (property) => `[${columns}].every((column) => ${property})`;
    await page.until(all(`column?.querySelector('.predictions .label')?.textContent`));
    const start = `[...document.querySelectorAll('button')].find(({ textContent }) => textContent === 'Start camera')`;
    await page.evaluate(`${start}.click()`);
    await page.until(all(`column.querySelector('.rate').textContent.includes('frames')`));
    const readings = [];
    for (let i = 0; i < 10; i++) {
      await new Promise((resolve) => setTimeout(resolve, 1000));
      readings.push(await page.proportional());
    }
    console.log(`renderer: ${megabytes(Math.min(...readings))} to ${megabytes(Math.max(...readings))}`);
    assert.ok(Math.max(...readings) < WHOLE_PAGE, readings.map(megabytes).join());
    // All weights are in this process.
    const weights = firstModels.reduce((sum, { bytes }) => sum + bytes, 0);
    assert.ok(Math.min(...readings) > weights, readings.map(megabytes).join());
  } finally {
    await page.close();
    await server.close();
  }
});

/** The number of networks that are added, for a mean. */
const ADDED = 4;
/** The most bytes that each of them may add, as a multiple of its weights. */
const OVER_WEIGHTS = 2;

test('one more network in an engine adds little more than its weights', async () => {
  const session = await open();
  try {
    const page = await openBlank(session);
    const add = () => page.evaluate(() => globalThis.add());
    await page.evaluate(async ({ url, config, preprocessorConfig }) => {
      const { Engine } = await import('/pkg/index.js');
      const engine = await Engine.create();
      // The weights are fetched only once, because the browser's inspector keeps a copy of each response in this process.
      const weights = await (await fetch(url)).blob();
      // Without these references the networks would be disposed of.
      const networks = [];
      globalThis.add = async () => {
        const network = await engine.load({ weights, config, preprocessorConfig });
        networks.push(network);
        return network.info.memory.weights;
      };
    }, heaviest);
    /** The least of several readings, because unused memory is freed with a delay. */
    const settled = async () => {
      const readings = [];
      for (let i = 0; i < 6; i++) {
        await page.requestGC();
        await page.waitForTimeout(300);
        readings.push(await privateBytes(pid));
      }
      return Math.min(...readings);
    };
    // The worker then has a copy of a file, which it keeps until it collects its garbage.
    for (let i = 0; i < 2; i++) await add();
    const pid = await rendererOf(session.browser);
    const before = await settled();
    let weights = 0;
    for (let i = 0; i < ADDED; i++) weights += await add();
    const grown = (await settled()) - before;
    console.log(`${ADDED} times ${heaviest.name}: ${megabytes(grown)} for ${megabytes(weights)} of weights`);
    assert.ok(grown < OVER_WEIGHTS * weights, `${(grown / weights).toFixed(2)} times the weights`);
    // The weights are really in this process.
    assert.ok(grown > 0.5 * weights, `${(grown / weights).toFixed(2)} times the weights`);
  } finally {
    await session.close();
  }
});
