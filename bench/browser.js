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

/** The files that `xtask/src/bench.rs` makes for the benchmark. */
export const made = join(root, 'target/bench');

/** The server sends the headers for shared memory, so that every runtime can have threads. */
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
  // Tabs take turns, and waiting ones must not be throttled.
  return launchPlain([
    '--disable-background-timer-throttling',
    '--disable-backgrounding-occluded-windows',
    '--disable-renderer-backgrounding',
    ...flags,
  ]);
}
