/**
 * The functions that differ between platforms. The entries set them: `index.js` for pages, `node.js` for Node, Bun and Deno,
 * `inline.js` for pages that have everything in one file.
 *
 * @typedef {import('./index.js').BuildName} BuildName
 * @typedef {BuildName | 'convert'} AnyBuild a build of the engine, or the one that converts files for it
 *
 * @typedef {object} Worker the members of a page's {@link Worker} that the package uses
 * @property {(message: any, transfer: Transferable[]) => void} postMessage
 * @property {() => void} terminate
 * @property {((event: any) => void) | null} onmessage
 * @property {((event: any) => void) | null} onmessageerror
 * @property {((event: any) => void) | null} onerror if the event has no `message`, the script could not be loaded
 *
 * @typedef {object} Platform
 * @property {readonly BuildName[]} builds the engine's builds that exist here
 * @property {(build: AnyBuild, assets: URL | undefined) => Worker} spawn starts a worker with the script of a build; `assets` is
 *   the folder that the caller gave
 * @property {(build: AnyBuild, assets: URL | undefined) => URL | Promise<Uint8Array<ArrayBuffer>>} wasm a build's module, or its
 *   address
 * @property {() => string | null} unshared why memory can't be shared with workers; `null` if it can
 * @property {() => number} cores
 * @property {() => string} base the address that relative ones are relative to
 * @property {typeof fetch} fetch
 * @property {(source: any, options: ImageBitmapOptions) => Promise<import('./protocol.js').PixelFrame>} [readPicture] where no
 *   bitmap can be handed to a worker: has the pixels of a picture that isn't `{ data, width, height }`
 */

/** @type {Platform} */
let platform;

/** @param {Platform} here the platform of an entry that runs only there */
export function usePlatform(here) {
  platform = here;
}

/** @param {Platform} here the platform of the page's entry, which servers import too; another one that is set stays */
export function usePlatformElsewhere(here) {
  platform ??= here;
}

/** @returns {Platform} */
export function thePlatform() {
  return platform;
}
