// Does the least that a page does: it imports the package, loads a network and classifies a picture.
import { MobileNet } from '/pkg/index.js';

globalThis.firstPrediction = predict();

/** @typedef {Awaited<ReturnType<typeof predict>>} FirstPrediction */

async function predict() {
  const { weights, ...files } = Object.fromEntries(new URLSearchParams(location.search));
  const net = await (weights
    ? MobileNet.load({ ...files, weights, cache: 'bench' })
    : MobileNet.untrained({ version: 'v3-small' }));
  await net.classify(new ImageData(224, 224));
  // The time counts from the start of the navigation.
  return { time: performance.now(), build: net.info.build, threads: net.info.threads };
}
