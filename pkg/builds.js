import { Connection } from './connection.js';
import { MobileNetError, messageOf } from './errors.js';
import { thePlatform } from './platform.js';

/**
 * @typedef {object} Build
 * @property {import('./index.js').BuildName} name as in `net.info.build` and in the folder below `wasm/`
 * @property {boolean} shared whether its memory is shared, so that several threads can run a network
 * @property {() => string | null} refusal why this engine can't run its instructions, null where it can
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
 * The wasm builds, best first.
 * @type {Build[]}
 */
const BUILDS = [
  { name: 'relaxed-threads', shared: true, refusal: withoutRelaxed },
  { name: 'relaxed', shared: false, refusal: withoutRelaxed },
  { name: 'simd-threads', shared: true, refusal: withoutSimd },
  { name: 'simd', shared: false, refusal: withoutSimd },
];

/** @type {readonly string[]} */
export const BUILD_NAMES = BUILDS.map(({ name }) => name);

/** The default number of threads, at most: a network gains little by more, and the page has other work. */
const DEFAULT_THREADS = 4;

/**
 * What a caller asks of the build.
 * @typedef {object} Wish
 * @property {number | undefined} threads
 * @property {string | undefined} build the only build to try
 * @property {URL | undefined} assets the folder that has the builds
 *
 * @typedef {object} Started a worker that runs, with its threads
 * @property {Connection} connection
 * @property {import('./index.js').BuildName} build
 * @property {number} threads
 * @property {SkippedBuild[]} skipped
 */

/**
 * Starts a worker with the best build that works here, and its threads. If the engine refuses a build, or if it fails to start, the
 * next one is tried.
 * @param {Wish} wish
 * @param {AbortSignal} signal ends everything that was started; its reason is the error
 * @returns {Promise<Started>}
 */
