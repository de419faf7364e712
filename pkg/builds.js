import { Connection } from './connection.js';
import { MobileNetError, messageOf } from './errors.js';

/**
 * @typedef {object} Build
 * @property {import('./index.js').BuildName} name as in `net.info.build` and in the folder below `wasm/`
 * @property {boolean} shared whether its memory is shared, so that several threads can run a network
 * @property {() => string | null} refusal why this engine can't run its instructions, null where it can
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

const withoutRelaxed = () => (WebAssembly.validate(RELAXED_PROBE) ? null : 'this browser has no relaxed SIMD');
const withoutSimd = () => (WebAssembly.validate(SIMD_PROBE) ? null : 'this browser has no WebAssembly SIMD');

/**
 * The wasm builds, best first. The addresses are written out because bundlers look for exactly this form. Each worker has
 * a name of its own because webpack names its file by it, and would put all of one name into one file.
 * @type {Build[]}
 */
const BUILDS = [
  {
    name: 'relaxed-threads',
    shared: true,
    refusal: withoutRelaxed,
    wasm: new URL('./wasm/relaxed-threads/mobilenet_wasm_bg.wasm', import.meta.url),
    spawn: () =>
      new Worker(new URL('./workers/relaxed-threads.js', import.meta.url), {
        type: 'module',
        name: 'mobilenet-wasm-relaxed-threads',
      }),
  },
  {
    name: 'relaxed',
    shared: false,
    refusal: withoutRelaxed,
    wasm: new URL('./wasm/relaxed/mobilenet_wasm_bg.wasm', import.meta.url),
    spawn: () =>
      new Worker(new URL('./workers/relaxed.js', import.meta.url), { type: 'module', name: 'mobilenet-wasm-relaxed' }),
  },
  {
    name: 'simd-threads',
    shared: true,
    refusal: withoutSimd,
    wasm: new URL('./wasm/simd-threads/mobilenet_wasm_bg.wasm', import.meta.url),
    spawn: () =>
      new Worker(new URL('./workers/simd-threads.js', import.meta.url), {
        type: 'module',
        name: 'mobilenet-wasm-simd-threads',
      }),
  },
  {
    name: 'simd',
    shared: false,
    refusal: withoutSimd,
    wasm: new URL('./wasm/simd/mobilenet_wasm_bg.wasm', import.meta.url),
    spawn: () =>
      new Worker(new URL('./workers/simd.js', import.meta.url), { type: 'module', name: 'mobilenet-wasm-simd' }),
  },
];

/** @type {readonly string[]} */
export const BUILD_NAMES = BUILDS.map(({ name }) => name);

/** Threads that a network gets unasked: beyond four it gains little, and the page has other work. */
const DEFAULT_THREADS = 4;

/**
 * What a caller asks of the build.
 * @typedef {object} Wish
 * @property {number | undefined} threads
 * @property {string | undefined} build this one or none
 *
 * @typedef {object} Started a worker that runs, with its threads
 * @property {Connection} connection
 * @property {import('./index.js').BuildName} build
 * @property {number} threads
 * @property {SkippedBuild[]} skipped
 */

/**
 * Starts a worker with the best build that works here, and its threads: one that the engine refuses, or that fails to
 * start, is passed over for the next.
 * @param {Wish} wish
 * @param {AbortSignal} signal ends all that was started; its reason is the error
 * @returns {Promise<Started>}
 */
export async function startBest({ threads = defaultThreads(), build: only }, signal) {
  if (typeof WebAssembly !== 'object') throw new MobileNetError('UNSUPPORTED', 'this browser has no WebAssembly');
  /** @type {SkippedBuild[]} */
  const skipped = [];
  /** @type {import('./index.js').ErrorCode} */
  let code = 'UNSUPPORTED';
  for (const build of BUILDS) {
    if (only !== undefined && build.name !== only) continue;
    const refusal = build.refusal() ?? (build.shared ? withoutThreads(threads, only) : null);
    if (refusal) {
      skipped.push({ build: build.name, reason: refusal });
      continue;
    }
    try {
      const used = build.shared ? threads : 1;
      return { connection: await start(build, used, signal), build: build.name, threads: used, skipped };
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (error instanceof MobileNetError) code = error.code;
      skipped.push({ build: build.name, reason: messageOf(error) });
    }
  }
  throw new MobileNetError(code, `no build of the engine runs here: ${listed(skipped)}`);
}

/**
 * @param {SkippedBuild[]} skipped
 * @returns {string} each reason once, with the builds that it holds for
 */
