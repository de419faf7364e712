// Imports modules of the page's source, for tests without a browser.
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('../../www/', import.meta.url));
const require = createRequire(new URL('../../www/package.json', import.meta.url));
/** @type {typeof import('vite')} */
const { runnerImport } = await import(pathToFileURL(require.resolve('vite')).href);

/** @param {string} path a path below `www/src` */
export async function source(path) {
  const { module } = await runnerImport(`./src/${path}`, { configFile: false, root, logLevel: 'silent' });
  return /** @type {any} */ (module);
}
