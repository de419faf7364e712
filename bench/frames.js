// Measures the first frames, while the browser still optimises the code.
import { prepare, turn } from './contest.js';
import { NETWORKS, OURS } from './contenders.js';

const FRAMES = 100;

/**
 * @typedef {{ version: string, inference: number[] }} Frames the times of the frames, in order. ms
 */

/**
 * @param {import('./browser.js').Browser} browser
 * @param {string} url
 * @returns {Promise<Frames[]>}
 */
export async function firstFrames(browser, url) {
  const all = [];
  for (const { version } of NETWORKS) {
    // A new context has a new process, without code that another tab has optimised already.
    const context = await browser.newContext();
    const page = await context.newPage();
    await prepare(page, url, OURS, { version, resolution: 224 });
    all.push({ version, inference: (await turn(page, FRAMES)).map(({ inference }) => inference) });
    await context.close();
  }
  return all;
}
