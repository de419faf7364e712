import { MobileNet } from '/pkg/index.js';
import { noise } from './measure.js';
import { LABELS, TOP } from './top.js';

/**
 * @typedef {import('../../pkg/index.js').Version} Version
 * @typedef {import('../../pkg/index.js').BuildName} BuildName
 * @typedef {'f32' | 'int8'} Type of weights and sums
 */

/** @param {{ version: Version, resolution: number, build: BuildName, threads: number, type: Type }} options */
export async function prepare({ version, resolution, build, threads, type }) {
  const net = await MobileNet.untrained({ version, resolution, build, threads, precision: type });
  const picture = new ImageData(
    Uint8ClampedArray.from(noise(resolution * resolution * 4), (value) => value * 255),
    resolution,
  );
  return {
    info: { build: net.info.build, threads: net.info.threads, type: net.info.precision, macs: net.info.macs },
    async run() {
      const answer = await net.classify(picture);
      if (!answer) throw new Error('the picture was dropped');
      const { inference, total } = answer.timing;
      return { inference, total };
    },
    /** @param {VideoFrame | ImageBitmap} frame */
    async classify(frame) {
      const answer = await net.classify(frame, { topK: TOP });
      if (!answer) throw new Error('the frame was dropped');
      const { predictions, timing } = answer;
      return {
        top: predictions.map(({ index, probability }) => ({ label: LABELS[index], probability })),
        parts: { preprocess: timing.preprocess, inference: timing.inference },
      };
    },
    async peak() {
      return (await net.profile(null, { runs: 1 })).peak;
    },
    profile: () => net.profile(),
  };
}
