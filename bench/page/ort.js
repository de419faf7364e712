import { InferenceSession, Tensor, env } from 'onnxruntime-web/wasm';
import { noise, timed } from './measure.js';

/** @param {{ version: string, resolution: number, threads: number }} options */
export async function prepare({ version, resolution, threads }) {
  env.wasm.wasmPaths = '/peers/node_modules/onnxruntime-web/dist/';
  env.wasm.numThreads = threads;
  const session = await InferenceSession.create(`/peers/models/${version}.onnx`, {
    executionProviders: ['wasm'],
    graphOptimizationLevel: 'all',
  });
  const input = new Tensor('float32', noise(resolution * resolution * 3), [1, 3, resolution, resolution]);
  return {
    info: {},
    run: () =>
      timed(async () => {
        const { logits } = await session.run({ input });
        return logits.data[0];
      }),
  };
}
