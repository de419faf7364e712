// Measures several networks that see the same frame in one engine, and one network that sees a large photo.
import { WARM_UP } from './contest.js';

/**
 * @typedef {import('./page/engine.js').SetSample} SetSample
 * @typedef {import('./page/engine.js').PhotoSample} PhotoSample
 * @typedef {import('./page/camera.js').Source} Source
 *
 * @typedef {object} EngineReadings
 * @property {string[]} versions of the networks that see a frame together
 * @property {{ build: string, threads: number }} setup
 * @property {{ source: Source, samples: SetSample[] }[]} sets
 * @property {{ build: string, threads: number, version: string, width: number, height: number, samples: PhotoSample[] }[]} photos
 */

/** @type {import('../pkg/index.js').Version[]} */
const VERSIONS = ['v1', 'v2', 'v3-large', 'v3-small'];
const PHOTO = { width: 4000, height: 3000 };

/** @type {Source[]} */
const SOURCES = [
  { kind: 'VideoFrame', width: 640, height: 480 },
  { kind: 'VideoFrame', width: 1280, height: 720 },
];

/**
 * @param {import('./browser.js').Browser} browser
 * @param {string} url
 * @param {{ runs: number }} options
 * @returns {Promise<EngineReadings>}
 */
export async function engine(browser, url, { runs }) {
  const page = await browser.newPage();
  await page.goto(`${url}bench/engine.html`);
  const open = (/** @type {typeof VERSIONS} */ versions, /** @type {number} */ threads) =>
    page.evaluate(([versions, threads]) => set.open(versions, threads), /** @type {const} */ ([versions, threads]));
  const setup = await open(VERSIONS, 2);
  const sets = SOURCES.map((source) => ({ source, samples: /** @type {SetSample[]} */ ([]) }));
  for (let run = -WARM_UP; run < runs; run++) {
    for (const { source, samples } of sets) {
      const sample = await page.evaluate((source) => set.classify(source), source);
      if (run >= 0) samples.push(sample);
    }
  }
  await page.evaluate(() => set.close());
  const photos = [];
  const version = 'v3-small';
  for (const threads of [1, 2]) {
    const used = await open([version], threads);
    const samples = await page.evaluate(
      ([size, runs]) => set.photos(size, runs),
      /** @type {const} */ ([PHOTO, WARM_UP + runs]),
    );
    photos.push({ ...used, version, ...PHOTO, samples: samples.slice(WARM_UP) });
    await page.evaluate(() => set.close());
  }
  await page.close();
  return { versions: VERSIONS, setup, sets, photos };
}