function listed(skipped) {
  /** @type {Map<string, string[]>} */
  const builds = new Map();
  for (const { build, reason } of skipped) builds.set(reason, [...(builds.get(reason) ?? []), build]);
  return Array.from(builds, ([reason, names]) => `${names.join(', ')}: ${reason}`).join('; ');
}

function defaultThreads() {
  return Math.min(navigator.hardwareConcurrency || 1, DEFAULT_THREADS);
}

/**
 * @param {number} threads
 * @param {string | undefined} only the build that the caller insists on
 * @returns {string | null} why a build with threads won't do
 */
function withoutThreads(threads, only) {
  if (!globalThis.crossOriginIsolated) {
    return 'threads need a page that is cross-origin isolated: send the headers Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp';
  }
  return threads === 1 && only === undefined ? 'one thread needs no shared memory' : null;
}

/**
 * @param {Build} build
 * @param {number} threads
 * @param {AbortSignal} signal
 * @returns {Promise<Connection>} to the worker that owns the networks, and with it to those that help it
 */
async function start(build, threads, signal) {
  signal.throwIfAborted();
  const connection = connect(build);
  const policy = watchPolicy();
  const end = () => connection.close(signal.reason);
  signal.addEventListener('abort', end);
  try {
    // One for all: a network that lost a thread would wait for it for ever.
    const helpers = Array.from({ length: threads - 1 }, () => connection.tie(connect(build)));
    // The workers fetch their scripts meanwhile.
    const module = await compiled(build);
    const memory = await connection.request({ type: 'start', module, threads });
    await Promise.all(helpers.map((helper) => helper.request({ type: 'join', module, memory })));
    return connection;
  } catch (error) {
    connection.close(new MobileNetError('DISPOSED', 'this build did not start'));
    throw (await policy.fault()) ?? error;
  } finally {
    policy.forget();
    signal.removeEventListener('abort', end);
  }
}

/**
 * @param {Build} build
 * @returns {Connection}
 */
function connect(build) {
  let worker;
  try {
    worker = build.spawn();
  } catch (cause) {
    // Browsers start no worker from another origin's script.
    const reason = `the browser starts no worker here: ${messageOf(cause)}; serve the package's files from the page's own origin`;
    throw new MobileNetError('BLOCKED', reason, { cause });
  }
  return new Connection(worker);
}

/**
 * Listens for a Content-Security-Policy that forbids workers: to the page, such a worker is only one that could not be loaded.
 * @returns {{ fault: () => Promise<MobileNetError | null>, forget: () => void }}
 */
function watchPolicy() {
  let forbids = false;
  /** @param {any} event */
  const listen = ({ effectiveDirective, disposition }) => {
    forbids ||= effectiveDirective === 'worker-src' && disposition === 'enforce';
  };
  globalThis.addEventListener('securitypolicyviolation', listen);
  return {
    async fault() {
      // The event may come after the worker's own.
      await new Promise((resolve) => setTimeout(resolve));
      const reason = "the page's Content-Security-Policy forbids the workers of this package: add 'self' to worker-src";
      return forbids ? new MobileNetError('BLOCKED', reason) : null;
    },
    forget: () => globalThis.removeEventListener('securitypolicyviolation', listen),
  };
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
  const type = response.headers.get('content-type') ?? '';
  if (/^text\/html\b/i.test(type)) {
    throw new MobileNetError(
      'FETCH_FAILED',
      `${url} is a page (${type}) in place of WebAssembly: put the package's folder wasm where the server finds it`,
    );
  }
  try {
    // Streaming compilation insists on the MIME type, which not every server knows.
    return await (type.startsWith('application/wasm')
      ? WebAssembly.compileStreaming(response)
      : WebAssembly.compile(await response.arrayBuffer()));
  } catch (cause) {
    if (cause instanceof RangeError) {
      throw new MobileNetError('OUT_OF_MEMORY', `there is no memory for ${url}: ${messageOf(cause)}`, { cause });
    }
    if (compilingIsForbidden()) {
      const reason = "the page's Content-Security-Policy forbids WebAssembly: add 'wasm-unsafe-eval' to script-src";
      throw new MobileNetError('BLOCKED', reason, { cause });
    }
    const reason = `${url} is not the package's file, or a damaged copy of it: ${messageOf(cause)}`;
    throw new MobileNetError('FETCH_FAILED', reason, { cause });
  }
}

/** @returns {boolean} whether not even a module that is known to be valid can be compiled */
function compilingIsForbidden() {
  try {
    new WebAssembly.Module(SIMD_PROBE);
    return false;
  } catch {
    return true;
  }
}
