import { ERROR_CODES, MobileNetError, messageOf } from './errors.js';
import { PixelReader } from './pixels.js';
import { MAX_RUNS } from './protocol.js';

/**
 * @typedef {import('./protocol.js').Request} Request
 * @typedef {import('./protocol.js').Answer} Answer
 *
 * @typedef {object} Engine one network in wasm memory, as `src/wasm.rs` exports it
 * @property {string} info JSON
 * @property {(rgba: Uint8Array, width: number, height: number, topK: number) => Float64Array} classify
 *   `[preprocess ms, inference ms, index, probability, index, probability, ...]`
 * @property {(input: Float32Array) => Float32Array} run
 * @property {(threads: number) => void} [setThreads] in the builds with shared memory
 * @property {(input: Float32Array, runs: number) => string} profile JSON
 *
 * @typedef {object} Glue the module that wasm-bindgen writes
 * @property {(options: { module_or_path: WebAssembly.Module, memory?: WebAssembly.Memory, thread_stack_size?: number }) =>
 *   Promise<{ memory: WebAssembly.Memory }>} default
 * @property {() => void} [joinThreads] in the builds with shared memory
 * @property {{
 *   load(bytes: Uint8Array, config?: string, preprocessorConfig?: string): Engine,
 *   untrained(version: string, minimalistic: boolean, width: number, resolution: number, classes: number): Engine,
 * }} Engine
 */

/**
 * How long a network runs before it is handed over. Its first runs take longer, until the engine has optimised the code:
 * without this V3-Small's first frame took 29 ms in place of 2.2, and six more took 4 to 8. ms
 */
const WARM_UP = 100;

/** How long it does before a profile. ms */
const LONG_WARM_UP = 500;

/** What a thread's kernels need, and then some. Bytes, a multiple of 64 KiB. */
const HELPER_STACK = 256 * 1024;

/**
 * The body of a dedicated worker: instantiates one wasm build, then either owns one network and answers the requests of
 * `protocol.js`, or is a thread of another worker's network.
 * @param {Glue} glue
 */
export function serve(glue) {
  const reader = new PixelReader();
  /** @type {Engine} */
  let engine;
  let threads = 1;
  /** @type {Promise<boolean> | undefined} whether the lock that tells the page of this worker's end is held */
  let held;

  /** @param {Engine} loaded */
  function keep(loaded) {
    engine = loaded;
    engine.setThreads?.(threads);
    const info = JSON.parse(engine.info);
    warmUp(engine, new Float32Array(info.resolution ** 2 * 3), WARM_UP);
    return { value: info };
  }

  /**
   * @param {Request} request
   * @returns {Promise<{ value: unknown, transfer?: Transferable[] }>}
   */
  async function answer(request) {
    switch (request.type) {
      case 'watch':
        held = hold(request.lock);
        return { value: await held };
      case 'start': {
        if (request.threads > 1 && !globalThis.crossOriginIsolated) {
          throw new MobileNetError(
            'BLOCKED',
            'the page is cross-origin isolated, but its workers are not: send their scripts with Cross-Origin-Embedder-Policy: require-corp as well',
          );
        }
        const { memory } = await glue.default({ module_or_path: request.module });
        threads = request.threads;
        return { value: threads > 1 ? memory : null };
      }
      case 'join':
        await glue.default({ module_or_path: request.module, memory: request.memory, thread_stack_size: HELPER_STACK });
        return { value: null };
      case 'load':
        return keep(glue.Engine.load(request.weights, request.config, request.preprocessorConfig));
      case 'untrained': {
        const { version, minimalistic, width, resolution, classes } = request;
        return keep(glue.Engine.untrained(version, minimalistic, width, resolution, classes));
      }
      case 'classify': {
        const began = performance.now();
        const { pixels, width, height } = reader.read(request.frame);
        const reading = performance.now() - began;
        const [preprocess, inference, ...pairs] = engine.classify(bytesOf(pixels), width, height, request.topK);
        const ranking = [];
        for (let i = 0; i < pairs.length; i += 2) ranking.push({ index: pairs[i], probability: pairs[i + 1] });
        return { value: { ranking, preprocess: reading + preprocess, inference } };
      }
      case 'run': {
        const logits = engine.run(request.input);
        return { value: logits, transfer: [logits.buffer] };
      }
      case 'profile': {
        const runs = warmUp(engine, request.input, LONG_WARM_UP);
        // A second's worth.
        const some = Math.min(Math.max(2 * runs, 20), MAX_RUNS);
        return { value: JSON.parse(engine.profile(request.input, request.runs ?? some)) };
      }
    }
  }

  addEventListener('message', async ({ data: { id, request } }) => {
    try {
      const { value, transfer = [] } = await answer(request);
      postMessage({ id, value }, { transfer });
    } catch (error) {
      postMessage({ id, error: describe(error) });
      return;
    }
    if (request.type !== 'join') return;
    // It hears of nothing afterwards.
    await held;
    // It does not return. From a timer, a trap in it becomes the worker's `error` event, which the page hears.
    setTimeout(() => glue.joinThreads?.());
  });
}

/**
 * @param {string} name
 * @returns {Promise<boolean>} whether this worker holds the lock of that name, until it ends
 */
function hold(name) {
  return new Promise((resolve) => {
    // There are none where the page isn't secure.
    const request = navigator.locks?.request(name, () => {
      resolve(true);
      return new Promise(() => {});
    });
    if (request) request.catch(() => resolve(false));
    else resolve(false);
  });
}

/**
 * Runs the network for a while, at least once.
 * @param {Engine} engine
 * @param {Float32Array} input
 * @param {number} time ms
 * @returns {number} how often
 */
function warmUp(engine, input, time) {
  const end = performance.now() + time;
  let runs = 0;
  do {
    engine.run(input);
    runs++;
  } while (performance.now() < end);
  return runs;
}

/**
 * @param {Uint8ClampedArray} pixels
 * @returns {Uint8Array} the same memory
 */
function bytesOf({ buffer, byteOffset, byteLength }) {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/**
 * @param {unknown} error
 * @returns {{ code: import('./index.js').ErrorCode, message: string }}
 */
function describe(error) {
  const message = messageOf(error);
  const code = /** @type {{ code?: any }} */ (error)?.code;
  if (ERROR_CODES.includes(code)) return { code, message };
  // Engines say "no memory" by a RangeError, but use one for a stack that ran over as well.
  if (error instanceof RangeError && !/stack/i.test(message)) return { code: 'OUT_OF_MEMORY', message };
  // A trap leaves the wasm memory in the middle of something: nothing after it can be trusted.
  return { code: 'CRASHED', message: `the engine stopped: ${message}` };
}
