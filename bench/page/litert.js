import { Tensor, loadAndCompile, loadLiteRt } from '@litertjs/core';
import { squareReader } from './canvas.js';
import { noise, timed } from './measure.js';
import { topOf } from './top.js';

/** @param {{ version: string, resolution: number, type: 'f32' | 'int8', threads: number }} options */
export async function prepare({ version, resolution, type, threads }) {
  await loadLiteRt('/peers/node_modules/@litertjs/core/wasm/', { threads: threads > 1 });
  const model = await loadAndCompile(`/peers/models/${version}.${type}.tflite`, {
    accelerator: 'wasm',
    cpuOptions: { numThreads: threads },
  });
  const shape = [1, resolution, resolution, 3];
  const input = new Tensor(noise(resolution * resolution * 3), shape);
  const read = squareReader(resolution);
  return {
    info: {},
    run: () =>
      timed(async () => {
        const outputs = await model.run(input);
        const [logit] = outputs[0].toTypedArray();
        for (const output of outputs) output.delete();
        return logit;
      }),
    /** @param {VideoFrame | ImageBitmap} frame */
    async classify(frame) {
      const pixels = new Tensor(normalized(read(frame)), shape);
      const outputs = await model.run(pixels);
      // Keras's networks end in a softmax.
      const top = topOf(Float32Array.from(outputs[0].toTypedArray()));
      for (const tensor of [pixels, ...outputs]) tensor.delete();
      return { top };
    },
  };
}

/**
 * @param {Uint8ClampedArray} rgba
 * @returns {Float32Array} RGB from -1 to 1, as Keras's networks expect it
 */
function normalized(rgba) {
  const rgb = new Float32Array((rgba.length / 4) * 3);
  for (let from = 0, to = 0; from < rgba.length; from += 4, to += 3) {
    rgb[to] = rgba[from] / 127.5 - 1;
    rgb[to + 1] = rgba[from + 1] / 127.5 - 1;
    rgb[to + 2] = rgba[from + 2] / 127.5 - 1;
  }
  return rgb;
}
