// The server and the Chromium in which everything is measured.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { serve } from '../www/serve.js';

const require = createRequire(new URL('../www/package.json', import.meta.url));
/** @type {typeof import('playwright-core')} */
const { chromium } = require('playwright-core');

/**
 * @typedef {import('playwright-core').Browser} Browser
 * @typedef {import('playwright-core').BrowserContext} BrowserContext
 * @typedef {import('playwright-core').Page} Page
 */

export const root = fileURLToPath(new URL('..', import.meta.url));

/** What was made for this benchmark, see `xtask/src/bench.rs`. */
export const made = join(root, 'target/bench');

/** Headers for shared memory come with this server: no runtime has to do without threads. */
export function serveAll() {
  return serve({
    mounts: [
      { prefix: '/bench/', folder: join(root, 'bench/page') },
      { prefix: '/peers/node_modules/', folder: join(root, 'bench/node_modules') },
      { prefix: '/peers/models/', folder: join(made, 'models') },
      { prefix: '/peers/', folder: join(made, 'peers') },
    ],
  });
}

/** @param {string[]} [flags] */
export function launch(flags = []) {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      // Tabs take turns: those that wait must not be put to sleep.
      '--disable-background-timer-throttling',
      '--disable-backgrounding-occluded-windows',
      '--disable-renderer-backgrounding',
      ...flags,
    ],
  });
}
