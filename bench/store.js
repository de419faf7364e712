// What was read, by part, so that a part can be read anew without the others.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { made, root } from './browser.js';

/**
 * @typedef {import('./report.js').Results} Results
 *
 * @typedef {object} Reading how a part was read
 * @property {string} command
 * @property {string} date
 * @property {string} commit the first digits
 * @property {number} runs of each contender
 * @property {number} load the load average before it
 */

const FILE = join(made, 'results.json');

/**
 * The readings so far that may stand beside new ones: those of the same machine, browser and packages.
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

/** The commit that is measured, with a `+` where the files differ from it; empty without git. */
export function commit() {
  try {
    const git = (/** @type {string[]} */ ...args) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
    return git('rev-parse', '--short=7', 'HEAD') + (git('status', '--porcelain', '--', 'src', 'pkg', 'xtask') && '+');
  } catch {
    return '';
  }
}
