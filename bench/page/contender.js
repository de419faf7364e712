// Runs one contender with one network in a tab, because a runtime's thread count applies to its whole page.
import { frameOf } from './camera.js';
import { TOP } from './top.js';

/**
 * @typedef {object} Sample
 * @property {number} inference ms
 * @property {number} [total] ms from the call to its answer, if that is a different time
 *
 * @typedef {object} Answer
 * @property {import('./top.js').Ranked[]} top the five best classes, best first
 * @property {{ preprocess: number, inference: number }} [parts] the parts of the time, if the runtime reports them. ms
 *
 * @typedef {object} LabelSample
 * @property {number} total the time from the frame to its labels. ms
 * @property {number} [preprocess] ms
 * @property {number} [inference] ms
 *
 * @typedef {object} Info the actual settings, as far as the runtime reports them
 * @property {string} [build]
 * @property {number} [threads]
 * @property {string} [type] `f32` or `int8`
 * @property {number} [macs] the multiply-accumulates of an inference
 *
 * @typedef {object} Prepared
 * @property {Info} info
 * @property {() => Promise<Sample>} [run] makes one inference on an input made beforehand
 * @property {(frame: VideoFrame | ImageBitmap) => Promise<Answer>} [classify] computes the labels of a frame
 * @property {() => Promise<number | null>} [peak] measures the GFLOP/s of multiply-adds in registers, in the same build
 * @property {() => Promise<import('../../pkg/index.js').Profile>} [profile] times each layer
 */

/** @type {Prepared} */
let contender;

const tab = {
  /**
   * @param {string} adapter the address of a module with `prepare`
   * @param {object} options the options of `prepare`
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
    requireFront();
    const { run } = contender;
    if (!run) throw new Error('this contender runs no network alone');
    const samples = [];
    for (let i = 0; i < count; i++) samples.push(await run());
    return samples;
  },

  /**
   * @param {number} count
   * @param {import('./camera.js').Source} source the kind of the frames, which are made before the clock runs
   * @returns {Promise<LabelSample[]>}
   */
  async label(count, source) {
    requireFront();
    const { classify } = contender;
    if (!classify) throw new Error('this contender reads no frames');
    const samples = [];
    for (let i = 0; i < count; i++) {
      const frame = await frameOf(source);
      const began = performance.now();
      const { top, parts } = await classify(frame);
      const total = performance.now() - began;
      frame.close();
      requireRanking(top);
      samples.push({ total, ...parts });
    }
    return samples;
  },

  async peak() {
    return (await contender.peak?.()) ?? null;
  },

  profile() {
    const { profile } = contender;
    if (!profile) throw new Error('this contender tells no times of its layers');
    return profile();
  },
};
/** @typedef {typeof tab} Tab */
globalThis.bench = tab;

function requireFront() {
  if (document.visibilityState !== 'visible')
    throw new Error('this tab is in the background, where it would be slowed down');
}

/** @param {import('./top.js').Ranked[]} top */
function requireRanking(top) {
  const right = top.every(
    ({ label, probability }, i) =>
      /^class \d+$/.test(label) && probability >= 0 && probability <= (top[i - 1]?.probability ?? 1),
  );
  // Random weights may give one class all of the probability.
  if (top.length !== TOP || !right || top[0].probability === 0)
    throw new Error(`no ranking of ${TOP} classes: ${JSON.stringify(top)}`);
}
