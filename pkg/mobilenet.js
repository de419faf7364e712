import {
  bytesOf,
  cacheOf,
  callbackOf,
  digestOf,
  fieldsOf,
  inputOf,
  jsonOf,
  labelsOf,
  shapeOf,
  signalOf,
  wholeNumber,
  wishOf,
} from './arguments.js';
import { BUILD_NAMES, startBest } from './builds.js';
import { MobileNetError, abortedBy } from './errors.js';
import { readBytes, readJson } from './fetch.js';
import { capture, tainted } from './frames.js';
import { labelsFor } from './labels.js';
import { MAX_RUNS, closeFrame, transferablesOf } from './protocol.js';
import { Store } from './store.js';

/**
 * @typedef {import('./connection.js').Connection} Connection
 * @typedef {import('./protocol.js').Frame} Frame
 * @typedef {import('./protocol.js').Reading} Reading
 * @typedef {import('./index.js').Classification} Classification
 * @typedef {import('./index.js').ClassifyOptions} ClassifyOptions
 * @typedef {import('./index.js').ClassifySource} ClassifySource
 * @typedef {import('./index.js').LoadOptions} LoadOptions
 * @typedef {import('./index.js').NetworkInfo} NetworkInfo
 * @typedef {import('./index.js').Profile} Profile
 * @typedef {import('./index.js').ProfileOptions} ProfileOptions
 * @typedef {import('./index.js').RunOptions} RunOptions
 * @typedef {import('./index.js').UntrainedOptions} UntrainedOptions
 *
 * @typedef {object} Started a worker with a network in it
 * @property {Connection} connection
 * @property {NetworkInfo} info
 * @property {string[] | null} ownLabels the class names that the checkpoint's `config.json` holds
 *
 * @typedef {object} Job one call of `classify` whose frame has been taken
 * @property {number} order of the calls
 * @property {Frame} frame
 * @property {number} topK
 * @property {(reading: Reading | null) => void} resolve
 * @property {(error: unknown) => void} reject
 */

const LOAD_OPTIONS = /** @type {const} */ ([
  'weights',
  'config',
  'preprocessorConfig',
  'labels',
  'onProgress',
  'signal',
  'sha256',
  'cache',
  'threads',
  'build',
]);

const UNTRAINED_OPTIONS = /** @type {const} */ ([
  'version',
  'minimalistic',
  'width',
  'resolution',
  'classes',
  'signal',
  'threads',
  'build',
]);

/** What the engine says of files that aren't what they should be. */
const REFUSALS = ['BAD_WEIGHTS', 'UNKNOWN_NETWORK', 'BAD_CONFIG'];

/** One network in a worker of its own. Documented in `index.d.ts`. */
export class MobileNet {
  #start;
  #connection;
  #info;
  #labels;
  /** @type {MobileNetError | null} */
  #disposed = null;
  /** @type {Promise<Connection> | null} */
  #restart = null;
  #end = new AbortController();
  #calls = 0;
  #running = false;
  /** @type {Job | null} The newest frame among those that came while another was being read. */
  #waiting = null;

  /**
   * @param {(signal?: AbortSignal) => Promise<Started>} start loads the network into a fresh worker
   * @param {Started} started
   * @param {readonly string[] | null} labels
   */
  constructor(start, { connection, info } = /** @type {any} */ ({}), labels) {
    if (!connection) {
      throw new MobileNetError(
        'BAD_INPUT',
        'await MobileNet.load(…) or MobileNet.untrained(…) in place of new MobileNet()',
      );
    }
    this.#start = start;
    this.#connection = connection;
    this.#info = info;
    this.#labels = labels;
  }

  /** @param {LoadOptions} options */
  static async load(options) {
    const given = fieldsOf('load', options, LOAD_OPTIONS);
    const weights = bytesOf(given.weights);
    const config = jsonOf('config', given.config);
    const preprocessorConfig = jsonOf('preprocessorConfig', given.preprocessorConfig);
    const labels = labelsOf(given.labels);
    const sha256 = digestOf(given.sha256);
    const cache = cacheOf(given.cache);
    let onProgress = callbackOf(given.onProgress);
    let again = false;

    const start = starter(wishOf(given, BUILD_NAMES), async (connection, signal) => {
      /** @param {Store} store */
      const fill = async (store) => {
        const [{ bytes, owned }, configText, preprocessorText, worker] = await Promise.all([
          readBytes(weights, { onProgress, signal, sha256, store }),
          readJson('config', config, { signal, store }),
          readJson('preprocessorConfig', preprocessorConfig, { signal, store }),
          connection,
        ]);
        const info = await worker.request(
          { type: 'load', weights: bytes, config: configText, preprocessorConfig: preprocessorText },
          owned ? [bytes.buffer] : [],
        );
        await store.keep();
        return info;
      };
      try {
        const store = new Store(cache);
        return await fill(store).catch(async (error) => {
          // What an earlier visit kept may be damaged: once more, from where it came from.
          if (!REFUSALS.includes(error.code) || !(await store.forget())) throw error;
          return fill(new Store(cache));
        });
      } catch (cause) {
        if ('bytes' in weights && weights.bytes.byteLength !== weights.size) {
          const when = again ? 'the network crashed and can’t be started afresh' : 'the weights can’t be read';
          const reason = `${when}, as the buffer given as \`weights\` was transferred or resized since; load it anew`;
          throw new MobileNetError(again ? 'CRASHED' : 'BAD_INPUT', reason, { cause });
        }
        throw cause;
      } finally {
        // Whoever watched the first loading is not there any more for another.
        onProgress = undefined;
        again = true;
      }
    });
    return open(start, labels, signalOf(given.signal));
  }

