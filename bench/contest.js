// Runs tabs in turns, so that a slow moment of the machine affects all of them.
import { setTimeout } from 'node:timers/promises';
import { labelOf } from './contenders.js';

/**
 * @typedef {import('./browser.js').Browser} Browser
 * @typedef {import('./browser.js').BrowserContext} BrowserContext
 * @typedef {import('./browser.js').Page} Page
 * @typedef {import('./contenders.js').Contender} Contender
 *
 * @typedef {object} Task
 * @property {string} version
 * @property {number} resolution
 *
 * @typedef {object} Measured
 * @property {Contender} contender
 * @property {Task} task
 * @property {string | null} missing why it wasn't measured
 * @property {number | null} macs of one inference, if the runtime tells
 * @property {number[]} inference the times of the runs. ms
 * @property {number[]} total the times from call to answer, for ours. ms
 * @property {number[]} peaks GFLOP/s of multiply-adds in registers, one reading a turn
 */

export const WARM_UP = 10;
const RUNS_A_TURN = 5;
/** The pause between turns: a runtime's threads go on spinning for a moment. ms */
const PAUSE = 30;

/**
 * @param {Browser} browser
 * @param {string} url
 * @param {{ contender: Contender, task: Task }[]} entries
 * @param {{ runs: number, peaks: boolean }} options runs of each, and whether to read peaks, which takes longer than a turn
 * @returns {Promise<Measured[]>}
 */
export async function contest(browser, url, entries, { runs, peaks }) {
  const context = await browser.newContext();
  try {
    const seats = [];
    for (const entry of entries) seats.push(await seat(context, url, entry));
    for (const { page } of seats) if (page) await turn(page, WARM_UP);
    await inTurns(seats, runs, async ({ page, measured }, count) => {
      if (!page) return;
      // The first run finds the others' data in the caches.
      const [, ...samples] = await turn(page, 1 + count);
      measured.inference.push(...samples.map(({ inference }) => inference));
      measured.total.push(...samples.flatMap(({ total }) => total ?? []));
      const { threads, type } = measured.contender;
      const peak = peaks && threads === 1 && type === 'f32' ? await page.evaluate(() => bench.peak()) : null;
      if (peak !== null) measured.peaks.push(peak);
    });
    return seats.map(({ measured }) => measured);
  } finally {
    await context.close();
  }
}

/**
 * @template Seat
 * @param {Seat[]} seats
 * @param {number} runs of each
 * @param {(seat: Seat, runs: number) => Promise<void>} play a turn of a few runs
 */
export async function inTurns(seats, runs, play) {
  for (let round = 0; round * RUNS_A_TURN < runs; round++) {
    // The order alternates, so that no tab always follows the same one.
    for (const seat of round % 2 ? seats.toReversed() : seats) {
      await setTimeout(PAUSE);
      await play(seat, Math.min(RUNS_A_TURN, runs - round * RUNS_A_TURN));
    }
  }
}

/**
 * @param {BrowserContext} context
 * @param {string} url
 * @param {{ contender: Contender, task: Task }} entry
 * @returns {Promise<{ page: Page | null, measured: Measured }>}
 */
async function seat(context, url, { contender, task }) {
  /** @type {Measured} */
  const measured = { contender, task, missing: null, macs: null, inference: [], total: [], peaks: [] };
  const page = await context.newPage();
  try {
    measured.macs = await prepare(page, url, contender, task);
    return { page, measured };
  } catch (error) {
    await page.close();
    measured.missing = reasonOf(error);
    console.log(`NOT MEASURED: ${labelOf(contender)}, ${task.version}: ${measured.missing}`);
    return { page: null, measured };
  }
}

/**
 * @param {unknown} error an error of a page's script
 * @returns {string} its message, without the place
 */
export function reasonOf(error) {
  const message = error instanceof Error ? error.message : String(error);
  return message.split('\n')[0].replace(/^page\.evaluate: (\w*Error: )?/, '');
}

/**
 * Loads a contender in a page, and checks its settings.
 * @param {Page} page
 * @param {string} url
 * @param {Contender} contender
 * @param {Task} task
 * @returns {Promise<number | null>} multiply-accumulates, if the runtime tells
 */
export async function prepare(page, url, { adapter, ours, build, threads, type }, task) {
  await page.goto(`${url}bench/index.html`);
  const info = await page.evaluate(
    ([adapter, options]) => bench.prepare(adapter, options),
    /** @type {const} */ ([adapter, { ...task, build, threads, type }]),
  );
  if (!ours) return null;
  if (info.build !== build || info.threads !== threads || info.type !== type) {
    throw new Error(`the package runs the build ${info.build} on ${info.type} with threads: ${info.threads} instead`);
  }
  return info.macs ?? null;
}

/**
 * Brings the tab to the front, because Chromium gives the main threads of other tabs a lower priority.
 * @param {Page} page
 * @param {number} runs
 * @returns {Promise<import('./page/contender.js').Sample[]>}
 */
export async function turn(page, runs) {
  await page.bringToFront();
  return page.evaluate((runs) => bench.run(runs), runs);
}
