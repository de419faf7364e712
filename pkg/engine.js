import { fieldsOf, signalOf, timedActivationOf, timedLayerOf } from './arguments.js';
import { BUILD_NAMES } from './builds.js';
import { CLASSIFY_OPTIONS, classify } from './classify.js';
import { throwIfEnded, unlessEnded } from './ends.js';
import { MobileNetError } from './errors.js';
import { Host, endWith, heldBy, hosts } from './host.js';
import { UNTRAINED_OPTIONS, loadInto, untrainedInto } from './mobilenet.js';
import { Turns } from './turns.js';
import { WISHES, networksOf, wishOf } from './wishes.js';

/**
 * @typedef {import('./index.js').Classification} Classification
 * @typedef {import('./index.js').ClassifyAllOptions} ClassifyAllOptions
 * @typedef {import('./index.js').ClassifySource} ClassifySource
 * @typedef {import('./index.js').EngineCreateOptions} EngineCreateOptions
 * @typedef {import('./index.js').EngineInfo} EngineInfo
 * @typedef {import('./index.js').EngineLoadOptions} EngineLoadOptions
 * @typedef {import('./index.js').EngineNamedLoadOptions} EngineNamedLoadOptions
 * @typedef {import('./index.js').EngineUntrainedOptions} EngineUntrainedOptions
 * @typedef {import('./index.js').MobileNet} MobileNet
 * @typedef {import('./index.js').ModelName} ModelName
 */

/** A worker for several networks. Documented in `index.d.ts`. */
export class Engine {
  #host;
  #turns = new Turns();

  /** @param {Host} host one that has started */
  constructor(host) {
    if (!(host instanceof Host)) {
      throw new MobileNetError('BAD_INPUT', 'await Engine.create() in place of new Engine()');
    }
    this.#host = host;
    hosts.set(this, host);
    endWith(this, host);
  }

  /** @param {EngineCreateOptions} [options] */
  static async create(options = {}) {
    const given = fieldsOf('create', options, [...WISHES, 'signal']);
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
   * @param {ModelName | EngineLoadOptions} what
   * @param {EngineNamedLoadOptions} [options]
   * @returns {Promise<MobileNet>}
   */
  async load(what, options) {
    return heldBy(
      this,
      loadInto((given) => (withoutEngine(given), this.#host), what, options),
    );
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
   * @overload
   * @param {ClassifySource} source
   * @param {readonly MobileNet[]} networks
   * @param {ClassifyAllOptions & { when?: 'queue' }} [options]
   * @returns {Promise<Classification[]>}
   *
   * @overload
   * @param {ClassifySource} source
   * @param {readonly MobileNet[]} networks
   * @param {ClassifyAllOptions} [options]
   * @returns {Promise<Classification[] | null>}
   *
   * @param {ClassifySource} source
   * @param {readonly MobileNet[]} networks
   * @param {ClassifyAllOptions} [options]
   * @returns {Promise<Classification[] | null>}
   */
  async classify(source, networks, options = {}) {
    const order = this.#turns.order();
    const asked = networksOf(networks, this.#host);
    const given = fieldsOf('classify', options, [...CLASSIFY_OPTIONS, 'onResult']);
    return heldBy([this, asked], classify(this.#turns, order, source, asked, [this.#host.over], given));
  }

  /**
   * @param {import('./index.js').TimedLayer} layer
   * @param {import('./index.js').CallOptions} [options]
   * @returns {Promise<import('./index.js').LayerTime>}
   */
  async timeLayer(layer, options = {}) {
    const names = /** @type {const} */ (['kind', 'kernel', 'inChannels', 'outChannels', 'height', 'width']);
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
   * Sends a request to the worker; after a crash to a fresh one.
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
    return heldBy([this], unlessEnded(answer, ends));
  }

  dispose() {
    this.#host.dispose(new MobileNetError('DISPOSED', 'this engine was disposed of'));
  }

  /** For `using`. In a runtime without this symbol the method is called `undefined`, which does no harm. */
  [Symbol.dispose]() {
    this.dispose();
  }
}

/**
 * @template {{ engine?: unknown }} Given
 * @param {Given} given
 * @returns {Given} `given`
 */
function withoutEngine(given) {
  if (given.engine === undefined || given.engine === null) return given;
  throw new MobileNetError('BAD_INPUT', 'engine is given to an engine, which loads for itself: leave it out');
}
