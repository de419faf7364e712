// Runs a fit on photos seen by a moving camera, and measures its predictions.
import { Engine } from '/pkg/index.js';
import { Cascade, fit, search } from '/pkg/fit.js';
import { halves } from '/pkg/search.js';

/**
 * @typedef {import('../../pkg/fit.js').Fit} Fit
 * @typedef {import('../../pkg/fit.js').FitTarget} FitTarget
 * @typedef {{ name: string, url: string, config: string, preprocessorConfig?: string }} Model
 *
 * @typedef {object} Outcome
 * @property {string} build
 * @property {number} seconds that the fit took
 * @property {Fit} found
 * @property {number | null} measured mean latency of the choice on the frames for verifying, ms; `null`: no choice
 */

const FRAME = { width: 480, height: 360 };

/** @type {ImageData[]} */
let frames = [];
/** @type {Record<string, { weights: string, config: string, preprocessorConfig?: string }>} */
const files = {};

const fitting = {
  /**
   * Makes the frames: in each frame the camera moves a little over the photo's middle and comes a little nearer.
   * @param {string[]} photos
   * @param {number} perPhoto
   * @param {Model[]} models
   */
  async open(photos, perPhoto, models) {
    for (const { name, url, config, preprocessorConfig } of models) {
      files[name] = { weights: `/${url}`, config: `/${config}` };
      if (preprocessorConfig) files[name].preprocessorConfig = `/${preprocessorConfig}`;
    }
    const canvas = new OffscreenCanvas(FRAME.width, FRAME.height);
    const context = /** @type {OffscreenCanvasRenderingContext2D} */ (
      canvas.getContext('2d', { willReadFrequently: true })
    );
    for (const photo of photos) {
      const picture = await createImageBitmap(await (await fetch(`/photos/${photo}`)).blob());
      for (let i = 0; i < perPhoto; i++) {
        const time = (2 * Math.PI * i) / perPhoto;
        const zoom = 0.67 + 0.33 * Math.cos(1.5 * time);
        const width = Math.min(picture.width, (picture.height * 4) / 3) * zoom;
        const height = (width * 3) / 4;
        const x = ((picture.width - width) * (1 + 0.5 * Math.sin(time + 0.4))) / 2;
        const y = ((picture.height - height) * (1 + 0.5 * Math.cos(2 * time))) / 2;
        context.drawImage(picture, x, y, width, height, 0, 0, FRAME.width, FRAME.height);
        frames.push(context.getImageData(0, 0, FRAME.width, FRAME.height));
      }
    }
    return frames.length;
  },

  /**
   * @param {FitTarget} target
   * @param {{ names: string[], resolutions?: number[], count?: number, steps?: boolean }} what `count`: how many frames
   * @returns {Promise<Outcome>}
   */
  async fit(target, { names, resolutions, count = frames.length, steps }) {
    const began = performance.now();
    const candidates = names.map((name) => ({ name, resolutions, ...files[name] }));
    const found = await fit({ ...target, candidates, frames: frames.slice(0, count), steps });
    const seconds = (performance.now() - began) / 1e3;
    const { build, measured } = await this.measure(found);
    return { build, seconds, found, measured };
  },

  /**
   * @param {Fit} found
   * @returns {Promise<{ build: string, measured: number | null }>}
   */
  async measure({ chosen, verified, measurements }) {
    const engine = await Engine.create();
    const { build } = engine.info;
    if (!chosen || !verified) {
      engine.dispose();
      return { build, measured: null };
    }
    const cascade = await Cascade.load(chosen, { engine, files });
    const held = halves(measurements.frames).verifying.map((frame) => frames[frame]);
    // The first frames also wake threads.
    for (const frame of held.slice(0, 10)) await cascade.classify(frame);
    let sum = 0;
    for (const frame of held) {
      const { timing } = await cascade.classify(frame);
      sum += timing.preprocess + timing.inference;
    }
    engine.dispose();
    return { build, measured: sum / held.length };
  },

  /**
   * Measures how much time `trim` saves, which leaves out constant channels.
   * @param {string} name
   * @param {number} rounds the number of rounds, in each of which both networks are timed
   * @returns {Promise<{ channels: number, saved: number, share: number }>} `saved`: µs, `share` of the network's time
   */
  async trim(name, rounds) {
    const engine = await Engine.create();
    const [full, trimmed] = [await engine.load(files[name]), await engine.load({ ...files[name], trim: true })];
    const times = { full: Infinity, trimmed: Infinity };
    for (let round = 0; round < rounds; round++) {
      times.full = Math.min(times.full, (await full.profile()).total.median);
      times.trimmed = Math.min(times.trimmed, (await trimmed.profile()).total.median);
    }
    const channels = trimmed.info.trimmed;
    engine.dispose();
    const saved = times.full - times.trimmed;
    return { channels, saved, share: saved / times.full };
  },

  search,
};

globalThis.fitting = fitting;

/** @typedef {typeof fitting} Fitting */
