import { env, pipeline } from '@huggingface/transformers';
import { fullCanvas } from './canvas.js';
import { TOP } from './top.js';

/** @param {{ version: string, threads: number }} options */
export async function prepare({ version, threads }) {
  env.allowRemoteModels = false;
  env.allowLocalModels = true;
  env.localModelPath = '/peers/models/transformers/';
  const { wasm } = env.backends.onnx;
  if (!wasm) throw new Error('ONNX Runtime has no WebAssembly here');
  wasm.wasmPaths = '/peers/node_modules/@huggingface/transformers/node_modules/onnxruntime-web/dist/';
  wasm.numThreads = threads;
  const classifier = await pipeline('image-classification', version, { device: 'wasm', dtype: 'fp32' });
  const draw = fullCanvas();
  return {
    info: {},
    /** @param {VideoFrame | ImageBitmap} frame */
    async classify(frame) {
      // Of pictures in memory it accepts only a canvas.
      const ranked = await classifier(draw(frame), { top_k: TOP });
      return { top: ranked.map(({ label, score }) => ({ label, probability: score })) };
    },
  };
}
