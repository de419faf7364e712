/**
 * What the package asks of the place in which it runs. The entries fill it: `index.js` for pages, `node.js` for Node, Bun and Deno,
 * `inline.js` for a page that has all in one file.
 *
 * @typedef {import('./index.js').BuildName} BuildName
 * @typedef {BuildName | 'convert'} AnyBuild of the engine, or the one that reads files for it
 *
 * @typedef {object} Worker what {@link Worker} of pages has, as far as the package uses it
 * @property {(message: any, transfer: Transferable[]) => void} postMessage
 * @property {() => void} terminate
 * @property {((event: any) => void) | null} onmessage
 * @property {((event: any) => void) | null} onmessageerror
 * @property {((event: any) => void) | null} onerror without a `message` its script could not be loaded
 *
 * @typedef {object} Platform
 * @property {readonly BuildName[]} builds those of the engine that there are here
 * @property {(build: AnyBuild, assets: URL | undefined) => Worker} spawn starts a worker with the script of a build; `assets` is
 *   the folder that the caller gave
 * @property {(build: AnyBuild, assets: URL | undefined) => URL | Promise<Uint8Array<ArrayBuffer>>} wasm a build's module, or where it
 *   is to be fetched
 * @property {() => string | null} unshared why memory can't be shared with workers, `null` where it can
 * @property {() => number} cores
 * @property {() => string} base what relative addresses are relative to
 * @property {typeof fetch} fetch
 * @property {(source: any, options: ImageBitmapOptions) => Promise<import('./protocol.js').PixelFrame>} [readPicture] where no
 *   bitmap can be handed to a worker: has the pixels of a picture that isn't `{ data, width, height }`
 */

/** @type {Platform} */
let platform;

/** @param {Platform} here that of an entry which is for this place */
export function usePlatform(here) {
  platform = here;
}

/** @param {Platform} here that of the entry which is imported everywhere, also by servers that have another one */
export function usePlatformElsewhere(here) {
  platform ??= here;
}

/** @returns {Platform} */
export function thePlatform() {
  return platform;
}
