// Measures from a click on a link to the first prediction, for a visitor with a warm cache.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './browser.js';

/**
 * @typedef {object} ColdStart
 * @property {string | null} weights name of the checkpoint; null for random weights
 * @property {string} build
 * @property {number} threads
 * @property {number[]} times ms
 */

/**
 * @param {import('./browser.js').Browser} browser
 * @param {string} url
 * @param {number} visits
 * @returns {Promise<ColdStart>}
 */
export async function coldStart(browser, url, visits) {
  const model = v3Small();
  const files = model ? Object.entries(model.files).filter(([, file]) => file) : [];
  const address = `${url}bench/cold.html?${new URLSearchParams(files.map(([key, file]) => [key, `/${file}`]))}`;
  const readings = [];
  for (let i = 0; i < visits; i++) {
    const context = await browser.newContext();
    await visit(context, address);
    readings.push(await visit(context, address));
    await context.close();
  }
  const [{ build, threads }] = readings;
  return { weights: model?.name ?? null, build, threads, times: readings.map(({ time }) => time) };
}

/**
 * @param {import('./browser.js').BrowserContext} context
 * @param {string} address
 * @returns {Promise<{ time: number, build: string, threads: number }>}
 */
async function visit(context, address) {
  const page = await context.newPage();
  await page.goto(address);
  const reading = await page.evaluate(() => globalThis.firstPrediction);
  await page.close();
  return reading;
}

/** The page's first V3-Small of width 1, if it has one. */
function v3Small() {
  const list = join(root, 'www/public/models/models.json');
  if (!existsSync(list)) return null;
  /** @type {{ models: { name: string, version: string, width: number, url: string, config?: string, preprocessorConfig?: string }[] }} */
  const { models } = JSON.parse(readFileSync(list, 'utf8'));
  const model = models.find(({ version, width }) => version === 'v3-small' && width === 1);
  if (!model) return null;
  const { name, url: weights, config, preprocessorConfig } = model;
  return { name, files: { weights, config, preprocessorConfig } };
}
