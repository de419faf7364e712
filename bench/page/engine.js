// Several networks in one engine, and a large photo.
import { Engine } from '/pkg/index.js';
import { frameOf } from './camera.js';

/**
 * @typedef {import('../../pkg/index.js').Version} Version
 * @typedef {import('./camera.js').Source} Source
 *
 * @typedef {object} SetSample a frame that several networks saw
 * @property {number} total from the call to the last answer. ms
 * @property {number} inference of all networks together. ms
 *
 * @typedef {object} PhotoSample
 * @property {number} total from the call to the answer, with the photo's decoding. ms
 * @property {number} read ms
 * @property {number} resize ms
 * @property {number} inference ms
 */

/** @type {Engine} */
let engine;
/** @type {import('../../pkg/index.js').MobileNet[]} */
let networks;

const set = {
  /**
   * @param {Version[]} versions
   * @param {number} threads
   * @returns {Promise<{ build: string, threads: number }>} what really runs
   */
  async open(versions, threads) {
    engine = await Engine.create({ threads });
    networks = [];
    for (const version of versions) networks.push(await engine.untrained({ version }));
    return { build: engine.info.build, threads: engine.info.threads };
  },

  /**
   * @param {Source} source
   * @returns {Promise<SetSample>}
   */
  async classify(source) {
    const frame = await frameOf(source);
    const began = performance.now();
    const answers = await engine.classify(frame, networks, { when: 'queue' });
    const total = performance.now() - began;
    frame.close();
    return { total, inference: answers.reduce((sum, { timing }) => sum + timing.inference, 0) };
  },

  /**
   * @param {{ width: number, height: number }} size
   * @param {number} runs
   * @returns {Promise<PhotoSample[]>} of the first network, with a JPEG
   */
  async photos({ width, height }, runs) {
    const canvas = new OffscreenCanvas(width, height);
    const frame = await frameOf({ kind: 'VideoFrame', width, height });
    canvas.getContext('2d')?.drawImage(frame, 0, 0);
    frame.close();
    const photo = await canvas.convertToBlob({ type: 'image/jpeg' });
    const samples = [];
    for (let run = 0; run < runs; run++) {
      const { timing } = await networks[0].classify(photo, { when: 'queue' });
      const { total, read, preprocess, inference } = timing;
      samples.push({ total, read, resize: preprocess - read, inference });
    }
    return samples;
  },

  close() {
    engine.dispose();
  },
};
/** @typedef {typeof set} EngineSet */
globalThis.set = set;
