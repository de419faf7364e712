import { fieldsOf, listOf, wrong } from './arguments.js';
import { CLASSIFY_OPTIONS, classify } from './classify.js';
import { Engine, MobileNetError } from './index.js';
import { heldBy, seats } from './host.js';
import { Turns } from './turns.js';
import { WISHES, engineOf, networksOf, noWish } from './wishes.js';

/**
 * @typedef {import('./index.js').ClassifyOptions} ClassifyOptions
 * @typedef {import('./index.js').ClassifySource} ClassifySource
 * @typedef {import('./index.js').MobileNet} MobileNet
 * @typedef {import('./fit.js').CascadeClassification} CascadeClassification
 * @typedef {import('./fit.js').CascadeLoadOptions} CascadeLoadOptions
 * @typedef {import('./fit.js').FitChoice} FitChoice
 */

const WANTED = 'what fit has chosen, or { networks: [{ model, options }, …], margin }';

/** A small network, and a large one for the pictures that the small one isn't sure of. Documented in `fit.d.ts`. */
export class Cascade {
  #networks;
  #margin;
  #owned;
  #turns = new Turns();
  #over = new AbortController();

  /**
   * @param {readonly MobileNet[]} networks of one engine
   * @param {number} margin
   * @param {{ dispose(): void }[]} owned what `dispose` ends too
   */
  constructor(networks, margin, owned) {
    if (!Array.isArray(owned)) {
      throw new MobileNetError('BAD_INPUT', 'Cascade.of(…) or await Cascade.load(…) in place of new Cascade()');
    }
    this.#networks = Object.freeze([...networks]);
    this.#margin = margin;
    this.#owned = owned;
  }

  /**
   * @param {readonly MobileNet[]} networks
   * @param {{ margin: number }} options
   * @returns {Cascade}
   */
  static of(networks, options) {
    const { margin } = fieldsOf('Cascade.of', options, ['margin']);
    const list = listOf('networks', networks, 'an array of networks of one engine, the smallest first');
    const first = typeof list[0] === 'object' && list[0] !== null ? seats.get(list[0]) : undefined;
    if (!first) throw wrong('BAD_INPUT', 'networks[0]', list[0], 'a MobileNet of mobilenet-wasm');
    const all = networksOf(list, first.seat.host);
    const [{ classes }] = all.map(({ info }) => info);
    if (all.some(({ info }) => info.classes !== classes)) {
      throw new MobileNetError('BAD_INPUT', 'the networks have different numbers of classes');
    }
    return new Cascade(all, marginOf(margin), []);
  }

  /**
   * @param {FitChoice | Pick<FitChoice, 'networks' | 'margin'>} setup
   * @param {CascadeLoadOptions} [options]
   * @returns {Promise<Cascade>}
   */
  static async load(setup, options = {}) {
    const { networks, margin } = fieldsOf('Cascade.load', setup, ['networks', 'margin']);
    const { engine: given, files, ...rest } = options ?? {};
    if (engineOf(given)) noWish(rest, 'Cascade.load');
    const list = listOf('networks', networks, WANTED);
    if (list.length === 0) throw new MobileNetError('BAD_CONFIG', `networks is empty: give ${WANTED}`);
    const least = list.length === 1 && margin === null ? 0 : marginOf(margin);
    const wishes = Object.fromEntries(WISHES.map((name) => [name, rest[name]]));
    const { threads, build, assets, ...loadOptions } = rest;
    const engine = given ?? (await Engine.create({ ...wishes, signal: rest.signal }));
    /** @type {MobileNet[]} */
    const loaded = [];
    try {
      for (const [place, one] of list.entries()) {
        const { model, options: own = {} } = /** @type {any} */ (one ?? {});
        if (typeof model !== 'string') throw wrong('BAD_CONFIG', `networks[${place}].model`, model, 'a name');
        const source = files?.[model];
        const more = { ...loadOptions, ...own };
        loaded.push(await (source ? engine.load({ ...source, ...more }) : engine.load(model, more)));
      }
      return new Cascade(loaded, least, given ? loaded : [engine]);
    } catch (error) {
      for (const one of given ? loaded : [engine]) one.dispose();
      throw error;
    }
  }

  get networks() {
    return this.#networks;
  }

  get margin() {
    return this.#margin;
  }

  get state() {
    if (this.#over.signal.aborted) return 'disposed';
    const states = this.#networks.map(({ state }) => state);
    return states.find((state) => state === 'disposed') ?? states.find((state) => state === 'crashed') ?? 'ready';
  }

  /**
   * @overload
   * @param {ClassifySource} source
   * @param {ClassifyOptions & { when?: 'queue' }} [options]
   * @returns {Promise<CascadeClassification>}
   *
   * @overload
   * @param {ClassifySource} source
   * @param {ClassifyOptions} [options]
   * @returns {Promise<CascadeClassification | null>}
   *
   * @param {ClassifySource} source
   * @param {ClassifyOptions} [options]
   * @returns {Promise<CascadeClassification | null>}
   */
  async classify(source, options = {}) {
    const order = this.#turns.order();
    const given = fieldsOf('classify', options, CLASSIFY_OPTIONS);
    const overs = [this.#over.signal];
    const answers = await heldBy(
      this,
      classify(this.#turns, order, source, this.#networks, overs, given, this.#margin),
    );
    if (answers === null) return null;
    const asked = answers.length;
    const { predictions, timing } = answers[asked - 1];
    const sum = (/** @type {'preprocess' | 'read' | 'inference'} */ part) =>
      answers.reduce((sum, { timing }) => sum + timing[part], 0);
    return {
      predictions,
      timing: { ...timing, preprocess: sum('preprocess'), read: sum('read'), inference: sum('inference') },
      network: this.#networks[asked - 1],
      asked,
    };
  }

  dispose() {
    if (this.#over.signal.aborted) return;
    this.#over.abort(new MobileNetError('DISPOSED', 'this cascade was disposed of'));
    for (const owned of this.#owned) owned.dispose();
  }

  /** For `using`. In a runtime without this symbol the method is called `undefined`, which does no harm. */
  [Symbol.dispose]() {
    this.dispose();
  }
}

/**
 * @param {unknown} value
 * @returns {number}
 */
function marginOf(value) {
  if (typeof value === 'number' && value >= 0 && value <= 1) return value;
  throw wrong('BAD_INPUT', 'margin', value, 'a difference of two probabilities, 0 to 1');
}
