// Measures from a frame of a camera's size to its labels. The peers run as their documentation says.
import { WARM_UP, inTurns, prepare, reasonOf } from './contest.js';
import { labelOf } from './contenders.js';

/**
 * @typedef {import('./browser.js').Browser} Browser
 * @typedef {import('./browser.js').BrowserContext} BrowserContext
 * @typedef {import('./browser.js').Page} Page
 * @typedef {import('./contenders.js').Contender} Contender
 * @typedef {import('./page/camera.js').Source} Source
 *
 * @typedef {object} Reading of frames of one kind and size
 * @property {Source} source
 * @property {string | null} missing why it wasn't measured
 * @property {number[]} total the times of the runs. ms
 * @property {number[]} preprocess the part before the network, of ours. ms
 * @property {number[]} inference the network's part, of ours. ms
 *
 * @typedef {object} Labelled
 * @property {Contender} contender
 * @property {string} version of the network
 * @property {Reading[]} readings one for each of `SOURCES`
 */

const SIZES = [
  { width: 640, height: 480 },
  { width: 1280, height: 720 },
  { width: 1920, height: 1080 },
];

/** @type {Source[]} */
export const SOURCES = /** @type {const} */ (['VideoFrame', 'ImageBitmap']).flatMap((kind) =>
  SIZES.map((size) => ({ kind, ...size })),
);

/**
 * Who meets whom: each peer has a contest with ours of as many threads. Among the tabs of all peers LiteRT.js took twice its time
 * on one thread.
 * @param {Contender[]} labellers
 * @returns {Contender[][]}
 */
export function rivals(labellers) {
  const peers = labellers.filter(({ ours }) => !ours);
  return [...new Set(peers.map(({ name }) => name))].map((name) => {
    const those = peers.filter((peer) => peer.name === name);
    const ours = labellers.filter(({ ours, threads }) => ours && those.some((peer) => peer.threads === threads));
    return [...ours, ...those];
  });
}

/**
 * @param {Browser} browser
 * @param {string} url
 * @param {Contender[]} contenders
 * @param {string} version of the network
 * @param {{ runs: number }} options runs of each contender with each source
 * @returns {Promise<Labelled[]>}
 */
export async function labelContest(browser, url, contenders, version, { runs }) {
  const context = await browser.newContext();
  try {
    const seats = [];
    for (const contender of contenders) seats.push(await seat(context, url, contender, version));
    for (const [i, source] of SOURCES.entries()) {
      for (const { page, labelled } of seats) {
        if (page) labelled.readings[i].missing = await warmUp(page, labelled, source);
      }
      const ready = seats.filter(({ labelled }) => labelled.readings[i].missing === null);
      await inTurns(ready, runs, async ({ page, labelled }, count) => {
        if (!page) return;
        // The first run finds the others' data in the caches.
        const [, ...samples] = await turn(page, 1 + count, source);
        const reading = labelled.readings[i];
        reading.total.push(...samples.map(({ total }) => total));
        reading.preprocess.push(...samples.flatMap(({ preprocess }) => preprocess ?? []));
        reading.inference.push(...samples.flatMap(({ inference }) => inference ?? []));
      });
    }
    return seats.map(({ labelled }) => labelled);
  } finally {
    await context.close();
  }
}

/**
 * @param {BrowserContext} context
 * @param {string} url
 * @param {Contender} contender
 * @param {string} version
 * @returns {Promise<{ page: Page | null, labelled: Labelled }>}
 */
async function seat(context, url, contender, version) {
  const page = await context.newPage();
  /** @param {string | null} missing */
  const unread = (missing) => SOURCES.map((source) => ({ source, missing, total: [], preprocess: [], inference: [] }));
  try {
    await prepare(page, url, contender, { version, resolution: 224 });
    return { page, labelled: { contender, version, readings: unread(null) } };
  } catch (error) {
    await page.close();
    const missing = reasonOf(error);
    console.log(`NOT MEASURED: ${labelOf(contender)}, ${version}: ${missing}`);
    return { page: null, labelled: { contender, version, readings: unread(missing) } };
  }
}

/**
 * @param {Page} page
 * @param {Labelled} labelled
 * @param {Source} source
 * @returns {Promise<string | null>} why this contender can't read such frames
 */
async function warmUp(page, { contender, version }, source) {
  try {
    await turn(page, WARM_UP, source);
    return null;
  } catch (error) {
    const missing = reasonOf(error);
    console.log(`NOT MEASURED: ${labelOf(contender)}, ${version}, ${source.kind}: ${missing}`);
    return missing;
  }
}

/**
 * Brings the tab to the front, because Chromium gives the main threads of other tabs a lower priority.
 * @param {Page} page
 * @param {number} runs
 * @param {Source} source
 * @returns {Promise<import('./page/contender.js').LabelSample[]>}
 */
async function turn(page, runs, source) {
  await page.bringToFront();
  return page.evaluate(([runs, source]) => bench.label(runs, source), /** @type {const} */ ([runs, source]));
}
