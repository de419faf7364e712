// Runs minutes of camera at its full rate, to see whether memory grows, answers are late or the main thread is blocked.
import { readFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { launch } from './browser.js';

/**
 * @typedef {import('./browser.js').Browser} Browser
 * @typedef {import('./page/soak.js').Watched} Watched
 *
 * @typedef {object} Soak
 * @property {string} version the network's version
 * @property {{ build: string, threads: number, width: number, height: number, fps: number }} setup
 * @property {Watched} alone readings while the page only shows the camera's picture
 * @property {Watched} classified readings while it classifies every frame
 * @property {number[]} memory the renderer's private memory in even steps from the first reading to the last; empty if
 *   the system doesn't report it. Bytes
 */

const CAMERA = { width: 1280, height: 720, fps: 30 };
/** @type {import('../pkg/index.js').Version} */
const VERSION = 'v2';
/** After this time the engine has optimised its code, and the allocators have taken what they keep. */
const WARM_UP_SECONDS = 10;
const MEMORY_READINGS = 30;
/** The share of the measurement's time in which the camera runs alone. */
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
    // Calls into the page may take as long as the page plays.
    await page.goto(`${url}bench/soak.html`);
    const setup = await page.evaluate((options) => globalThis.soak.open(options), { version: VERSION, camera: CAMERA });
    const alone = await page.evaluate((seconds) => globalThis.soak.watch(seconds, false), seconds * ALONE);
    await page.evaluate((seconds) => globalThis.soak.watch(seconds, true), Math.min(WARM_UP_SECONDS, seconds));
    const renderer = await rendererOf(browser);
    const memory = [];
    const playing = page.evaluate((seconds) => globalThis.soak.watch(seconds, true), seconds);
    // The `await` below throws an error of the page.
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
 * @returns {Promise<number>} the process id of the renderer that shows the page and runs its workers
 */
export async function rendererOf(browser) {
  const cdp = await browser.newBrowserCDPSession();
  const { processInfo } = await cdp.send('SystemInfo.getProcessInfo');
  const sizes = await Promise.all(
    processInfo
      .filter(({ type }) => type === 'renderer')
      .map(async ({ id }) => ({ id, bytes: (await privateBytes(id)) ?? 0 })),
  );
  // Chromium also keeps an empty spare renderer.
  return sizes.reduce((a, b) => (a.bytes > b.bytes ? a : b)).id;
}

/**
 * @param {number} pid
 * @returns {Promise<number | null>} the private memory of a process; `null` if the system isn't Linux. Bytes
 */
export async function privateBytes(pid) {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => null);
  if (rollup === null) return null;
  const kilobytes = [...rollup.matchAll(/^Private_(?:Clean|Dirty):\s+(\d+)/gm)].map(([, count]) => Number(count));
  return kilobytes.reduce((a, b) => a + b, 0) * 1024;
}
