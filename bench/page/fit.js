// Runs a fit on photos seen by a moving camera, and measures its predictions.
import { Engine } from '/pkg/index.js';
import { Cascade, fit, measureTrim, search } from '/pkg/fit.js';
import { halves, medianOf } from '/pkg/search.js';

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
 * @property {number | null} undisturbed the same, with the median in place of each latency: of those for which as many networks ran
 * @property {number | null} again what was predicted, times what its networks take by themselves meanwhile to what they took in the fit
 */

/** Little more than the networks read, since hundreds of frames are kept. */
const FRAME = { width: 352, height: 264 };

/** After as many frames the choice's networks run by themselves, since a shared machine is slower at one time than at another. */
const BLOCK = 20;

/** Small networks take a third longer in a new engine's first half second. ms */
const WARM_UP = 1000;

/** @type {ImageData[]} */
let frames = [];
/** @type {Record<string, { weights: string, config: string, preprocessorConfig?: string }>} */
const files = {};

/** @param {number} every */
const some = (every) => frames.filter((_, frame) => frame % every === 0);

const fitting = {
  /**
   * Makes the frames: a camera moves over the photo's middle, and comes as near as the page's own crops do.
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
        const zoom = 0.75 + 0.2 * Math.cos(1.5 * time);
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
   * @param {{ names: string[], resolutions?: number[], every?: number, steps?: boolean }} what `every`: the step between frames
   * @returns {Promise<Outcome>}
   */
  async fit(target, { names, resolutions, every = 1, steps }) {
    const began = performance.now();
    const candidates = names.map((name) => ({ name, resolutions, ...files[name] }));
    const found = await fit({ ...target, candidates, frames: some(every), steps });
    const seconds = (performance.now() - began) / 1e3;
    return { seconds, found, ...(await this.measure(found)) };
  },

  /**
   * @param {Fit} found
   * @returns {Promise<Pick<Outcome, 'build' | 'measured' | 'undisturbed' | 'again'>>}
   */
  async measure({ chosen, verified, measurements }) {
    const engine = await Engine.create();
    const { build } = engine.info;
    if (!chosen || !verified) {
      engine.dispose();
      return { build, measured: null, undisturbed: null, again: null };
    }
    const cascade = await Cascade.load(chosen, { engine, files });
    const used = some(frames.length / measurements.frames);
    const held = halves(measurements.frames).verifying.map((frame) => used[frame]);
    // The first frames also wake threads, and the browser still optimises the code.
    for (const end = performance.now() + WARM_UP; performance.now() < end;) {
      for (const frame of held.slice(0, 10)) await cascade.classify(frame);
    }
    /** @type {number[][]} By the number of networks that ran. */
    const times = [[], [], []];
    /** @type {number[][]} By network. */
    const alone = cascade.networks.map(() => []);
    for (const [i, frame] of held.entries()) {
      const { timing, asked } = await cascade.classify(frame);
      times[asked].push(timing.preprocess + timing.inference);
      if (i % BLOCK < BLOCK - 1) continue;
      for (const [place, network] of cascade.networks.entries()) {
        // The first of these finds the caches filled by another network.
        for (let run = 0; run < 3; run++) {
          const { timing } = await network.classify(held[i - run]);
          if (run > 0) alone[place].push(timing.preprocess + timing.inference);
        }
      }
    }
    engine.dispose();
    const changes = chosen.networks.map(({ name }, place) => {
      const point = measurements.points.find((point) => point.name === name);
      return point ? medianOf(alone[place]) / (point.preprocess + point.inference) : 1;
    });
    const [first] = measurements.points.filter(({ name }) => name === chosen.networks[0].name);
    const small = (first.preprocess + first.inference) * (measurements.unevenness ?? 1);
    const again = small * changes[0] + (chosen.latency - small) * (changes[1] ?? 1);
    const sum = times.flat().reduce((sum, time) => sum + time, 0);
    const medians = times.reduce((sum, alike) => sum + (alike.length === 0 ? 0 : alike.length * medianOf(alike)), 0);
    return { build, measured: sum / held.length, undisturbed: medians / held.length, again };
  },

  /**
   * @param {string} name
   * @returns {Promise<import('../../pkg/fit.js').TrimSaving>}
   */
  trim: (name) => measureTrim(files[name]),

  search,
};

globalThis.fitting = fitting;

/** @typedef {typeof fitting} Fitting */
