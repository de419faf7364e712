// Tests the page with touches, as on a phone, where a drag scrolls.
import assert from 'node:assert/strict';
import { after, before, beforeEach, afterEach, test } from 'node:test';
import { COLUMNS, FAKE_CAMERA, card, open, openBlank } from './harness.js';
import { drawPicture, visit } from './story.js';
import { swipe } from './swipe.js';

let session;
/** @type {Buffer} */
let picture;
before(async () => {
  session = await open(FAKE_CAMERA);
  const blank = await openBlank(session);
  picture = Buffer.from(await blank.evaluate(drawPicture));
  await blank.close();
});
after(() => session?.close());

/** @type {import('playwright-core').Page} */
let page;
beforeEach(async () => {
  page = await visit(session, picture, '', { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
});
afterEach(() => page.close());

const scrolled = () => page.evaluate(() => scrollY);

/** Waits until the page has not scrolled for a while: a tap while it still glides only stops it. */
const settled = () =>
  page.evaluate(async () => {
    for (let still = 0, last = scrollY; still < 20; last = scrollY) {
      await new Promise((resolve) => requestAnimationFrame(resolve));
      still = scrollY === last ? still + 1 : 0;
    }
  });

const pressed = (wanted) => document.getElementById('region-choose')?.getAttribute('aria-pressed') === wanted;

const isScrolled = (least) => scrollY > least;

/**
 * Repeats a gesture until the page answers it: on a busy machine the browser takes a touch for the end of the one before now and then.
 * @param {() => Promise<void>} gesture
 * @param {(argument: any) => boolean} answered runs in the page
 * @param {string | number} argument
 */
async function until(gesture, answered, argument) {
  for (let tries = 1; ; tries++) {
    await gesture();
    try {
      await page.waitForFunction(answered, argument, { timeout: 5000 });
      return;
    } catch (error) {
      if (tries === 5) throw error;
    }
  }
}

/** The marked part of the picture, in shares of its sides. */
const marked = () =>
  page.evaluate(() => {
    const { style } = /** @type {HTMLElement} */ (document.getElementById('region'));
    return [style.left, style.top, style.width, style.height].map((length) => parseFloat(length) / 100);
  });

test('a finger scrolls over the picture, and chooses a part of it after the button', async () => {
  const frame = page.locator('#view-frame');
  const button = page.getByRole('button', { name: 'Choose a part' });
  const whole = await marked();
  await until(() => swipe(page, frame, [0.5, 0.9], [0.55, 0.1]), isScrolled, 50);
  assert.deepEqual(await marked(), whole);

  await settled();
  await page.evaluate(() => scrollTo(0, 0));
  await settled();
  await swipe(page, frame, [0.1, 0.5], [0.9, 0.55]);
  assert.deepEqual(await marked(), whole, 'a finger that slips sideways chose a part');

  await settled();
  const before = await scrolled();
  await until(() => button.tap(), pressed, 'true');
  // The finger moves mostly down, which would scroll without the button.
  await until(() => swipe(page, frame, [0.25, 0.1], [0.5, 0.7]), pressed, 'false');
  assert.equal(await scrolled(), before);
  const [left, top, width, height] = await marked();
  const { width: across, height: down } = /** @type {{ width: number, height: number }} */ (await frame.boundingBox());
  assert.ok(Math.abs(left - 0.25) < 0.02 && Math.abs(top - 0.1) < 0.02, `${left} ${top}`);
  assert.ok(Math.abs(height - 0.6) < 0.02 && Math.abs(width * across - height * down) < 2, `${width} ${height}`);

  await until(() => swipe(page, frame, [0.5, 0.9], [0.55, 0.1]), isScrolled, 50);
  assert.deepEqual(await marked(), [left, top, width, height]);

  await settled();
  await page.evaluate(() => scrollTo(0, 0));
  await settled();
  const reset = page.getByRole('button', { name: 'Show all of it' });
  await until(
    () => reset.tap(),
    () => document.getElementById('region-choose')?.textContent === 'Choose a part',
    '',
  );
  assert.deepEqual(await marked(), whole);
  assert.equal(await button.getAttribute('aria-pressed'), 'false');
});

test('a tap on a class shows where it is seen, and another one lets that go', async () => {
  const name = await card(page, COLUMNS[0]).locator('.name').innerText();
  const line = card(page, COLUMNS[0]).locator('.predictions li').nth(1);
  const label = await line.locator('.label').innerText();
  await line.tap();
  await page
    .locator('#activation-caption')
    .filter({ hasText: `Where ${name} sees “${label}”` })
    .waitFor();
  const button = card(page, COLUMNS[0]).getByRole('button', { name: `Show where ${name} sees it` });
  await button.tap();
  await page.locator('#activation').waitFor({ state: 'hidden' });
});

test('a tap reads what a title says', async () => {
  for (const [place, mark] of [
    ['#squeeze', '.gate'],
    ['#universal', '.tile'],
    ['#depthwise', '.point'],
    ['.scatter', '.unmeasured'],
  ]) {
    const chart = page
      .locator(`${place} .readable`)
      .filter({ has: page.locator(mark) })
      .first();
    // The marks come when the figure is seen.
    await page.locator(`${place} .readable`).first().scrollIntoViewIfNeeded();
    await chart.locator('.readable-marks').scrollIntoViewIfNeeded();
    await settled();
    // Some marks are thinner than a pixel.
    const [x, y] = await chart
      .locator(mark)
      .first()
      .evaluate((mark) => {
        const { left, top, width, height } = mark.getBoundingClientRect();
        return [left + width / 2, top + height / 2];
      });
    await page.touchscreen.tap(x, y);
    await chart.locator('.reading').filter({ hasText: /./ }).waitFor();
    const title = await chart
      .locator('.read')
      .evaluate((mark) => mark.querySelector('title')?.textContent ?? mark.getAttribute('title'));
    assert.equal(await chart.locator('.reading').innerText(), title);
  }
});

test('a tap chooses a channel, and a finger moves a slider', async () => {
  const grid = page.locator('#depthwise .mosaic').first();
  await grid.scrollIntoViewIfNeeded();
  await grid.and(page.locator('[aria-valuemax="31"]')).waitFor();
  const { width, height } = /** @type {{ width: number, height: number }} */ (await grid.boundingBox());
  // The grid has eight channels in a row.
  await grid.tap({ position: { x: width * (2.5 / 8), y: height * (1.5 / 4) } });
  assert.equal(await grid.getAttribute('aria-valuetext'), 'channel 11 of 32');
  assert.match(await page.locator('#depthwise .filtering ~ .reading').first().innerText(), /^Channel 11\b/);

  const slider = page.locator('#relu').getByRole('slider', { name: 'Dimensions n' });
  await slider.scrollIntoViewIfNeeded();
  const least = await slider.getAttribute('aria-valuetext');
  await swipe(page, slider, [0.05, 0.5], [0.98, 0.5]);
  assert.equal(await slider.getAttribute('aria-valuetext'), '30', `it was ${least}`);
  assert.match(await page.locator('#relu [data-lost]').innerText(), /fewer than two of 30 values/);
});
