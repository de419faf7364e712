// Looks at each section with its figures filled: by axe's rules, for what is cut off, and in pictures, which come to
// target/screenshots: the sections and the page's other parts in both themes and languages and three widths.
import { mkdir } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { assertAccessibleOnPhones } from './accessibility.js';
import { card, firstModels, open, openPage } from './harness.js';

const folder = new URL('../../target/screenshots/', import.meta.url);
const WIDTHS = [390, 800, 1280];

let session;
before(async () => {
  await mkdir(folder, { recursive: true });
  session = await open();
});
after(() => session?.close());

/** @typedef {import('playwright-core').Locator} Locator */

/** @type {(found: Locator) => Promise<void>} */
const said = (found) => found.filter({ hasText: /./ }).first().waitFor();

/**
 * Waits for what each figure shows, after pressing what it needs pressed. Another test fills `fit`, which takes longest.
 * @type {Record<string, (figure: Locator) => Promise<unknown>>}
 */
const FILL = {
  depthwise: (figure) => said(figure.locator('.costs .measures .bars').last().locator('.bar-value')),
  relu: (figure) => said(figure.locator('.relu > .reading').last()),
  residual: (figure) => said(figure.locator('.equation .reading')),
  squeeze: (figure) => said(figure.locator('.answers-pair')),
  hswish: (figure) => said(figure.locator('.step > .reading').first()),
  async search(figure) {
    const [profile, rank] = await figure.locator('.search > .row button').all();
    await profile.click();
    await figure.locator('.profile-row').nth(4).waitFor();
    await rank.click();
    await said(figure.locator('.correlation'));
    const line = figure.locator('.profile-line').nth(1);
    // A step of a block.
    for (const key of ['Home', 'ArrowRight', 'ArrowRight', 'ArrowRight']) await line.press(key);
  },
  fit: () => Promise.resolve(),
  universal: (figure) => figure.locator('.part canvas:visible').nth(3).waitFor(),
  async teach(figure) {
    await figure.locator('.lesson-answers li').nth(4).waitFor();
    for (const [row, hold] of (await figure.locator('.hold').all()).entries()) {
      for (const count of ['1', '2']) {
        await hold.click();
        await figure.locator('.lesson-classes .value').nth(row).filter({ hasText: count }).waitFor();
      }
    }
    await said(figure.locator('.lesson-answers + .reading'));
  },
};

/** @param {import('playwright-core').Page} page @param {Locator} part @param {string} name */
async function takePictures(page, part, name) {
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 900 });
    await part.scrollIntoViewIfNeeded();
    // Elsewhere the pointer could mark something.
    await page.mouse.move(0, 0);
    for (const colorScheme of /** @type {const} */ (['dark', 'light'])) {
      await page.emulateMedia({ colorScheme });
      await part.screenshot({ path: fileURLToPath(new URL(`${name}-${width}-${colorScheme}.png`, folder)) });
    }
  }
}

for (const language of ['en', 'zh']) {
  test(`every section, filled, is accessible, fits a phone and is pictured: ${language}`, async () => {
    const page = await openPage(session, { viewport: { width: 1280, height: 900 } });
    await page.goto(`${session.url}?lang=${language}`);
    for (const { version } of firstModels) {
      await card(page, version).locator('.predictions .value').first().filter({ hasText: /\d/ }).waitFor();
    }
    for (const [id, fill] of Object.entries(FILL)) {
      const section = page.locator(`#${id}`);
      const figure = section.locator('.live-figure').first();
      await figure.scrollIntoViewIfNeeded();
      await fill(section);
      await assertAccessibleOnPhones(page, `#${id}`, figure);
      await takePictures(page, section, `${id}-${language}`);
    }
    await card(page, firstModels[0].version)
      .locator('.more')
      .evaluate((/** @type {HTMLDetailsElement} */ more) => (more.open = true));
    for (const part of ['.hero', '#generations', '.scatter']) {
      await takePictures(page, page.locator(part), `${part.slice(1)}-${language}`);
    }
    await page.close();
  });
}
