// Starts the Chromium of the tests and of the benchmark.
import { createRequire } from 'node:module';

const require = createRequire(new URL('../../www/package.json', import.meta.url));
/** @type {typeof import('playwright-core')} */
const { chromium } = require('playwright-core');

export const EXECUTABLE = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** Flags to run Chromium as root without a GPU, and to stop its own requests. */
export const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--no-first-run',
  '--disable-quic',
  '--disable-component-update',
  '--disable-sync',
];

/** @param {string[]} [flags] more flags */
export function launch(flags = []) {
  return chromium.launch({ executablePath: EXECUTABLE, args: [...ARGUMENTS, ...flags] });
}
