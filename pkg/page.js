import { MobileNetError, messageOf } from './errors.js';

/**
 * The platform of pages and of workers in which the package is used.
 *
 * @typedef {import('./index.js').BuildName} BuildName
 * @typedef {import('./platform.js').AnyBuild} AnyBuild
 */

/**
 * A build's two files. The addresses are written out because bundlers look for exactly this form. A worker's script imports nothing,
 * so that tools can copy it like a wasm file without reading it.
 * @type {Record<AnyBuild, { worker: () => URL, wasm: () => URL }>}
 */
const FILES = {
  'relaxed-threads': {
    worker: () => new URL('./wasm/relaxed-threads/worker.js', import.meta.url),
    wasm: () => new URL('./wasm/relaxed-threads/mobilenet_wasm_bg.wasm', import.meta.url),
  },
  relaxed: {
    worker: () => new URL('./wasm/relaxed/worker.js', import.meta.url),
    wasm: () => new URL('./wasm/relaxed/mobilenet_wasm_bg.wasm', import.meta.url),
  },
  'simd-threads': {
    worker: () => new URL('./wasm/simd-threads/worker.js', import.meta.url),
    wasm: () => new URL('./wasm/simd-threads/mobilenet_wasm_bg.wasm', import.meta.url),
  },
  simd: {
    worker: () => new URL('./wasm/simd/worker.js', import.meta.url),
    wasm: () => new URL('./wasm/simd/mobilenet_wasm_bg.wasm', import.meta.url),
  },
  convert: {
    worker: () => new URL('./wasm/convert/worker.js', import.meta.url),
    wasm: () => new URL('./wasm/convert/mobilenet_wasm_bg.wasm', import.meta.url),
  },
};

/** @type {BuildName[]} */
export const builds = ['relaxed-threads', 'relaxed', 'simd-threads', 'simd'];

/** @type {(build: AnyBuild, assets: URL | undefined) => URL} the address of the script of a build's worker */
export const script = (build, assets) => (assets ? new URL(`${build}/worker.js`, assets) : FILES[build].worker());

/** @type {(build: AnyBuild, assets: URL | undefined) => URL} the address of a build's module */
export const wasm = (build, assets) =>
  assets ? new URL(`${build}/mobilenet_wasm_bg.wasm`, assets) : FILES[build].wasm();

/** The parts of the platform that don't depend on where the files are. */
export const surroundings = {
  unshared: () =>
    globalThis.crossOriginIsolated
      ? null
      : 'threads need a page that is cross-origin isolated: send the headers Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp',
  cores: () => globalThis.navigator?.hardwareConcurrency || 1,
  base,
  /** @type {typeof fetch} */
  fetch: (...request) => globalThis.fetch(...request),
};

/** @type {import('./platform.js').Platform} */
export const page = {
  builds,
  wasm,
  spawn(build, assets) {
    const address = script(build, assets);
    const name = `mobilenet-wasm-${build}`;
    // Browsers start no worker from a script of another origin, but a script of the page's origin may import it.
    if (isForeign(address)) return start(importer(address), { name, type: 'module' });
    return start(address.href, { name });
  },
  ...surroundings,
};

/**
 * @param {string} script its address
 * @param {WorkerOptions} options
 * @returns {Worker}
 */
export function start(script, options) {
  if (typeof Worker !== 'function') {
    throw new MobileNetError('UNSUPPORTED', 'there are no workers here: call this in a page or in one of its workers');
  }
  try {
    return new Worker(trusted(script), options);
  } catch (cause) {
    const advice = policy === null ? ": add mobilenet-wasm to the Content-Security-Policy's trusted-types" : '';
    throw new MobileNetError('BLOCKED', `the browser starts no worker here: ${messageOf(cause)}${advice}`, { cause });
  }
}

/** @type {{ createScriptURL(address: string): string } | null | undefined} `null` if the page doesn't allow one */
let policy;

/**
 * Passes an address through a policy. With `require-trusted-types-for 'script'` in a page's Content-Security-Policy, a worker starts
 * only from such an address.
 * @param {string} script
 * @returns {string}
 */
function trusted(script) {
  try {
    policy ??= /** @type {any} */ (globalThis).trustedTypes?.createPolicy('mobilenet-wasm', {
      createScriptURL: (/** @type {string} */ address) => address,
    });
  } catch {
    policy = null;
  }
  return policy?.createScriptURL(script) ?? script;
}

/**
 * @param {URL} script
 * @returns {boolean}
 */
function isForeign({ protocol, origin }) {
  return /^https?:$/.test(protocol) && origin !== globalThis.location?.origin;
}

/** @type {Map<string, string>} The addresses of these scripts, by the address of the script that each imports. */
const importers = new Map();

/**
 * @param {URL} script
 * @returns {string} the address of a script of the page's origin that imports a script of another origin
 */
function importer({ href }) {
  let address = importers.get(href);
  if (address === undefined) {
    address = URL.createObjectURL(new Blob([`import ${JSON.stringify(href)};`], { type: 'text/javascript' }));
    importers.set(href, address);
  }
  return address;
}

/** @returns {string} the page's address; in a worker that was made from a blob, the root of its origin */
function base() {
  const { document, location } = globalThis;
  if (document) return document.baseURI;
  if (!location) return '';
  return location.protocol === 'blob:' ? `${location.origin}/` : location.href;
}
