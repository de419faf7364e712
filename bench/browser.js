// The server and the Chromium in which everything is measured.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { launch as launchPlain } from '../tests/page/chromium.js';
import { serve } from '../www/serve.js';

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
  // Tabs take turns: those that wait must not be put to sleep.
  return launchPlain([
    '--disable-background-timer-throttling',
    '--disable-backgrounding-occluded-windows',
    '--disable-renderer-backgrounding',
    ...flags,
  ]);
}
