// Minutes of camera at its full rate: whether memory grows, answers come late or the main thread is kept.
import { readFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { launch } from './browser.js';

/**
 * @typedef {import('./browser.js').Browser} Browser
 * @typedef {import('./page/soak.js').Watched} Watched
 *
 * @typedef {object} Soak
 * @property {string} version of the network
 * @property {{ build: string, threads: number, width: number, height: number, fps: number }} setup
 * @property {Watched} alone the camera's picture shown, and nothing else
 * @property {Watched} classified every frame classified
 * @property {number[]} memory bytes that belong to the renderer alone, in even steps from the first to the last; empty
 *   where the system doesn't tell
 */

const CAMERA = { width: 1280, height: 720, fps: 30 };
/** @type {import('../pkg/index.js').Version} */
const VERSION = 'v2';
/** Until the engine has optimised its code and the allocators have taken what they keep. */
const WARM_UP_SECONDS = 10;
const MEMORY_READINGS = 30;
/** Of the time of the measurement, for the camera alone. */
const ALONE = 0.1;

/**
 * @param {string} url
 * @param {number} minutes
 * @returns {Promise<Soak>}
 */
export async function soak(url, minutes) {
  const seconds = minutes * 60;
  const browser = await launch([
    '--use-fake-ui-for-media-stream',
    `--use-fake-device-for-media-stream=fps=${CAMERA.fps}`,
  ]);
  try {
    const page = await browser.newPage();
    // Each call that waits for the page waits as long as the page plays.
    await page.goto(`${url}bench/soak.html`);
    const setup = await page.evaluate((options) => globalThis.soak.open(options), { version: VERSION, camera: CAMERA });
    const alone = await page.evaluate((seconds) => globalThis.soak.watch(seconds, false), seconds * ALONE);
    await page.evaluate((seconds) => globalThis.soak.watch(seconds, true), Math.min(WARM_UP_SECONDS, seconds));
    const renderer = await rendererOf(browser);
    const memory = [];
    const playing = page.evaluate((seconds) => globalThis.soak.watch(seconds, true), seconds);
    // An error of the page is thrown where it is awaited, below.
    playing.catch(() => {});
    for (let i = 0; i < MEMORY_READINGS; i++) {
      const bytes = await privateBytes(renderer);
      if (bytes !== null) memory.push(bytes);
      await setTimeout((1e3 * seconds) / MEMORY_READINGS);
    }
    return { version: VERSION, setup, alone, classified: await playing, memory };
  } finally {
    await browser.close();
  }
}

/**
 * @param {Browser} browser
 * @returns {Promise<number>} the process id of the renderer that shows the page; its workers run in it as well
 */
export async function rendererOf(browser) {
  const cdp = await browser.newBrowserCDPSession();
  const { processInfo } = await cdp.send('SystemInfo.getProcessInfo');
  const sizes = await Promise.all(
    processInfo
      .filter(({ type }) => type === 'renderer')
      .map(async ({ id }) => ({ id, bytes: (await privateBytes(id)) ?? 0 })),
  );
  // Chromium keeps a spare renderer, which is empty.
  return sizes.reduce((a, b) => (a.bytes > b.bytes ? a : b)).id;
}

/**
 * @param {number} pid
 * @returns {Promise<number | null>} memory that belongs to a process alone, where the system is Linux. Bytes
 */
export async function privateBytes(pid) {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => null);
  if (rollup === null) return null;
  const kilobytes = [...rollup.matchAll(/^Private_(?:Clean|Dirty):\s+(\d+)/gm)].map(([, count]) => Number(count));
  return kilobytes.reduce((a, b) => a + b, 0) * 1024;
}
