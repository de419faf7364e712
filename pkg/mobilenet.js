import {
  bytesOf,
  cacheOf,
  callbackOf,
  digestOf,
  engineOf,
  fieldsOf,
  flagOf,
  inputOf,
  jsonOf,
  labelsOf,
  layerOf,
  layersOf,
  noWish,
  openGatesOf,
  precisionOf,
  shapeOf,
  signalOf,
  wholeNumber,
  wishOf,
} from './arguments.js';
import { BUILD_NAMES } from './builds.js';
import { classify } from './classify.js';
import { throwIfEnded, unlessEnded } from './ends.js';
import { MobileNetError } from './errors.js';
import { readBytes, readJson } from './fetch.js';
import { capture, sendFrame } from './frames.js';
import { Host, Seat, seats } from './host.js';
import { labelsFor } from './labels.js';
import { Latest } from './latest.js';
import { MAX_RUNS, closeFrame } from './protocol.js';
import { Store } from './store.js';

/**
 * @typedef {import('./connection.js').Connection} Connection
 * @typedef {import('./ends.js').Ends} Ends
 * @typedef {import('./host.js').Fill} Fill
 * @typedef {import('./protocol.js').Loaded} Loaded
 * @typedef {import('./protocol.js').Look} Look
 * @typedef {import('./protocol.js').Request} Request
 * @typedef {import('./index.js').ActivationMap} ActivationMap
 * @typedef {import('./index.js').CallOptions} CallOptions
 * @typedef {import('./index.js').Classification} Classification
 * @typedef {import('./index.js').ClassifyOptions} ClassifyOptions
 * @typedef {import('./index.js').ClassifySource} ClassifySource
 * @typedef {import('./index.js').InspectOptions} InspectOptions
 * @typedef {import('./index.js').LoadOptions} LoadOptions
 * @typedef {import('./index.js').Profile} Profile
 * @typedef {import('./index.js').ProfileOptions} ProfileOptions
 * @typedef {import('./index.js').RunOptions} RunOptions
 * @typedef {import('./index.js').Tensor} Tensor
 * @typedef {import('./index.js').UntrainedOptions} UntrainedOptions
 */

export const LOAD_OPTIONS = /** @type {const} */ ([
  'weights',
  'config',
  'preprocessorConfig',
  'precision',
  'labels',
  'onProgress',
  'signal',
  'sha256',
  'cache',
  'threads',
  'build',
  'engine',
]);

export const UNTRAINED_OPTIONS = /** @type {const} */ ([
  'version',
  'minimalistic',
  'width',
  'resolution',
  'classes',
  'precision',
  'signal',
  'threads',
  'build',
  'engine',
]);

/** What the engine says of files that aren't what they should be. */
const REFUSALS = ['BAD_WEIGHTS', 'UNKNOWN_NETWORK', 'BAD_CONFIG'];

/** One network. Documented in `index.d.ts`. */
export class MobileNet {
  #seat;
  #labels;
  #latest = new Latest();

  /**
   * @param {Seat} seat in which the network has been loaded
   * @param {readonly string[] | null} labels
   */
  constructor(seat, labels) {
    if (!(seat instanceof Seat)) {
      throw new MobileNetError(
        'BAD_INPUT',
        'await MobileNet.load(…) or MobileNet.untrained(…) in place of new MobileNet()',
      );
    }
    this.#seat = seat;
    this.#labels = labels;
    seats.set(this, { seat, labels });
  }

  /** @param {LoadOptions} options */
  static async load(options) {
    const given = fieldsOf('load', options, LOAD_OPTIONS);
    return loadInto(engineOf(given.engine), 'load', given);
  }

  /** @param {UntrainedOptions} options */
  static async untrained(options) {
    const given = fieldsOf('untrained', options, UNTRAINED_OPTIONS);
    return untrainedInto(engineOf(given.engine), 'untrained', given);
  }

  get info() {
    return this.#seat.info;
  }

  get labels() {
    return this.#labels;
  }

  get state() {
    return this.#seat.state;
  }

