// Takes pictures that are part of the project, on demand: SCREENSHOT=1 writes the README's to docs, and ICONS=1 the icons for home
// screens. Those of each section are `sections.test.js`'s.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { card, firstModels, open, openBlank, openPage } from './harness.js';

const { ICONS, SCREENSHOT } = process.env;

let session;
before(async () => (session = await open()));
after(() => session?.close());

/** @param {import('playwright-core').BrowserContextOptions} options */
async function visit(options) {
  const page = await openPage(session, options);
  for (const { version } of firstModels) {
    await card(page, version).locator('.predictions .value').first().filter({ hasText: /\d/ }).waitFor();
  }
  return page;
}

/** Waits until a section's figure shows the frame. */
async function settle(page, section) {
  await section.scrollIntoViewIfNeeded();
  await section.locator('.live-figure').first().scrollIntoViewIfNeeded();
  await page.waitForTimeout(1500);
  // Elsewhere the pointer could mark something.
  await page.mouse.move(0, 0);
}

test(
  'three figures for the README',
  { skip: !SCREENSHOT && 'set SCREENSHOT=1 to write docs/figure-*.webp' },
  async () => {
    const page = await visit({ viewport: { width: 1280, height: 900 }, colorScheme: 'light' });
    const blank = await openBlank(session);
    for (const id of ['depthwise', 'residual', 'squeeze']) {
      const section = page.locator(`#${id}`);
      await settle(page, section);
      // The figures finish their measurements meanwhile.
      await page.waitForTimeout(2500);
      const png = await section.locator('.live-figure').first().screenshot();
      const webp = await blank.evaluate(small, [...png]);
      await writeFile(fileURLToPath(new URL(`../../docs/figure-${id}.webp`, import.meta.url)), Buffer.from(webp));
    }
    await page.close();
    await blank.close();
  },
);

test('the icons for home screens are the page’s own, on paper', async () => {
  const source = (name) => new URL(`../../www/src/${name}`, import.meta.url);
  const svg = await readFile(source('icon.svg'), 'utf8');
  const blank = await openBlank(session);
  for (const side of [192, 512]) {
    const drawn = await blank.evaluate(drawIcon, { svg, side });
    const file = source(`icon-${side}.png`);
    if (ICONS) await writeFile(file, Buffer.from(drawn));
    const furthest = await blank.evaluate(furthestPixel, /** @type {const} */ ([drawn, [...(await readFile(file))]]));
    // Browsers smooth edges a little differently.
    assert.ok(furthest < 40, `icon-${side}.png is another picture: ICONS=1 makes it anew`);
  }
  await blank.close();
});

/** Runs in a page: draws a PNG with a margin, so that a round mask cuts nothing off. */
async function drawIcon({ svg, side }) {
  const drawing = new Image();
  drawing.src = URL.createObjectURL(
    new Blob([svg.replace('<svg', `<svg width="${side}" height="${side}"`)], { type: 'image/svg+xml' }),
  );
  await drawing.decode();
  const canvas = new OffscreenCanvas(side, side);
  const context = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext('2d'));
  context.fillStyle = '#f6f7f6';
  context.fillRect(0, 0, side, side);
  const margin = 0.2 * side;
  context.drawImage(drawing, margin, margin, side - 2 * margin, side - 2 * margin);
  return [...new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer())];
}

/** Runs in a page: finds the largest difference between two pictures of the same size, of 255. */
async function furthestPixel(pngs) {
  const [a, b] = await Promise.all(
    pngs.map(async (png) => {
      const bitmap = await createImageBitmap(new Blob([Uint8Array.from(png)]));
      const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
      const context = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext('2d'));
      context.drawImage(bitmap, 0, 0);
      return context.getImageData(0, 0, bitmap.width, bitmap.height).data;
    }),
  );
  return a.length === b.length ? a.reduce((most, value, at) => Math.max(most, Math.abs(value - b[at])), 0) : Infinity;
}

/** Runs in a page: makes a WebP of at most 880 pixels a row. */
async function small(png) {
  const bitmap = await createImageBitmap(new Blob([Uint8Array.from(png)]));
  const scale = Math.min(1, 880 / bitmap.width);
  const canvas = new OffscreenCanvas(Math.round(bitmap.width * scale), Math.round(bitmap.height * scale));
  const context = canvas.getContext('2d');
  context.imageSmoothingQuality = 'high';
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return [...new Uint8Array(await (await canvas.convertToBlob({ type: 'image/webp', quality: 0.75 })).arrayBuffer())];
}
