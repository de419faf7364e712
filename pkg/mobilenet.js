import {
  fieldsOf,
  flagOf,
  inputOf,
  layerOf,
  layersOf,
  listOf,
  openGatesOf,
  precisionOf,
  shapeOf,
  signalOf,
  storedOf,
  stringOf,
  wholeNumber,
  wrong,
} from './arguments.js';
import { BUILD_NAMES } from './builds.js';
import { CLASSIFY_OPTIONS, classify } from './classify.js';
import { throwIfEnded, unlessEnded } from './ends.js';
import { MobileNetError } from './errors.js';
import { capture, sendFrame } from './frames.js';
import { Host, Seat, endWith, heldBy, seats } from './host.js';
import { labelsFor } from './labels.js';
import { LOAD_OPTIONS, NAMED_OPTIONS, loadingOf, namedLoadingOf } from './load.js';
import { MAX_RUNS, MAX_WARM_UP, closeFrame } from './protocol.js';
import { Turns } from './turns.js';
import { viewOf } from './view.js';
import { WISHES, engineOf, noWish, wishOf } from './wishes.js';

/**
 * @typedef {import('./connection.js').Connection} Connection
 * @typedef {import('./ends.js').Ends} Ends
 * @typedef {import('./host.js').Fill} Fill
 * @typedef {import('./protocol.js').Loaded} Loaded
 * @typedef {import('./protocol.js').Look} Look
 * @typedef {import('./protocol.js').Request} Request
 * @typedef {import('./index.js').ActivationMap} ActivationMap
 * @typedef {import('./index.js').Classification} Classification
 * @typedef {import('./index.js').ClassifyBatchOptions} ClassifyBatchOptions
 * @typedef {import('./index.js').ClassifyOptions} ClassifyOptions
 * @typedef {import('./index.js').ClassifySource} ClassifySource
 * @typedef {import('./index.js').ExportOptions} ExportOptions
 * @typedef {import('./index.js').InspectOptions} InspectOptions
 * @typedef {import('./index.js').LookOptions} LookOptions
 * @typedef {import('./index.js').LoadOptions} LoadOptions
 * @typedef {import('./index.js').ModelName} ModelName
 * @typedef {import('./index.js').NamedLoadOptions} NamedLoadOptions
 * @typedef {import('./index.js').Profile} Profile
 * @typedef {import('./index.js').ProfileOptions} ProfileOptions
 * @typedef {import('./index.js').RunOptions} RunOptions
 * @typedef {import('./index.js').Tensor} Tensor
 * @typedef {import('./index.js').UntrainedOptions} UntrainedOptions
 */

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
  'assets',
  'engine',
]);

/** The options of all calls that look at a source. */
const LOOK_OPTIONS = /** @type {const} */ (['region', 'rotation', 'signal']);

/** One network. Documented in `index.d.ts`. */
export class MobileNet {
  #seat;
  #labels;
  #fold;
  #turns = new Turns();

  /**
   * @param {Seat} seat the network has been loaded into it
   * @param {readonly string[] | null} labels
   * @param {import('./load.js').Fold | undefined} fold `undefined` for a network without a file
   */
  constructor(seat, labels, fold) {
    if (!(seat instanceof Seat)) {
      throw new MobileNetError(
        'BAD_INPUT',
        'await MobileNet.load(…) or MobileNet.untrained(…) in place of new MobileNet()',
      );
    }
    this.#seat = seat;
    this.#labels = labels;
    this.#fold = fold;
    seats.set(this, { seat, labels });
    endWith(this, seat);
  }

