// Checks parts of a page by axe's rules and by their widths.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

const axe = createRequire(new URL('../../www/package.json', import.meta.url)).resolve('axe-core/axe.min.js');

/** @param {import('playwright-core').Page} page where `axe` is to be */
export async function installAxe(page) {
  await page.evaluate(await readFile(axe, 'utf8'));
}

/**
 * Asserts that axe finds nothing in a section, in light and dark, and that nothing of it is outside of a phone's screen.
 * @param {import('playwright-core').Page} page
 * @param {string} section its selector
 * @param {import('playwright-core').Locator} part what is scrolled into view
 */
export async function assertAccessibleOnPhones(page, section, part) {
  await installAxe(page);
  for (const colorScheme of /** @type {const} */ (['dark', 'light'])) {
    await page.emulateMedia({ colorScheme });
    const violations = await page.evaluate(async (section) => {
      const { violations } = await /** @type {any} */ (globalThis).axe.run(section);
      return violations.map(({ id, nodes }) => [id, nodes[0].html]);
    }, section);
    assert.deepEqual(violations, [], colorScheme);
  }
  const size = page.viewportSize();
  for (const width of [320, 390]) {
    await page.setViewportSize({ width, height: 844 });
    await part.scrollIntoViewIfNeeded();
    const outside = await page.evaluate(
      (section) =>
        [...document.querySelectorAll(`${section} *`)]
          .filter((element) => element.checkVisibility() && element.getBoundingClientRect().right > innerWidth + 0.5)
          .map((element) => element.outerHTML),
      section,
    );
    assert.deepEqual(outside, [], `${width} pixels`);
  }
  await page.setViewportSize(size);
}
