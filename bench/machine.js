// Describes the machine and the programs of a measurement.
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { root } from './browser.js';

/**
 * @typedef {object} Surroundings
 * @property {string} cpu
 * @property {number} cores
 * @property {string} system
 * @property {string} browser
 * @property {string[]} packages in the browser
 * @property {string[]} makers of the peers' models
 */

/**
 * @param {import('./browser.js').Browser} browser
 * @returns {Surroundings}
 */
export function surroundings(browser) {
  const ours = JSON.parse(read('pkg/package.json'));
  const { dependencies } = JSON.parse(read('bench/package.json'));
  return {
    cpu: cpus()[0].model,
    cores: availableParallelism(),
    system: distribution(),
    browser: `Chromium ${browser.version()}, headless`,
    packages: [`${ours.name} ${ours.version}`, ...Object.entries(dependencies).map((pair) => pair.join(' '))],
    makers: ['tflite', 'onnx'].flatMap((kind) =>
      read(`bench/requirements-${kind}.txt`).trim().replaceAll('==', ' ').split('\n'),
    ),
  };
}

function distribution() {
  const file = '/etc/os-release';
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  return /^PRETTY_NAME="?(.*?)"?$/m.exec(text)?.[1] ?? process.platform;
}

/** @param {string} path below the root */
function read(path) {
  return readFileSync(join(root, path), 'utf8');
}
