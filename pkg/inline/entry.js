import { start, surroundings } from '../page.js';
import { usePlatform } from '../platform.js';
import { FILES } from './files.js';

/**
 * The entry `mobilenet-wasm/inline`: its one file contains the workers and the wasm, so that no tool has to copy them.
 * `www/bundle-package.js` makes `wasm/inline.js` of it.
 */

/** @type {Map<string, string>} The addresses of the workers' scripts. */
const scripts = new Map();

/** @type {import('../index.js').BuildName[]} */
const builds = ['relaxed', 'simd'];

usePlatform({
  ...surroundings,
  builds,
  spawn(build) {
    let script = scripts.get(build);
    if (script === undefined) {
      const { worker } = FILES[/** @type {keyof typeof FILES} */ (build)];
      script = URL.createObjectURL(new Blob([worker], { type: 'text/javascript' }));
      scripts.set(build, script);
    }
    return start(script, { name: `mobilenet-wasm-${build}` });
  },
  async wasm(build) {
    const { wasm } = FILES[/** @type {keyof typeof FILES} */ (build)];
    const packed = Uint8Array.from(atob(wasm), (character) => character.charCodeAt(0));
    const unpacked = new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'));
    return new Uint8Array(await new Response(unpacked).arrayBuffer());
  },
});

export { Engine } from '../engine.js';
export { MobileNetError } from '../errors.js';
export { MobileNet } from '../mobilenet.js';