  /**
   * @param {ClassifySource} source
   * @param {ClassifyOptions} [options]
   * @returns {Promise<Classification | null>}
   */
  async classify(source, options = {}) {
    const order = this.#latest.order();
    const given = fieldsOf('classify', options, ['topK', 'signal']);
    const answers = await classify(this.#latest, order, source, [this], [], given);
    return answers && answers[0];
  }

  /**
   * @param {Float32Array} input
   * @param {RunOptions} [options]
   * @returns {Promise<Float32Array>}
   */
  async run(input, options = {}) {
    const given = fieldsOf('run', options, ['signal', 'transfer']);
    const ends = this.#endsOf(given.signal);
    const transfer = flagOf('transfer', given.transfer);
    throwIfEnded(ends);
    const values = inputOf('run', input, this.info.resolution);
    // Shared memory can't be given away, and needn't be.
    const gift = transfer && values.buffer instanceof ArrayBuffer ? [values.buffer] : [];
    return this.#ask({ type: 'run', network: this.#seat.network, input: values }, ends, gift);
  }

  /**
   * @param {Float32Array | null} [input]
   * @param {ProfileOptions} [options]
   * @returns {Promise<Profile>}
   */
  async profile(input, options = {}) {
    const given = fieldsOf('profile', options, ['runs', 'signal']);
    const ends = this.#endsOf(given.signal);
    const runs = given.runs === undefined ? undefined : wholeNumber('runs', given.runs, 1, MAX_RUNS);
    throwIfEnded(ends);
    const { resolution } = this.info;
    const values = inputOf('profile', input ?? madeUpInput(resolution), resolution);
    return this.#ask({ type: 'profile', network: this.#seat.network, input: values, runs }, ends);
  }

  /**
   * @param {ClassifySource | Float32Array} source
   * @param {CallOptions} [options]
   * @returns {Promise<Float32Array>}
   */
  async embed(source, options = {}) {
    const ends = this.#endsOf(fieldsOf('embed', options, ['signal']).signal);
    return this.#look('embed', source, ends, (network, look) => ({ type: 'embed', network, look }));
  }

  /**
   * @param {ClassifySource | Float32Array} source
   * @param {InspectOptions} [options]
   * @returns {Promise<Map<string, Tensor>>}
   */
  async inspect(source, options = {}) {
    const given = fieldsOf('inspect', options, ['layers', 'gates', 'signal']);
    const ends = this.#endsOf(given.signal);
    const layers = layersOf(given.layers);
    const openGates = openGatesOf(given.gates);
    /** @type {import('./protocol.js').NamedTensor[]} */
    const tensors = await this.#look('inspect', source, ends, (network, look) => ({
      type: 'inspect',
      network,
      look,
      layers,
      openGates,
    }));
    return new Map(tensors.map(({ name, ...tensor }) => [name, tensor]));
  }

  /**
   * @param {ClassifySource | Float32Array} source
   * @param {number | null} [classIndex]
   * @param {CallOptions} [options]
   * @returns {Promise<ActivationMap>}
   */
  async activationMap(source, classIndex = null, options = {}) {
    const ends = this.#endsOf(fieldsOf('activationMap', options, ['signal']).signal);
    const last = this.info.classes - 1;
    const index = classIndex === null ? undefined : wholeNumber('classIndex', classIndex, 0, last);
    /** @type {import('./protocol.js').ActivationMap} */
    const map = await this.#look('activationMap', source, ends, (network, look) => ({
      type: 'activation-map',
      network,
      look,
      classIndex: index,
    }));
    return { ...map, label: this.#labels?.[map.classIndex] ?? null };
  }

  /**
   * @param {string} layer
   * @param {CallOptions} [options]
   * @returns {Promise<import('./index.js').Filters>}
   */
  async filters(layer, options = {}) {
    const ends = this.#endsOf(fieldsOf('filters', options, ['signal']).signal);
    const name = layerOf(layer);
    throwIfEnded(ends);
    return this.#ask({ type: 'filters', network: this.#seat.network, layer: name }, ends);
  }

  dispose() {
    this.#seat.dispose(new MobileNetError('DISPOSED', 'this network was disposed of'));
  }

  /**
   * @param {unknown} signal
   * @returns {Ends} what ends a call that has this signal
   */
  #endsOf(signal) {
    return { signal: signalOf(signal), overs: [this.#seat.over] };
  }

  /**
   * Has the worker answer a request, after a crash a fresh worker. It finishes a request that it has begun, even if the caller
   * wants no answer any more.
   * @param {Request} request
   * @param {Ends} ends
   * @param {Transferable[]} [transfer]
   * @returns {Promise<any>}
   */
  #ask(request, ends, transfer) {
    return this.#connected(ends, (connection) => connection.request(request, transfer));
  }

  /**
   * Has the worker look at a source.
   * @param {string} call
   * @param {ClassifySource | Float32Array} source
   * @param {Ends} ends
   * @param {(network: number, look: Look) => Request} requestOf
   * @returns {Promise<any>}
   */
  async #look(call, source, ends, requestOf) {
    throwIfEnded(ends);
    const { network, info } = this.#seat;
    if (ArrayBuffer.isView(source)) {
      return this.#ask(requestOf(network, { input: inputOf(call, source, info.resolution) }), ends);
    }
    const frame = await capture(source);
    let sent = false;
    try {
      return await this.#connected(ends, (connection) => {
        sent = true;
        return sendFrame(connection, (frame) => requestOf(network, { frame }), frame);
      });
    } finally {
      if (!sent) closeFrame(frame);
    }
  }

  /**
   * @param {Ends} ends
   * @param {(connection: Connection) => Promise<any>} send called at once where the network is ready: what the caller changes
   *   afterwards doesn't matter
   * @returns {Promise<any>}
   */
  #connected(ends, send) {
    throwIfEnded(ends);
    const { connection } = this.#seat;
    const answer = connection
      ? send(connection)
      : this.#seat.ready().then((connection) => {
          throwIfEnded(ends);
          return send(connection);
        });
    return unlessEnded(answer, ends);
  }
}

