import * as tf from '@tensorflow/tfjs-core';
import { setThreadsCount, setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { fullCanvas } from './canvas.js';
import { noise, timed } from './measure.js';
import { networkOf } from './tfjs-networks.js';
import { LABELS, TOP } from './top.js';

/** @param {{ version: string, resolution: number, threads: number }} options */
export async function prepare({ version, resolution, threads }) {
  setWasmPaths('/peers/node_modules/@tensorflow/tfjs-backend-wasm/wasm-out/');
  setThreadsCount(threads);
  await tf.setBackend('wasm');
  await tf.ready();
  const network = networkOf(version);
  const input = tf.tensor4d(noise(resolution * resolution * 3), [1, resolution, resolution, 3]);
  const draw = fullCanvas();
  return {
    info: {},
    run: () =>
      timed(async () => {
        const logits = tf.tidy(() => network(input));
        const [logit] = await logits.data();
        logits.dispose();
        return logit;
      }),
    // The steps of `infer` and `getTopKClasses` in @tensorflow-models/mobilenet 2.1.1. Its models aren't there.
    /** @param {VideoFrame | ImageBitmap} frame */
    async classify(frame) {
      const logits = tf.tidy(() => {
        // `fromPixels` doesn't accept a VideoFrame.
        const picture = tf.browser.fromPixels(
          /** @type {ImageBitmap} */ (frame instanceof VideoFrame ? draw(frame) : frame),
        );
        const normalized = tf.add(tf.mul(tf.cast(picture, 'float32'), 2 / 255), -1);
        const resized = tf.image.resizeBilinear(
          /** @type {tf.Tensor3D} */ (normalized),
          [resolution, resolution],
          true,
        );
        return network(tf.reshape(resized, [1, resolution, resolution, 3]));
      });
      const probabilities = tf.softmax(tf.reshape(logits, [1, LABELS.length]));
      const values = await probabilities.data();
      probabilities.dispose();
      logits.dispose();
      const ranked = Array.from(values, (probability, index) => ({ probability, index }));
      ranked.sort((a, b) => b.probability - a.probability);
      return {
        top: ranked.slice(0, TOP).map(({ probability, index }) => ({ label: LABELS[index], probability })),
      };
    },
  };
}
