import { Tensor, loadAndCompile, loadLiteRt } from '@litertjs/core';
import { noise, timed } from './measure.js';

/** @param {{ version: string, resolution: number, type: 'f32' | 'int8', threads: number }} options */
export async function prepare({ version, resolution, type, threads }) {
  await loadLiteRt('/peers/node_modules/@litertjs/core/wasm/', { threads: threads > 1 });
  const model = await loadAndCompile(`/peers/models/${version}.${type}.tflite`, {
    accelerator: 'wasm',
    cpuOptions: { numThreads: threads },
  });
  const input = new Tensor(noise(resolution * resolution * 3), [1, resolution, resolution, 3]);
  return {
    info: {},
    run: () =>
      timed(async () => {
        const outputs = await model.run(input);
        const [logit] = outputs[0].toTypedArray();
        for (const output of outputs) output.delete();
        return logit;
      }),
  };
}
