// Checks the page by axe's rules, with all its details open.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { installAxe } from './accessibility.js';
import { open, openPage } from './harness.js';

let session;
before(async () => (session = await open()));
after(() => session?.close());

/** Opens all details, and checks the whole page by the rules. */
async function assertAccessible(page) {
  await page.evaluate(() => document.querySelectorAll('details').forEach((details) => (details.open = true)));
  await installAxe(page);
  await assertRules(page);
}

/** @param {string[]} [runOnly] the rules to check; the default is all */
async function assertRules(page, runOnly) {
  const { violations, passes } = await page.evaluate(
    (runOnly) => /** @type {any} */ (globalThis).axe.run(runOnly ? { runOnly } : {}),
    runOnly,
  );
  const found = violations.map(({ id, help, nodes }) => [id, help, ...nodes.slice(0, 3).map(({ html }) => html)]);
  assert.deepEqual(found, []);
  assert.ok(passes.length >= (runOnly?.length ?? 20), 'axe looked at hardly anything');
}

/** Scrolls to the story's last figure, and waits for its answers. */
async function readStory(page) {
  await page.locator('#teach .teach').scrollIntoViewIfNeeded();
  await page.locator('#teach .lesson-answers li').first().waitFor();
}

test('axe finds nothing in light and dark', async () => {
  const page = await openPage(session, { viewport: { width: 1280, height: 900 }, colorScheme: 'light' });
  await readStory(page);
  await assertAccessible(page);
  // The dark page differs only in its colours.
  await page.emulateMedia({ colorScheme: 'dark' });
  await assertRules(page, ['color-contrast']);
  await page.close();
});

test('axe finds nothing on a phone, dark and in Chinese', async () => {
  const page = await openPage(session, {
    viewport: { width: 390, height: 844 },
    hasTouch: true,
    isMobile: true,
    colorScheme: 'dark',
    locale: 'zh-CN',
  });
  await readStory(page);
  await assertAccessible(page);
  await page.close();
});

test('axe finds nothing on the page that measures', async () => {
  const page = await openPage(session, { viewport: { width: 1280, height: 900 }, colorScheme: 'light' });
  await page.goto(`${session.url}bench.html`);
  await page.locator('#device').filter({ hasText: /./ }).waitFor();
  await assertAccessible(page);
  await page.emulateMedia({ colorScheme: 'dark' });
  await assertRules(page, ['color-contrast']);
  await page.close();
});