  /**
   * @param {ModelName | LoadOptions} what
   * @param {NamedLoadOptions} [options]
   */
  static async load(what, options) {
    return loadInto(({ engine }) => engineOf(engine), what, options);
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
   * @overload
   * @param {ClassifySource} source
   * @param {ClassifyOptions & { when?: 'queue' }} [options]
   * @returns {Promise<Classification>}
   *
   * @overload
   * @param {ClassifySource} source
   * @param {ClassifyOptions} [options]
   * @returns {Promise<Classification | null>}
   *
   * @param {ClassifySource} source
   * @param {ClassifyOptions} [options]
   * @returns {Promise<Classification | null>}
   */
  async classify(source, options = {}) {
    const order = this.#turns.order();
    const given = fieldsOf('classify', options, CLASSIFY_OPTIONS);
    const answers = await heldBy(this, classify(this.#turns, order, source, [this], [], given));
    return answers && answers[0];
  }

  /**
   * @param {readonly ClassifySource[]} sources
   * @param {ClassifyBatchOptions} [options]
   * @returns {Promise<Classification[]>}
   */
  async classifyBatch(sources, options = {}) {
    const given = fieldsOf('classifyBatch', options, CLASSIFY_OPTIONS);
    if (given.when !== undefined) throw wrong('BAD_INPUT', 'when', given.when, 'none: a batch drops no picture');
    const all = listOf('sources', sources, 'an array of pictures');
    const failed = new AbortController();
    const ends = [this.#seat.over, failed.signal];
    const calls = all.map(async (source) => {
      const order = this.#turns.order();
      const picture = /** @type {ClassifySource} */ (source);
      const answers = await classify(this.#turns, order, picture, [this], ends, given);
      return /** @type {Classification[]} */ (answers)[0];
    });
    try {
      return await heldBy(this, Promise.all(calls));
    } catch (error) {
      // Nobody reads the answers that are still to come.
      failed.abort(error);
      throw error;
    }
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
    // Shared memory can't be transferred and need not be.
    const gift = transfer && values.buffer instanceof ArrayBuffer ? [values.buffer] : [];
    return this.#ask({ type: 'run', network: this.#seat.network, input: values }, ends, gift);
  }

  /**
   * @param {Float32Array | null} [input]
   * @param {ProfileOptions} [options]
   * @returns {Promise<Profile>}
   */
  async profile(input, options = {}) {
    const given = fieldsOf('profile', options, ['runs', 'warmUp', 'signal']);
    const ends = this.#endsOf(given.signal);
    const runs = given.runs === undefined ? undefined : wholeNumber('runs', given.runs, 1, MAX_RUNS);
    const warmUp = given.warmUp === undefined ? undefined : wholeNumber('warmUp', given.warmUp, 0, MAX_WARM_UP);
    throwIfEnded(ends);
    const { resolution } = this.info;
    const values = inputOf('profile', input ?? madeUpInput(resolution), resolution);
    return this.#ask({ type: 'profile', network: this.#seat.network, input: values, runs, warmUp }, ends);
  }

  /**
   * @param {ClassifySource | Float32Array} source
   * @param {LookOptions} [options]
   * @returns {Promise<Float32Array>}
   */
  async embed(source, options = {}) {
    const given = fieldsOf('embed', options, LOOK_OPTIONS);
    return this.#look('embed', source, given, (network, look) => ({ type: 'embed', network, look }));
  }

  /**
   * @param {ClassifySource | Float32Array} source
   * @param {InspectOptions} [options]
   * @returns {Promise<Map<string, Tensor>>}
   */
  async inspect(source, options = {}) {
    const given = fieldsOf('inspect', options, ['layers', 'gates', ...LOOK_OPTIONS]);
    const layers = layersOf(given.layers);
    const openGates = openGatesOf(given.gates);
    /** @type {import('./protocol.js').NamedTensor[]} */
    const tensors = await this.#look('inspect', source, given, (network, look) => ({
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
   * @param {LookOptions} [options]
   * @returns {Promise<ActivationMap>}
   */
  async activationMap(source, classIndex = null, options = {}) {
    const given = fieldsOf('activationMap', options, LOOK_OPTIONS);
    const last = this.info.classes - 1;
    const index = classIndex === null ? undefined : wholeNumber('classIndex', classIndex, 0, last);
    /** @type {import('./protocol.js').ActivationMap} */
    const map = await this.#look('activationMap', source, given, (network, look) => ({
      type: 'activation-map',
      network,
      look,
      classIndex: index,
    }));
    return { ...map, label: this.#labels?.[map.classIndex] ?? null };
  }

  /**
   * @param {string} layer
   * @param {import('./index.js').CallOptions} [options]
   * @returns {Promise<import('./index.js').Filters>}
   */
  async filters(layer, options = {}) {
    const ends = this.#endsOf(fieldsOf('filters', options, ['signal']).signal);
    const name = layerOf(layer);
    throwIfEnded(ends);
    return this.#ask({ type: 'filters', network: this.#seat.network, layer: name }, ends);
  }

  /**
   * @param {ExportOptions} [options]
   * @returns {Promise<Uint8Array<ArrayBuffer>>}
   */
  async export(options = {}) {
    const given = fieldsOf('export', options, ['precision', 'signal']);
    const ends = this.#endsOf(given.signal);
    const precision = storedOf(given.precision);
    throwIfEnded(ends);
    if (!this.#fold) {
      const reason = 'this network can’t be exported, as it was not loaded from a file: its weights are random';
      throw new MobileNetError('BAD_INPUT', reason);
    }
    const stop = new AbortController();
    const file = this.#fold(precision, this.#seat.host.assets, stop.signal);
    try {
      return await heldBy(this, unlessEnded(file, ends));
    } catch (error) {
      stop.abort(error);
      throw error;
    }
  }

  dispose() {
    this.#seat.dispose(new MobileNetError('DISPOSED', 'this network was disposed of'));
  }

  /** For `using`. In a runtime without this symbol the method is called `undefined`, which does no harm. */
  [Symbol.dispose]() {
    this.dispose();
  }

  /**
   * @param {unknown} signal
   * @returns {Ends} the signals that end a call with this one
   */
  #endsOf(signal) {
    return { signal: signalOf(signal), overs: [this.#seat.over] };
  }

  /**
   * Sends a request to the worker; after a crash to a fresh one. The worker finishes a request that it has begun, even if the caller
   * doesn't wait any more.
   * @param {Request} request
   * @param {Ends} ends
   * @param {Transferable[]} [transfer]
   * @returns {Promise<any>}
   */
  #ask(request, ends, transfer) {
    return this.#connected(ends, (connection) => connection.request(request, transfer));
  }

  /**
   * Sends a source to the worker with a request.
   * @param {string} call
   * @param {ClassifySource | Float32Array} source
   * @param {Partial<Record<typeof LOOK_OPTIONS[number], unknown>>} given
   * @param {(network: number, look: Look) => Request} requestOf
   * @returns {Promise<any>}
   */
  async #look(call, source, given, requestOf) {
    const ends = this.#endsOf(given.signal);
    const view = viewOf(given);
    throwIfEnded(ends);
    const { network, info } = this.#seat;
    if (view && ArrayBuffer.isView(source)) {
      throw new MobileNetError('BAD_INPUT', 'region and rotation are for pictures, not for an input as run takes it');
    }
    if (ArrayBuffer.isView(source)) {
      return this.#ask(requestOf(network, { input: inputOf(call, source, info.resolution) }), ends);
    }
    const frame = await heldBy(this, capture(/** @type {ClassifySource} */ (source), view));
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
   * @param {(connection: Connection) => Promise<any>} send called at once if the network is ready, so that the caller may change its
   *   buffers afterwards
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
    return heldBy(this, unlessEnded(answer, ends));
  }
}

/**
 * @param {(given: { engine?: unknown }) => Host | null} hostOf `null`: the network gets a host of its own
 * @param {unknown} what the options, or the name of a network
 * @param {unknown} options the options, if `what` is a name
 * @returns {Promise<MobileNet>}
 */
export async function loadInto(hostOf, what, options = {}) {
  const named = stringOf(what) !== undefined;
  const given = named ? fieldsOf('load', options, NAMED_OPTIONS) : fieldsOf('load', what, LOAD_OPTIONS);
  const host = hostOf(given);
  const { fill, fold, labels } = named ? namedLoadingOf(what, given) : loadingOf(given);
  return open(host, 'load', given, { fill, fold, labels });
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
  return open(host, call, given, { fill, fold: undefined, labels: undefined });
}

/**
 * @param {Host | null} host `null`: one of its own
 * @param {string} call
 * @param {Partial<Record<typeof WISHES[number] | 'signal', unknown>>} given
 * @param {{ fill: Fill, fold: import('./load.js').Fold | undefined, labels: readonly string[] | undefined }} loading
 * @returns {Promise<MobileNet>}
 */
async function open(host, call, given, { fill, fold, labels }) {
  const signal = signalOf(given.signal);
  if (host) noWish(given, call);
  const seat = new Seat(host ?? new Host(wishOf(given, BUILD_NAMES)), host === null, fill);
  const ownLabels = await seat.open(signal);
  try {
    const names = await labelsFor(labels, { ...seat.info, labels: ownLabels });
    throwIfEnded({ signal, overs: [seat.over] });
    return new MobileNet(seat, names, fold);
  } catch (error) {
    seat.dispose(/** @type {MobileNetError} */ (error));
    throw error;
  }
}

/**
 * Returns values like those of a normalised picture, always the same.
 * @param {number} resolution
 * @returns {Float32Array}
 */
function madeUpInput(resolution) {
  return Float32Array.from({ length: resolution ** 2 * 3 }, (_, i) => 2 * Math.sin(i * i));
}
