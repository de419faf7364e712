// Switching networks must give back what the one before held: its worker, its wasm memory, its weights.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { card, firstAnswer, firstModels, open, openPage } from './harness.js';

const SWITCHES = 50;
/** Until the renderer's allocators have taken what they keep for themselves. */
const WARM_UP = 20;
/** Weights by which two readings of a renderer in which nothing is kept may differ. Kept ones would be fifty. */
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
    const select = column.getByRole('combobox');

    const pid = await rendererOf(session.browser);
    const switchTo = async (served) => {
      await select.selectOption(served ? `served:${name}` : 'untrained');
      await column.getByText('Random weights.').waitFor({ state: served ? 'hidden' : 'visible' });
      await column.getByText(/\d ms/).waitFor();
    };
    /** The least of several readings: what an ended worker held is given back in its own time. */
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

const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;

/** The process id of the renderer that shows the page; its workers run in it as well. */
async function rendererOf(browser) {
  const cdp = await browser.newBrowserCDPSession();
  const { processInfo } = await cdp.send('SystemInfo.getProcessInfo');
  const sizes = await Promise.all(
    processInfo
      .filter(({ type }) => type === 'renderer')
      .map(async ({ id }) => ({ id, bytes: await privateBytes(id) })),
  );
  // Chromium keeps a spare renderer, which is empty.
  return sizes.reduce((a, b) => (a.bytes > b.bytes ? a : b)).id;
}

/** Memory that belongs to a process alone, by Linux's count. */
async function privateBytes(pid) {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8');
  return ['Private_Clean', 'Private_Dirty'].reduce(
    (sum, key) => sum + 1024 * Number(rollup.match(new RegExp(`${key}:\\s+(\\d+)`))[1]),
    0,
  );
}
