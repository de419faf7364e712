// Measures what a page downloads to run one network, besides the weights.
import { gzipSync } from 'node:zlib';
import { prepare } from './contest.js';

/**
 * @typedef {object} Size
 * @property {import('./contenders.js').Contender} contender
 * @property {number} wasm bytes, gzipped
 * @property {number} js bytes, gzipped
 * @property {string[]} files paths
 */

/**
 * @param {import('./browser.js').Browser} browser
 * @param {string} url
 * @param {import('./contenders.js').Contender[]} contenders the contenders that can be prepared
 * @returns {Promise<Size[]>} a size for each set of files
 */
export async function sizes(browser, url, contenders) {
  /** @type {Map<string, Size>} */
  const bySet = new Map();
  for (const contender of contenders) {
    const files = await downloads(browser, url, contender);
    const set = files.join();
    if (bySet.has(set)) continue;
    const size = { contender, wasm: 0, js: 0, files };
    for (const file of files) {
      const body = await (await fetch(new URL(file, url))).arrayBuffer();
      size[file.endsWith('.wasm') ? 'wasm' : 'js'] += gzipSync(body, { level: 9 }).length;
    }
    bySet.set(set, size);
  }
  return [...bySet.values()];
}

/**
 * @param {import('./browser.js').Browser} browser
 * @param {string} url
 * @param {import('./contenders.js').Contender} contender
 * @returns {Promise<string[]>} paths of the runtime's own files, each once
 */
async function downloads(browser, url, contender) {
  const context = await browser.newContext();
  const files = new Set();
  context.on('response', (response) => {
    const { protocol, pathname } = new URL(response.url());
    if (protocol === 'http:' && /^\/(pkg|peers)\/.*\.(js|mjs|wasm)$/.test(pathname)) files.add(pathname);
  });
  await prepare(await context.newPage(), url, contender, { version: 'v3-small', resolution: 224 });
  await context.close();
  return [...files].sort();
}
