import { fieldsOf, networksOf, signalOf, timedActivationOf, timedLayerOf, wishOf } from './arguments.js';
import { BUILD_NAMES } from './builds.js';
import { classify } from './classify.js';
import { throwIfEnded, unlessEnded } from './ends.js';
import { MobileNetError } from './errors.js';
import { Host, hosts } from './host.js';
import { Latest } from './latest.js';
import { LOAD_OPTIONS, UNTRAINED_OPTIONS, loadInto, untrainedInto } from './mobilenet.js';

/**
 * @typedef {import('./index.js').Classification} Classification
 * @typedef {import('./index.js').ClassifyAllOptions} ClassifyAllOptions
 * @typedef {import('./index.js').ClassifySource} ClassifySource
 * @typedef {import('./index.js').EngineCreateOptions} EngineCreateOptions
 * @typedef {import('./index.js').EngineInfo} EngineInfo
 * @typedef {import('./index.js').EngineLoadOptions} EngineLoadOptions
 * @typedef {import('./index.js').EngineUntrainedOptions} EngineUntrainedOptions
 * @typedef {import('./index.js').MobileNet} MobileNet
 */

/** A worker for several networks. Documented in `index.d.ts`. */
export class Engine {
  #host;
  #latest = new Latest();

  /** @param {Host} host one that has started */
  constructor(host) {
    if (!(host instanceof Host)) {
      throw new MobileNetError('BAD_INPUT', 'await Engine.create() in place of new Engine()');
    }
    this.#host = host;
    hosts.set(this, host);
  }

  /** @param {EngineCreateOptions} [options] */
  static async create(options = {}) {
    const given = fieldsOf('create', options, ['threads', 'build', 'signal']);
    const host = new Host(wishOf(given, BUILD_NAMES));
    const ends = { signal: signalOf(given.signal), overs: [host.over] };
    try {
      throwIfEnded(ends);
      await unlessEnded(host.start(), ends);
      return new Engine(host);
    } catch (error) {
      host.dispose(/** @type {MobileNetError} */ (error));
      throw error;
    }
  }

  /** @returns {EngineInfo} */
  get info() {
    const { build, threads, skipped } = /** @type {import('./builds.js').Started} */ (this.#host.started);
    return Object.freeze({ build, threads, skipped });
  }

  get state() {
    if (this.#host.over.aborted) return 'disposed';
    return this.#host.alive ? 'ready' : 'crashed';
  }

  /**
   * @param {EngineLoadOptions} options
   * @returns {Promise<MobileNet>}
   */
  async load(options) {
    return loadInto(this.#host, 'load', withoutEngine(fieldsOf('load', options, LOAD_OPTIONS)));
  }

  /**
   * @param {EngineUntrainedOptions} options
   * @returns {Promise<MobileNet>}
   */
  async untrained(options) {
    const given = fieldsOf('untrained', options, UNTRAINED_OPTIONS);
    return untrainedInto(this.#host, 'untrained', withoutEngine(given));
  }

  /**
   * @param {ClassifySource} source
   * @param {readonly MobileNet[]} networks
   * @param {ClassifyAllOptions} [options]
   * @returns {Promise<Classification[] | null>}
   */
  async classify(source, networks, options = {}) {
    const order = this.#latest.order();
    const asked = networksOf(networks, this.#host);
    const given = fieldsOf('classify', options, ['topK', 'signal', 'onResult']);
    return classify(this.#latest, order, source, asked, [this.#host.over], given);
  }

  /**
   * @param {import('./index.js').TimedLayer} layer
   * @param {import('./index.js').CallOptions} [options]
   * @returns {Promise<import('./index.js').LayerTime>}
   */
  async timeLayer(layer, options = {}) {
    const names = /** @type {const} */ (['kind', 'kernel', 'inChannels', 'outChannels', 'size']);
    const asked = timedLayerOf(fieldsOf('timeLayer', layer, names));
    return this.#ask('timeLayer', { type: 'time-layer', layer: asked }, options);
  }

  /**
   * @param {import('./index.js').TimedActivation} name
   * @param {import('./index.js').CallOptions} [options]
   * @returns {Promise<number>}
   */
  async timeActivation(name, options = {}) {
    return this.#ask('timeActivation', { type: 'time-activation', name: timedActivationOf(name) }, options);
  }

  /**
   * Has the worker answer a request, after a crash a fresh worker.
   * @param {string} call
   * @param {import('./protocol.js').Request} request
   * @param {unknown} options
   * @returns {Promise<any>}
   */
  async #ask(call, request, options) {
    const ends = { signal: signalOf(fieldsOf(call, options, ['signal']).signal), overs: [this.#host.over] };
    throwIfEnded(ends);
    const answer = this.#host.start().then(({ connection }) => {
      throwIfEnded(ends);
      return connection.request(request);
    });
    return unlessEnded(answer, ends);
  }

  dispose() {
    this.#host.dispose(new MobileNetError('DISPOSED', 'this engine was disposed of'));
  }
}

/**
 * @template {{ engine?: unknown }} Given
 * @param {Given} given
 * @returns {Given} the same
 */
function withoutEngine(given) {
  if (given.engine === undefined || given.engine === null) return given;
  throw new MobileNetError('BAD_INPUT', 'engine is given to an engine, which loads for itself: leave it out');
}
