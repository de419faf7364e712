import { InferenceSession, Tensor, env } from 'onnxruntime-web/wasm';
import { squareReader } from './canvas.js';
import { noise, timed } from './measure.js';
import { softmax, topOf } from './top.js';

/** The normalisations of timm's networks, for values from 0 to 1. */
const INCEPTION = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };
const IMAGENET = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

/** @param {{ version: string, resolution: number, threads: number }} options */
export async function prepare({ version, resolution, threads }) {
  env.wasm.wasmPaths = '/peers/node_modules/onnxruntime-web/dist/';
  env.wasm.numThreads = threads;
  const session = await InferenceSession.create(`/peers/models/transformers/${version}/onnx/model.onnx`, {
    executionProviders: ['wasm'],
    graphOptimizationLevel: 'all',
  });
  const shape = [1, 3, resolution, resolution];
  const input = new Tensor('float32', noise(resolution * resolution * 3), shape);
  const read = squareReader(resolution);
  const normalization = version === 'v1' ? INCEPTION : IMAGENET;
  return {
    info: {},
    run: () =>
      timed(async () => {
        const { logits } = await session.run({ pixel_values: input });
        return logits.data[0];
      }),
    /** @param {VideoFrame | ImageBitmap} frame */
    async classify(frame) {
      const pixels = new Tensor('float32', normalized(read(frame), normalization), shape);
      const { logits } = await session.run({ pixel_values: pixels });
      return { top: topOf(softmax(/** @type {Float32Array} */ (logits.data))) };
    },
  };
}

/**
 * @param {Uint8ClampedArray} rgba
 * @param {{ mean: number[], std: number[] }} normalization
 * @returns {Float32Array} a plane of red, one of green and one of blue
 */
function normalized(rgba, { mean, std }) {
  const size = rgba.length / 4;
  const planes = new Float32Array(size * 3);
  for (let channel = 0; channel < 3; channel++) {
    const scale = 1 / (255 * std[channel]);
    const shift = -mean[channel] / std[channel];
    const plane = channel * size;
    for (let i = 0; i < size; i++) planes[plane + i] = rgba[4 * i + channel] * scale + shift;
  }
  return planes;
}
