import { Connection } from './connection.js';
import { MobileNetError, messageOf } from './errors.js';

/**
 * @typedef {object} Build
 * @property {string} name as in `net.info.build` and in the folder below `wasm/`
 * @property {() => string | null} refusal why this engine can't run it, null where it can
 * @property {URL} wasm
 * @property {() => Worker} spawn
 *
 * @typedef {import('./index.js').SkippedBuild} SkippedBuild
 */

/** `(func (result v128) i32.const 0  i8x16.splat  i8x16.popcnt)`: valid where SIMD128 is. */
const SIMD_PROBE = Uint8Array.of(
  0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, // magic, version 1
  0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7b, // one type: [] -> [v128]
  0x03, 0x02, 0x01, 0x00, // one function of that type
  0x0a, 0x0a, 0x01, 0x08, 0x00, 0x41, 0x00, 0xfd, 0x0f, 0xfd, 0x62, 0x0b, // its body
); // prettier-ignore

/** `(func (result v128) i32.const 0  i8x16.splat ×3  f32x4.relaxed_madd)`: valid where relaxed SIMD is. */
const RELAXED_PROBE = Uint8Array.of(
  0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, // magic, version 1
  0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7b, // one type: [] -> [v128]
  0x03, 0x02, 0x01, 0x00, // one function of that type
  0x0a, 0x13, 0x01, 0x11, 0x00, // its body
  0x41, 0x00, 0xfd, 0x0f, 0x41, 0x00, 0xfd, 0x0f, 0x41, 0x00, 0xfd, 0x0f, 0xfd, 0x85, 0x02, 0x0b,
); // prettier-ignore

/**
 * The wasm builds, best first. The addresses are written out because bundlers look for exactly this form.
 * @type {Build[]}
 */
const BUILDS = [
  {
    name: 'relaxed',
    refusal: () => (WebAssembly.validate(RELAXED_PROBE) ? null : 'this browser has no relaxed SIMD'),
    wasm: new URL('./wasm/relaxed/mobilenet_wasm_bg.wasm', import.meta.url),
    spawn: () =>
      new Worker(new URL('./workers/relaxed.js', import.meta.url), { type: 'module', name: 'mobilenet-wasm' }),
  },
  {
    name: 'simd',
    refusal: () => (WebAssembly.validate(SIMD_PROBE) ? null : 'this browser has no WebAssembly SIMD'),
    wasm: new URL('./wasm/simd/mobilenet_wasm_bg.wasm', import.meta.url),
    spawn: () => new Worker(new URL('./workers/simd.js', import.meta.url), { type: 'module', name: 'mobilenet-wasm' }),
  },
];

/**
 * Starts a worker with the best build that works here: one that the engine refuses, or that fails to start, is passed
 * over for the next.
 * @returns {Promise<{ connection: Connection, build: string, skipped: SkippedBuild[] }>}
 */
export async function startBest() {
  if (typeof WebAssembly !== 'object') throw new MobileNetError('UNSUPPORTED', 'this browser has no WebAssembly');
  /** @type {SkippedBuild[]} */
  const skipped = [];
  /** @type {import('./index.js').ErrorCode} */
  let code = 'UNSUPPORTED';
  for (const build of BUILDS) {
    const refusal = build.refusal();
    if (refusal) {
      skipped.push({ build: build.name, reason: refusal });
      continue;
    }
    try {
      return { connection: await start(build), build: build.name, skipped };
    } catch (error) {
      if (error instanceof MobileNetError) code = error.code;
      skipped.push({ build: build.name, reason: messageOf(error) });
    }
  }
  throw new MobileNetError(
    code,
    `no build of the engine runs here: ${skipped.map(({ build, reason }) => `${build}: ${reason}`).join('; ')}`,
  );
}

/**
 * @param {Build} build
 * @returns {Promise<Connection>}
 */
async function start(build) {
  const module = await compiled(build);
  const connection = new Connection(build.spawn());
  try {
    await connection.request({ type: 'start', module });
    return connection;
  } catch (error) {
    connection.close(new MobileNetError('DISPOSED', 'this build did not start'));
    throw error;
  }
}

/** @type {Map<string, Promise<WebAssembly.Module>>} */
const modules = new Map();

/**
 * Compiles a build once; every worker instantiates the same code.
 * @param {Build} build
 * @returns {Promise<WebAssembly.Module>}
 */
function compiled(build) {
  let module = modules.get(build.name);
  if (!module) {
    module = compile(build.wasm);
    modules.set(build.name, module);
    // A failure may be the network's, and pass.
    module.catch(() => modules.delete(build.name));
  }
  return module;
}

/**
 * @param {URL} url
 * @returns {Promise<WebAssembly.Module>}
 */
async function compile(url) {
  let response;
  try {
    response = await fetch(url);
  } catch (error) {
    throw new MobileNetError('FETCH_FAILED', `${url} could not be reached: ${messageOf(error)}`, { cause: error });
  }
  if (!response.ok) throw new MobileNetError('FETCH_FAILED', `${url} answered ${response.status}`);
  // Streaming compilation insists on the MIME type, which not every server knows.
  return response.headers.get('content-type')?.startsWith('application/wasm')
    ? WebAssembly.compileStreaming(response)
    : WebAssembly.compile(await response.arrayBuffer());
}
