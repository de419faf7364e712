import { escalationByParts, latencyOf, medianOf, mediansOf } from './search.js';

/**
 * @typedef {import('./index.js').ClassifySource} ClassifySource
 * @typedef {import('./index.js').Engine} Engine
 * @typedef {import('./index.js').MobileNet} MobileNet
 * @typedef {import('./index.js').Timing} Timing
 * @typedef {import('./fit.js').FitPoint} FitPoint
 */

/** How often in a row a network is timed at its turn. */
const IN_A_ROW = 2;

/**
 * Networks that are timed by turns, one frame after the other. A machine's speed varies, so times of one second can't be compared with
 * those of another: of networks that are timed one after the other, the fastest is often one that had a fast second.
 */
export class Rounds {
  #engine;
  #frames;
  #count;
  #signal;
  /** @type {Map<string, MobileNet>} */
  #networks = new Map();
  /** @type {MobileNet[]} */
  #owned = [];
  #next = 0;

  /**
   * @param {Engine} engine
   * @param {readonly ClassifySource[]} frames
   * @param {number} count the least number of times
   * @param {AbortSignal | undefined} signal
   */
  constructor(engine, frames, count, signal) {
    this.#engine = engine;
    this.#frames = frames;
    this.#count = count;
    this.#signal = signal;
  }

  get size() {
    return this.#networks.size;
  }

  /** @param {string} name */
  has(name) {
    return this.#networks.has(name);
  }

  /**
   * @param {string} name
   * @param {() => Promise<MobileNet>} load
   * @param {boolean} owned whether `dispose` ends it
   */
  async add(name, load, owned) {
    const network = await load();
    if (owned) this.#owned.push(network);
    this.#networks.set(name, network);
  }

  /** @returns {Promise<Map<string, ReturnType<typeof mediansOf>>>} the times of all networks that were added */
  async time() {
    const all = Array.from(this.#networks, ([name, network]) => ({
      name,
      network,
      times: /** @type {Timing[]} */ ([]),
    }));
    while (all.some(({ times }) => times.length < this.#count)) {
      for (const { network, times } of all) {
        // The first run finds the caches filled by another network.
        await this.#classify([network]);
        for (let run = 0; run < IN_A_ROW; run++) times.push(...(await this.#classify([network])));
      }
    }
    return new Map(all.map(({ name, times }) => [name, mediansOf(times)]));
  }

  /**
   * @param {FitPoint} small
   * @param {FitPoint} large
   * @returns {Promise<number>} the pair's `factor`
   */
  async factorOf(small, large) {
    const nets = [small, large].map(({ name }) => this.#get(name));
    /** @type {number[]} */
    const together = [];
    /** @type {number[]} */
    const apart = [];
    for (let round = 0; round < this.#count; round++) {
      const [after] = await this.#classify([nets[0]]);
      const [before, escalated] = await this.#classify(nets);
      const [alone] = await this.#classify([nets[1]]);
      together.push(latencyOf(escalated) + latencyOf(after) - latencyOf(before));
      apart.push(escalationByParts(small, { ...large, ...alone }));
    }
    const own = medianOf(apart);
    return own === 0 ? 1 : Math.max(medianOf(together) / own, 0);
  }

  dispose() {
    for (const network of this.#owned) network.dispose();
  }

  /** @param {string} name */
  #get(name) {
    return /** @type {MobileNet} */ (this.#networks.get(name));
  }

  /** @param {MobileNet[]} networks */
  async #classify(networks) {
    const frame = this.#frames[this.#next++ % this.#frames.length];
    const answers = await this.#engine.classify(frame, networks, { topK: 2, signal: this.#signal });
    return answers.map(({ timing }) => timing);
  }
}