/**
 * @param {Host | null} host `null`: one of its own
 * @param {string} call
 * @param {Partial<Record<typeof LOAD_OPTIONS[number], unknown>>} given
 * @returns {Promise<MobileNet>}
 */
export async function loadInto(host, call, given) {
  const weights = bytesOf(given.weights);
  const config = jsonOf('config', given.config);
  const preprocessorConfig = jsonOf('preprocessorConfig', given.preprocessorConfig);
  const precision = precisionOf(given.precision);
  const labels = labelsOf(given.labels);
  const sha256 = digestOf(given.sha256);
  const cache = cacheOf(given.cache);
  let onProgress = callbackOf('onProgress', given.onProgress);
  let again = false;

  /** @type {Fill} */
  const fill = async (network, connection, signal) => {
    /** @param {Store} store */
    const fillFrom = async (store) => {
      const [{ bytes, owned, toKeep }, configText, preprocessorText, worker] = await Promise.all([
        readBytes(weights, { onProgress, signal, sha256, store }),
        readJson('config', config, { signal, store }),
        readJson('preprocessorConfig', preprocessorConfig, { signal, store }),
        connection,
      ]);
      if (signal.aborted) throw signal.reason;
      const giveBack = toKeep !== undefined;
      const texts = { config: configText, preprocessorConfig: preprocessorText };
      /** @type {Loaded} */
      const loaded = await worker.request(
        { type: 'load', network, weights: bytes, ...texts, precision, giveBack },
        owned ? [bytes.buffer] : [],
      );
      if (toKeep !== undefined && loaded.weights) store.offer(toKeep, loaded.weights);
      await store.keep();
      return loaded.info;
    };
    try {
      const store = new Store(cache);
      return await fillFrom(store).catch(async (error) => {
        // What an earlier visit kept may be damaged: once more, from where it came from.
        if (!REFUSALS.includes(error.code) || !(await store.forget())) throw error;
        return fillFrom(new Store(cache));
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
  };
  return open(host, call, given, fill, labels);
}

/**
 * @param {Host | null} host `null`: one of its own
 * @param {string} call
 * @param {Partial<Record<typeof UNTRAINED_OPTIONS[number], unknown>>} given
 * @returns {Promise<MobileNet>}
 */
export async function untrainedInto(host, call, given) {
  const shape = { ...shapeOf(given), precision: precisionOf(given.precision) };
  /** @type {Fill} */
  const fill = async (network, connection, signal) => {
    const worker = await connection;
    if (signal.aborted) throw signal.reason;
    /** @type {Loaded} */
    const { info } = await worker.request({ type: 'untrained', network, ...shape });
    return info;
  };
  return open(host, call, given, fill, undefined);
}

/**
 * @param {Host | null} host `null`: one of its own
 * @param {string} call
 * @param {Partial<Record<'threads' | 'build' | 'signal', unknown>>} given
 * @param {Fill} fill
 * @param {readonly string[] | undefined} labels
 * @returns {Promise<MobileNet>}
 */
async function open(host, call, given, fill, labels) {
  const signal = signalOf(given.signal);
  if (host) noWish(given, call);
  const seat = new Seat(host ?? new Host(wishOf(given, BUILD_NAMES)), host === null, fill);
  const ownLabels = await seat.open(signal);
  try {
    const names = await labelsFor(labels, { ...seat.info, labels: ownLabels });
    throwIfEnded({ signal, overs: [seat.over] });
    return new MobileNet(seat, names);
  } catch (error) {
    seat.dispose(/** @type {MobileNetError} */ (error));
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
