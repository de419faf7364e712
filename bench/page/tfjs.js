import * as tf from '@tensorflow/tfjs-core';
import { setThreadsCount, setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { noise, timed } from './measure.js';
import { networkOf } from './tfjs-networks.js';

/** @param {{ version: string, resolution: number, threads: number }} options */
export async function prepare({ version, resolution, threads }) {
  setWasmPaths('/peers/node_modules/@tensorflow/tfjs-backend-wasm/wasm-out/');
  setThreadsCount(threads);
  await tf.setBackend('wasm');
  await tf.ready();
  const network = networkOf(version);
  const input = tf.tensor4d(noise(resolution * resolution * 3), [1, resolution, resolution, 3]);
  return {
    info: {},
    run: () =>
      timed(async () => {
        const logits = tf.tidy(() => network(input));
        const [logit] = await logits.data();
        logits.dispose();
        return logit;
      }),
  };
}
