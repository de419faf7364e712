// The page against axe's rules, with everything open that can be opened.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { open, openPage } from './harness.js';

const axe = createRequire(new URL('../../www/package.json', import.meta.url)).resolve('axe-core/axe.min.js');

let session;
before(async () => (session = await open()));
after(() => session?.close());

test('axe finds nothing in light and dark', async () => {
  const page = await openPage(session, { viewport: { width: 1280, height: 900 } });
  await page.locator('#teach .teach').scrollIntoViewIfNeeded();
  await page.locator('#teach .lesson-answers li').first().waitFor();
  await page.evaluate(() => document.querySelectorAll('details').forEach((details) => (details.open = true)));
  await page.evaluate(await readFile(axe, 'utf8'));
  // The dark page differs by its colours alone.
  for (const [colorScheme, runOnly] of /** @type {const} */ ([
    ['light', null],
    ['dark', ['color-contrast']],
  ])) {
    // prettier-ignore
    await page.emulateMedia({ colorScheme });
    const { violations, passes } = await page.evaluate(
      (runOnly) => /** @type {any} */ (globalThis).axe.run(runOnly ? { runOnly } : {}),
      runOnly,
    );
    const found = violations.map(({ id, help, nodes }) => [id, help, ...nodes.slice(0, 3).map(({ html }) => html)]);
    assert.deepEqual(found, [], colorScheme);
    assert.ok(passes.length >= (runOnly?.length ?? 20), 'axe looked at hardly anything');
  }
  await page.close();
});
