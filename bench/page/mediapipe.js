import { FilesetResolver, ImageClassifier } from '@mediapipe/tasks-vision';
import { TOP } from './top.js';

/** @param {{ version: string }} options */
export async function prepare({ version }) {
  const fileset = await FilesetResolver.forVisionTasks('/peers/node_modules/@mediapipe/tasks-vision/wasm');
  const classifier = await ImageClassifier.createFromOptions(fileset, {
    baseOptions: { modelAssetPath: `/peers/models/${version}.mediapipe.tflite`, delegate: 'CPU' },
    runningMode: 'IMAGE',
    maxResults: TOP,
  });
  return {
    info: {},
    /** @param {VideoFrame | ImageBitmap} frame */
    async classify(frame) {
      const [{ categories }] = classifier.classify(frame).classifications;
      return { top: categories.map(({ categoryName, score }) => ({ label: categoryName, probability: score })) };
    },
  };
}
