import { startBest } from './builds.js';
import { MobileNetError, abortedBy } from './errors.js';
import { readBytes, readJson } from './fetch.js';
import { capture, tainted } from './frames.js';
import { labelsFor } from './labels.js';
import { MAX_RUNS, closeFrame, transferablesOf } from './protocol.js';

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
  constructor(start, { connection, info }, labels) {
    this.#start = start;
    this.#connection = connection;
    this.#info = info;
    this.#labels = labels;
  }

  /** @param {LoadOptions} options */
  static async load({
    weights,
    config,
    preprocessorConfig,
    labels,
    onProgress,
    signal,
    sha256,
    cache,
    threads,
    build,
  }) {
    let report = onProgress;
    const start = starter({ threads, build }, async (connection, signal) => {
      const [{ bytes, owned }, configText, preprocessorText, worker] = await Promise.all([
        readBytes(weights, { onProgress: report, signal, sha256, cache }),
        readJson(config, { signal, cache }),
        readJson(preprocessorConfig, { signal, cache }),
        connection,
      ]);
      // Whoever watched the first loading is not there any more for another.
      report = undefined;
      return worker.request(
        { type: 'load', weights: bytes, config: configText, preprocessorConfig: preprocessorText },
        owned ? [bytes.buffer] : [],
      );
    });
    return open(start, labels, signal);
  }

  /** @param {UntrainedOptions} options */
  static async untrained({
    version,
    minimalistic = false,
    width = 1,
    resolution = 224,
    classes = 1000,
    signal,
    threads,
    build,
  }) {
    checkShape({ version, minimalistic, width, resolution, classes });
    const start = starter({ threads, build }, async (connection) => {
      const worker = await connection;
      return worker.request({ type: 'untrained', version, minimalistic, width, resolution, classes });
    });
    return open(start, undefined, signal);
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
  async classify(source, { topK = 5, signal } = {}) {
    const began = performance.now();
    const order = this.#calls++;
    this.#throwIfEnded(signal);
    if (!Number.isInteger(topK) || topK < 1)
      throw new MobileNetError('BAD_INPUT', `topK is ${topK}: give a whole number from 1`);
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
   * @returns {Promise<Float32Array>}
   */
  async run(input) {
    this.#throwIfEnded();
    if (!(input instanceof Float32Array)) throw new MobileNetError('BAD_INPUT', 'run: give a Float32Array');
    const connection = await this.#connected();
    return connection.request({ type: 'run', input });
  }

  /**
   * @param {Float32Array | null} [input]
   * @param {ProfileOptions} [options]
   * @returns {Promise<Profile>}
   */
  async profile(input, { runs } = {}) {
    this.#throwIfEnded();
    input ??= madeUpInput(this.#info.resolution);
    if (!(input instanceof Float32Array))
      throw new MobileNetError('BAD_INPUT', 'profile: give a Float32Array, or nothing');
    if (runs !== undefined && !(Number.isInteger(runs) && runs >= 1 && runs <= MAX_RUNS)) {
      throw new MobileNetError('BAD_INPUT', `runs is ${runs}: give a whole number from 1 to ${MAX_RUNS}`);
    }
    const connection = await this.#connected();
    return connection.request({ type: 'profile', input, runs });
  }

  dispose() {
    this.#disposed ??= new MobileNetError('DISPOSED', 'this network was disposed of');
    if (this.#waiting) this.#drop(this.#waiting).reject(this.#disposed);
    this.#connection.close(this.#disposed);
    this.#end.abort(this.#disposed);
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
    }
    this.#running = false;
    const next = this.#waiting;
    this.#waiting = null;
    if (next) this.#send(next);
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
 * Sees to it that what reaches wasm are the types it was told; whether the values make sense is its own matter.
 * @param {Required<Pick<UntrainedOptions, 'version' | 'minimalistic' | 'width' | 'resolution' | 'classes'>>} shape
 */
function checkShape({ version, minimalistic, width, resolution, classes }) {
  /** @param {unknown} value */
  const isCount = (value) => Number.isInteger(value) && Number(value) > 0 && Number(value) < 2 ** 31;
  const wrong = [
    { name: 'version', value: version, right: typeof version === 'string', wanted: 'a name' },
    { name: 'minimalistic', value: minimalistic, right: typeof minimalistic === 'boolean', wanted: 'true or false' },
    { name: 'width', value: width, right: typeof width === 'number', wanted: 'a number' },
    { name: 'resolution', value: resolution, right: isCount(resolution), wanted: 'a whole number' },
    { name: 'classes', value: classes, right: isCount(classes), wanted: 'a whole number' },
  ].find(({ right }) => !right);
  if (wrong) throw new MobileNetError('BAD_CONFIG', `${wrong.name} is ${String(wrong.value)}: give ${wrong.wanted}`);
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