export async function startBest({ threads = defaultThreads(), build: only, assets }, signal) {
  if (typeof WebAssembly !== 'object') throw new MobileNetError('UNSUPPORTED', 'this browser has no WebAssembly');
  /** @type {SkippedBuild[]} */
  const skipped = [];
  /** @type {import('./index.js').ErrorCode} */
  let code = 'UNSUPPORTED';
  for (const build of BUILDS) {
    if (only !== undefined && build.name !== only) continue;
    const refusal = refusalOf(build, threads, only);
    if (refusal) {
      skipped.push({ build: build.name, reason: refusal });
      continue;
    }
    try {
      const used = build.shared ? threads : 1;
      return { connection: await start(build.name, used, assets, signal), build: build.name, threads: used, skipped };
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
 * @returns {string} each reason once, with the builds that it applies to
 */
function listed(skipped) {
  /** @type {Map<string, string[]>} */
  const builds = new Map();
  for (const { build, reason } of skipped) builds.set(reason, [...(builds.get(reason) ?? []), build]);
  return Array.from(builds, ([reason, names]) => `${names.join(', ')}: ${reason}`).join('; ');
}

function defaultThreads() {
  return Math.min(thePlatform().cores(), DEFAULT_THREADS);
}

/**
 * @param {Build} build
 * @param {number} threads
 * @param {string | undefined} only the only build to try
 * @returns {string | null} why this build can't be used; `null` if it can
 */
function refusalOf(build, threads, only) {
  const { builds, unshared } = thePlatform();
  if (!builds.includes(build.name)) return 'this entry of the package does not have it';
  const refusal = build.refusal() ?? (build.shared ? unshared() : null);
  if (refusal) return refusal;
  return build.shared && threads === 1 && only === undefined ? 'one thread needs no shared memory' : null;
}

/**
 * Starts a worker that reads files for the engine.
 * @param {URL | undefined} assets
 * @param {AbortSignal} signal ends the worker if aborted before it has started; its reason is the error
 * @returns {Promise<Connection>}
 */
export function startConverter(assets, signal) {
  return start('convert', 1, assets, signal);
}

/**
 * @param {import('./platform.js').AnyBuild} build
 * @param {number} threads
 * @param {URL | undefined} assets
 * @param {AbortSignal} signal
 * @returns {Promise<Connection>} to the worker that owns the networks; its helpers are tied to it
 */
async function start(build, threads, assets, signal) {
  signal.throwIfAborted();
  const connect = () => new Connection(thePlatform().spawn(build, assets));
  const connection = connect();
  const policy = watchPolicy();
  const end = () => connection.close(signal.reason);
  signal.addEventListener('abort', end);
  try {
    // All workers end together: a network that lost a thread would wait for it for ever.
    const helpers = Array.from({ length: threads - 1 }, () => connection.tie(connect()));
    // Meanwhile the workers fetch their scripts.
    const module = await compiled(build, assets);
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
 * Listens for a Content-Security-Policy that forbids workers. The error event of such a worker says only that it could not be loaded.
 * @returns {{ fault: () => Promise<MobileNetError | null>, forget: () => void }}
 */
function watchPolicy() {
  let forbids = false;
  /** @param {any} event */
  const listen = ({ effectiveDirective, disposition }) => {
    forbids ||= effectiveDirective === 'worker-src' && disposition === 'enforce';
  };
  globalThis.addEventListener?.('securitypolicyviolation', listen);
  return {
    async fault() {
      // This event may come after the worker's error event.
      await new Promise((resolve) => setTimeout(resolve));
      const reason =
        "the page's Content-Security-Policy forbids the workers of this package: add 'self' to worker-src, or blob: where the package comes from another origin";
      return forbids ? new MobileNetError('BLOCKED', reason) : null;
    },
    forget: () => globalThis.removeEventListener?.('securitypolicyviolation', listen),
  };
}

/** @type {Map<string, Promise<WebAssembly.Module>>} */
const modules = new Map();

/**
 * Compiles a build once; every worker instantiates the same code.
 * @param {import('./platform.js').AnyBuild} build
 * @param {URL | undefined} assets
 * @returns {Promise<WebAssembly.Module>}
 */
function compiled(build, assets) {
  const key = `${build} ${assets ?? ''}`;
  let module = modules.get(key);
  if (!module) {
    module = compile(build, thePlatform().wasm(build, assets));
    modules.set(key, module);
    // The connection may have failed: the next call tries again.
    module.catch(() => modules.delete(key));
  }
  return module;
}

/**
 * @param {string} build
 * @param {URL | Promise<Uint8Array<ArrayBuffer>>} source
 * @returns {Promise<WebAssembly.Module>}
 */
async function compile(build, source) {
  const name = source instanceof URL ? source.href : `the build ${build}`;
  const wasm = await (source instanceof URL ? fetchWasm(source) : source);
  try {
    // Streaming compilation needs the right MIME type, which not every server sends.
    if (wasm instanceof Uint8Array) return await WebAssembly.compile(wasm);
    return await (typeOf(wasm).startsWith('application/wasm')
      ? WebAssembly.compileStreaming(wasm)
      : WebAssembly.compile(await wasm.arrayBuffer()));
  } catch (cause) {
    if (cause instanceof RangeError) {
      throw new MobileNetError('OUT_OF_MEMORY', `there is no memory for ${name}: ${messageOf(cause)}`, { cause });
    }
    if (compilingIsForbidden()) {
      const reason = "the page's Content-Security-Policy forbids WebAssembly: add 'wasm-unsafe-eval' to script-src";
      throw new MobileNetError('BLOCKED', reason, { cause });
    }
    const reason = `${name} is not the package's file, or a damaged copy of it: ${messageOf(cause)}`;
    throw new MobileNetError('FETCH_FAILED', reason, { cause });
  }
}

/**
 * @param {URL} url
 * @returns {Promise<Response>}
 */
async function fetchWasm(url) {
  let response;
  try {
    response = await thePlatform().fetch(url);
  } catch (error) {
    throw new MobileNetError('FETCH_FAILED', `${url} could not be reached: ${messageOf(error)}`, { cause: error });
  }
  if (!response.ok) throw new MobileNetError('FETCH_FAILED', `${url} answered ${response.status}`);
  if (/^text\/html\b/i.test(typeOf(response))) {
    throw new MobileNetError(
      'FETCH_FAILED',
      `${url} is a page (${typeOf(response)}) in place of WebAssembly: put the package's folder wasm where the server finds it, or give its address as \`assets\``,
    );
  }
  return response;
}

/**
 * @param {Response} response
 * @returns {string} its MIME type
 */
function typeOf(response) {
  return response.headers.get('content-type') ?? '';
}

/** @returns {boolean} whether even a valid module can't be compiled here */
function compilingIsForbidden() {
  try {
    new WebAssembly.Module(SIMD_PROBE);
    return false;
  } catch {
    return true;
  }
}
