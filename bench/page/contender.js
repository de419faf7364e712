// One tab is one contender with one network: a runtime's thread count holds for its whole page.

/**
 * @typedef {object} Sample
 * @property {number} inference ms
 * @property {number} [total] ms from the call to its answer, where that is another thing
 *
 * @typedef {object} Prepared
 * @property {object} info what really runs, as far as the runtime tells
 * @property {() => Promise<Sample>} run one inference on an input made beforehand
 * @property {() => Promise<number | null>} [peak] GFLOP/s of multiply-adds in registers, in the same build
 * @property {() => Promise<import('../../pkg/index.js').Profile>} [profile] of each layer
 */

/** @type {Prepared} */
let contender;

globalThis.bench = {
  /**
   * @param {string} adapter address of a module with `prepare`
   * @param {object} options for it
   */
  async prepare(adapter, options) {
    const { prepare } = await import(adapter);
    contender = await prepare(options);
    return contender.info;
  },

  /**
   * @param {number} count
   * @returns {Promise<Sample[]>}
   */
  async run(count) {
    if (document.visibilityState !== 'visible')
      throw new Error('this tab is in the background, where it would be slowed down');
    const samples = [];
    for (let i = 0; i < count; i++) samples.push(await contender.run());
    return samples;
  },

  async peak() {
    return (await contender.peak?.()) ?? null;
  },

  profile() {
    return contender.profile();
  },
};
