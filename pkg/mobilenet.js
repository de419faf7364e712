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
 * @typedef {object} Job one call of `classify` whose frame has been taken
 * @property {number} order of the calls
 * @property {Frame} frame
 * @property {number} topK
 * @property {(reading: Reading | null) => void} resolve
 * @property {(error: unknown) => void} reject
 */

/** One network in a worker of its own. Documented in `index.d.ts`. */
export class MobileNet {
  #connection;
  #info;
  #labels;
  #calls = 0;
  #running = false;
  /** @type {Job | null} The newest frame among those that came while another was being read. */
  #waiting = null;

  /**
   * @param {Connection} connection
   * @param {NetworkInfo} info
   * @param {readonly string[] | null} labels
   */
  constructor(connection, info, labels) {
    this.#connection = connection;
    this.#info = info;
    this.#labels = labels;
  }

  /** @param {LoadOptions} options */
  static async load({ weights, config, preprocessorConfig, labels, onProgress, signal, sha256, cache }) {
    return open(labels, signal, async (connection, signal) => {
      const [{ bytes, owned }, configText, preprocessorText, worker] = await Promise.all([
        readBytes(weights, { onProgress, signal, sha256, cache }),
        readJson(config, { signal, cache }),
        readJson(preprocessorConfig, { signal, cache }),
        connection,
      ]);
      return worker.request(
        { type: 'load', weights: bytes, config: configText, preprocessorConfig: preprocessorText },
        owned ? [bytes.buffer] : [],
      );
    });
  }

  /** @param {UntrainedOptions} options */
  static async untrained({ version, minimalistic = false, width = 1, resolution = 224, classes = 1000, signal }) {
    return open(undefined, signal, async (connection) => {
      const worker = await connection;
      return worker.request({ type: 'untrained', version, minimalistic, width, resolution, classes });
    });
  }

  get info() {
    return this.#info;
  }

  get labels() {
    return this.#labels;
  }

  get state() {
    const code = this.#connection.closed?.code;
    return code === undefined ? 'ready' : code === 'DISPOSED' ? 'disposed' : 'crashed';
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
    if (!Number.isInteger(topK) || topK < 1) throw new MobileNetError('BAD_INPUT', `topK is ${topK}: give a whole number from 1`);
    const frame = await capture(source);
    try {
      this.#throwIfEnded(signal);
    } catch (error) {
      closeFrame(frame);
      throw error;
    }
    const reading = await this.#read(order, frame, topK, signal);
    if (!reading) return null;
    const { ranking, preprocess, inference } = reading;
    return {
      predictions: ranking.map(({ index, probability }) => ({ index, label: this.#labels?.[index] ?? null, probability })),
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
    return this.#connection.request({ type: 'run', input });
  }

  /**
   * @param {Float32Array | null} [input]
   * @param {ProfileOptions} [options]
   * @returns {Promise<Profile>}
   */
  async profile(input, { runs } = {}) {
    this.#throwIfEnded();
    input ??= madeUpInput(this.#info.resolution);
    if (!(input instanceof Float32Array)) throw new MobileNetError('BAD_INPUT', 'profile: give a Float32Array, or nothing');
    if (runs !== undefined && !(Number.isInteger(runs) && runs >= 1 && runs <= MAX_RUNS)) {
      throw new MobileNetError('BAD_INPUT', `runs is ${runs}: give a whole number from 1 to ${MAX_RUNS}`);
    }
    return this.#connection.request({ type: 'profile', input, runs });
  }

  dispose() {
    const reason = new MobileNetError('DISPOSED', 'this network was disposed of');
    if (this.#waiting) this.#drop(this.#waiting).reject(reason);
    this.#connection.close(reason);
  }

  /** @param {AbortSignal} [signal] */
  #throwIfEnded(signal) {
    if (this.#connection.closed) throw this.#connection.closed;
    if (signal?.aborted) throw abortedBy(signal);
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
      job.resolve(await this.#connection.request(request, transferablesOf(job.frame)));
    } catch (error) {
      closeFrame(job.frame);
      // A bitmap made from another origin's picture is refused only when it should be transferred.
      job.reject(error instanceof DOMException ? tainted('picture') : error);
    }
    this.#running = false;
    const next = this.#waiting;
    this.#waiting = null;
    if (next) this.#send(next);
  }
}

/**
 * Starts a worker and has `fill` put a network into it; whatever fails or is aborted on the way, the worker is ended.
 * @param {readonly string[] | undefined} labels
 * @param {AbortSignal | undefined} outer
 * @param {(connection: Promise<Connection>, signal: AbortSignal) => Promise<any>} fill gives the engine's `info`; its signal is aborted with the caller's, and when a part of the work has failed
 * @returns {Promise<MobileNet>}
 */
async function open(labels, outer, fill) {
  if (outer?.aborted) throw abortedBy(outer);
  const inner = new AbortController();
  const starting = startBest();
  /** @param {MobileNetError} reason */
  const giveUp = (reason) => {
    inner.abort(reason);
    starting.then(({ connection }) => connection.close(reason), () => {});
  };
  const onAbort = () => giveUp(abortedBy(/** @type {AbortSignal} */ (outer)));
  outer?.addEventListener('abort', onAbort);
  try {
    const filled = fill(starting.then(({ connection }) => connection), inner.signal);
    const [{ connection, build, skipped }, { labels: own, ...network }] = await Promise.all([starting, filled]);
    const names = await labelsFor(labels, { ...network, labels: own });
    if (outer?.aborted) throw abortedBy(outer);
    return new MobileNet(connection, Object.freeze({ ...network, build, threads: 1, skipped }), names);
  } catch (error) {
    giveUp(/** @type {MobileNetError} */ (error));
    throw error;
  } finally {
    outer?.removeEventListener('abort', onAbort);
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
