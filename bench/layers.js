// The package's own profile of each layer.
import { prepare } from './contest.js';
import { NETWORKS, OURS } from './contenders.js';

/**
 * @typedef {import('../pkg/index.js').Profile} Profile
 * @typedef {{ version: string, profile: Profile }} Layers
 */

/**
 * @param {import('./browser.js').Browser} browser
 * @param {string} url
 * @returns {Promise<Layers[]>}
 */
export async function layers(browser, url) {
  const context = await browser.newContext();
  const page = await context.newPage();
  const all = [];
  for (const { version } of NETWORKS) {
    await prepare(page, url, OURS, { version, resolution: 224 });
    await page.bringToFront();
    all.push({ version, profile: await page.evaluate(() => bench.profile()) });
  }
  await context.close();
  return all;
}
