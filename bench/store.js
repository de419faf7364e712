// Stores the readings by part, so that a part can be measured again without the others.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { made, root } from './browser.js';

/**
 * @typedef {import('./report.js').Results} Results
 *
 * @typedef {object} Reading how a part was measured
 * @property {string} command
 * @property {string} date
 * @property {string} commit the commit's first digits
 * @property {number} runs the number of runs of each contender
 * @property {number} load the load average before the measurement
 */

const FILE = join(made, 'results.json');

/**
 * The stored readings. It returns none if they are from another machine, browser or packages, because new readings
 * couldn't stand beside them.
 * @param {import('./machine.js').Surroundings} surroundings
 * @param {string} [file]
 * @returns {Results}
 */
export function stored(surroundings, file = FILE) {
  /** @type {Results | null} */
  const results = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : null;
  const same = results && JSON.stringify(results.surroundings) === JSON.stringify(surroundings);
  return same ? results : { surroundings, parts: {} };
}

/**
 * @param {Results} results
 * @param {string} [file]
 */
export function store(results, file = FILE) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(results));
}

/** The measured commit, with a `+` if the files differ from it; empty without git. */
export function commit() {
  try {
    const git = (/** @type {string[]} */ ...args) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
    return git('rev-parse', '--short=7', 'HEAD') + (git('status', '--porcelain', '--', 'src', 'pkg', 'xtask') && '+');
  } catch {
    return '';
  }
}