  /** @param {UntrainedOptions} options */
  static async untrained(options) {
    const given = fieldsOf('untrained', options, UNTRAINED_OPTIONS);
    const shape = shapeOf(given);
    const start = starter(wishOf(given, BUILD_NAMES), async (connection) => {
      const worker = await connection;
      return worker.request({ type: 'untrained', ...shape });
    });
    return open(start, undefined, signalOf(given.signal));
  }

  get info() {
    return this.#info;
  }

  get labels() {
    return this.#labels;
  }

  get state() {
    if (this.#disposed) return 'disposed';
    return this.#connection.closed ? 'crashed' : 'ready';
  }

  /**
   * @param {ClassifySource} source
   * @param {ClassifyOptions} [options]
   * @returns {Promise<Classification | null>}
   */
  async classify(source, options = {}) {
    const began = performance.now();
    const order = this.#calls++;
    const given = fieldsOf('classify', options, ['topK', 'signal']);
    const signal = signalOf(given.signal);
    const topK = given.topK === undefined ? 5 : wholeNumber('topK', given.topK, 1, Infinity);
    this.#throwIfEnded(signal);
    const frame = await capture(source);
    try {
      this.#throwIfEnded(signal);
    } catch (error) {
      closeFrame(frame);
      throw error;
    }
    const reading = await this.#read(order, frame, Math.min(topK, this.#info.classes), signal);
    if (!reading) return null;
    const { ranking, preprocess, inference } = reading;
    return {
      predictions: ranking.map(({ index, probability }) => ({
        index,
        label: this.#labels?.[index] ?? null,
        probability,
      })),
      timing: { preprocess, inference, total: performance.now() - began },
    };
  }

  /**
   * @param {Float32Array} input
   * @param {RunOptions} [options]
   * @returns {Promise<Float32Array>}
   */
  async run(input, options = {}) {
    const signal = signalOf(fieldsOf('run', options, ['signal']).signal);
    this.#throwIfEnded(signal);
    return this.#ask({ type: 'run', input: inputOf('run', input, this.#info.resolution) }, signal);
  }

  /**
   * @param {Float32Array | null} [input]
   * @param {ProfileOptions} [options]
   * @returns {Promise<Profile>}
   */
  async profile(input, options = {}) {
    const given = fieldsOf('profile', options, ['runs', 'signal']);
    const signal = signalOf(given.signal);
    const runs = given.runs === undefined ? undefined : wholeNumber('runs', given.runs, 1, MAX_RUNS);
    this.#throwIfEnded(signal);
    const { resolution } = this.#info;
    const picture = inputOf('profile', input ?? madeUpInput(resolution), resolution);
    return this.#ask({ type: 'profile', input: picture, runs }, signal);
  }

  dispose() {
    this.#disposed ??= new MobileNetError('DISPOSED', 'this network was disposed of');
    if (this.#waiting) this.#drop(this.#waiting).reject(this.#disposed);
    this.#connection.close(this.#disposed);
    this.#end.abort(this.#disposed);
  }

  /**
   * Has the worker answer a request, after a crash a fresh worker. It finishes a request that it has begun, even if the caller
   * wants no answer any more.
   * @param {import('./protocol.js').Request} request
   * @param {AbortSignal | undefined} signal
   * @returns {Promise<any>}
   */
  async #ask(request, signal) {
    const { promise, resolve, reject } = withResolvers();
    const onAbort = () => reject(abortedBy(/** @type {AbortSignal} */ (signal)));
    signal?.addEventListener('abort', onAbort);
    this.#connected()
      .then((connection) => {
        this.#throwIfEnded(signal);
        return connection.request(request);
      })
      .then(resolve, reject);
    try {
      return await promise;
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  /** @param {AbortSignal} [signal] */
  #throwIfEnded(signal) {
    if (this.#disposed) throw this.#disposed;
    if (signal?.aborted) throw abortedBy(signal);
  }

  /**
   * The worker; after a crash a fresh one with the same network. Whichever call comes first starts it.
   * @returns {Promise<Connection>}
   */
  #connected() {
    if (!this.#connection.closed || this.#disposed) return Promise.resolve(this.#connection);
    this.#restart ??= this.#startAfresh().finally(() => (this.#restart = null));
    return this.#restart;
  }

  /** @returns {Promise<Connection>} */
  async #startAfresh() {
    try {
      const { connection, info } = await this.#start(this.#end.signal);
      this.#connection = connection;
      this.#info = info;
      return connection;
    } catch (error) {
      throw this.#disposed ?? error;
    }
  }

  /**
   * Has the worker read a frame, now or when it is done with the one before.
   * @param {number} order
   * @param {Frame} frame
   * @param {number} topK
   * @param {AbortSignal} [signal]
   * @returns {Promise<Reading | null>} null: a newer frame took its place
   */
  #read(order, frame, topK, signal) {
    const { promise, resolve, reject } = withResolvers();
    /** @type {Job} */
    const job = { order, frame, topK, resolve, reject };
    if (signal) {
      const onAbort = () => {
        if (this.#waiting === job) this.#drop(job);
        // The worker finishes a frame that it has begun; only the answer comes to nothing.
        reject(abortedBy(signal));
      };
      signal.addEventListener('abort', onAbort);
      const forget = () => signal.removeEventListener('abort', onAbort);
      promise.then(forget, forget);
    }
    if (this.#running) this.#wait(job);
    else this.#send(job);
    return promise;
  }

  /**
   * Keeps the newer of this job and the one that waits.
   * @param {Job} job
   */
  #wait(job) {
    const other = this.#waiting;
    const [newer, older] = other && other.order > job.order ? [other, job] : [job, other];
    if (older) this.#drop(older).resolve(null);
    this.#waiting = newer;
  }

  /**
   * Gives back the frame of a job that won't be read.
   * @param {Job} job
   * @returns {Job}
   */
  #drop(job) {
    closeFrame(job.frame);
    if (this.#waiting === job) this.#waiting = null;
    return job;
  }

  /** @param {Job} job */
  async #send(job) {
    this.#running = true;
    try {
      const request = /** @type {const} */ ({ type: 'classify', frame: job.frame, topK: job.topK });
      const connection = await this.#connected();
      job.resolve(await connection.request(request, transferablesOf(job.frame)));
    } catch (error) {
      closeFrame(job.frame);
      // A bitmap made from another origin's picture is refused only when it should be transferred.
      const refused = 'image' in job.frame && error instanceof MobileNetError && error.cause instanceof DOMException;
      job.reject(refused ? tainted('picture') : error);
    } finally {
      this.#running = false;
      const next = this.#waiting;
      this.#waiting = null;
      if (next) this.#send(next);
    }
  }
}

/**
 * How to start a worker and have `fill` put a network into it; whatever fails or is aborted on the way, the worker is ended.
 * @param {import('./builds.js').Wish} wish
 * @param {(connection: Promise<Connection>, signal: AbortSignal) => Promise<any>} fill gives the engine's `info`; its signal is aborted with the caller's, and when a part of the work has failed
 * @returns {(signal?: AbortSignal) => Promise<Started>}
 */
function starter(wish, fill) {
  return async (outer) => {
    if (outer?.aborted) throw abortedBy(outer);
    const inner = new AbortController();
    const starting = startBest(wish, inner.signal);
    /** @param {MobileNetError} reason */
    const giveUp = (reason) => {
      inner.abort(reason);
      starting.then(
        ({ connection }) => connection.close(reason),
        () => {},
      );
    };
    const onAbort = () => giveUp(abortedBy(/** @type {AbortSignal} */ (outer)));
    outer?.addEventListener('abort', onAbort);
    try {
      const filled = fill(
        starting.then(({ connection }) => connection),
        inner.signal,
      );
      const [{ connection, build, threads, skipped }, { labels: ownLabels, ...network }] = await Promise.all([
        starting,
        filled,
      ]);
      if (outer?.aborted) throw abortedBy(outer);
      return { connection, info: Object.freeze({ ...network, build, threads, skipped }), ownLabels };
    } catch (error) {
      giveUp(/** @type {MobileNetError} */ (error));
      throw error;
    } finally {
      outer?.removeEventListener('abort', onAbort);
    }
  };
}

/**
 * @param {(signal?: AbortSignal) => Promise<Started>} start
 * @param {readonly string[] | undefined} labels
 * @param {AbortSignal | undefined} signal
 * @returns {Promise<MobileNet>}
 */
async function open(start, labels, signal) {
  const started = await start(signal);
  try {
    const names = await labelsFor(labels, { ...started.info, labels: started.ownLabels });
    if (signal?.aborted) throw abortedBy(signal);
    return new MobileNet(start, started, names);
  } catch (error) {
    started.connection.close(/** @type {MobileNetError} */ (error));
    throw error;
  }
}

/**
 * Something like a normalised picture, the same each time.
 * @param {number} resolution
 * @returns {Float32Array}
 */
function madeUpInput(resolution) {
  return Float32Array.from({ length: resolution ** 2 * 3 }, (_, i) => 2 * Math.sin(i * i));
}

/** @returns {{ promise: Promise<any>, resolve: (value: any) => void, reject: (error: unknown) => void }} */
function withResolvers() {
  let resolve, reject;
  const promise = new Promise((...functions) => ([resolve, reject] = functions));
  return /** @type {any} */ ({ promise, resolve, reject });
}
