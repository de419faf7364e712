// The lines of the README, as a TypeScript project has them: compiled, never run.
import { Engine, MobileNet, MobileNetError } from 'mobilenet-wasm';
import type { Classification, Prediction } from 'mobilenet-wasm';
import 'mobilenet-wasm/camera';
import { Teach } from 'mobilenet-wasm/teach';
import catalogue from 'mobilenet-wasm/catalogue.json';

export async function page(video: HTMLVideoElement, files: Blob[]): Promise<Prediction[]> {
  const net = await MobileNet.load({ weights: 'model.safetensors', config: 'config.json' });
  const { predictions, timing } = await net.classify(video);
  console.log(predictions[0].label, predictions[0].probability, `${timing.inference} ms`);
  const queued: Classification = await net.classify(video, { topK: 3, when: 'queue' });
  const newest: Classification | null = await net.classify(video, { when: 'newest' });
  // @ts-expect-error: a frame that is dropped has none
  const none: Classification = await net.classify(video, { when: 'newest' });
  const batch = await net.classifyBatch(files, { allow: ['tench', 5], threshold: 0.1 });
  await net.classify(files[0], { region: { x: 0, y: 0, width: 9, height: 9 }, rotation: 90 });
  const file: Uint8Array = await net.export({ precision: 'f16' });
  await MobileNet.load({ weights: file });
  net[Symbol.dispose]();
  return [...predictions, ...queued.predictions, ...(newest ?? none).predictions, ...batch[0].predictions];
}

export async function several(video: HTMLVideoElement): Promise<string | null> {
  const engine = await Engine.create({ assets: '/engine/' });
  try {
    const small = await engine.untrained({ version: 'v3-small' });
    const [{ predictions }] = await engine.classify(video, [small]);
    return predictions[0].label;
  } catch (error) {
    return error instanceof MobileNetError ? error.code : null;
  } finally {
    engine.dispose();
  }
}

export async function named(video: HTMLVideoElement): Promise<string> {
  const net = await MobileNet.load('v3-small', {
    onProgress: ({ loaded, total }) => console.log(loaded / (total ?? 1)),
  });
  const teach = new Teach(net);
  await teach.add(video, 'mug');
  localStorage.taught = JSON.stringify(teach);
  const [{ label }] = await Teach.fromJSON(net, JSON.parse(localStorage.taught)).predict(video);
  return label;
}

export function element(camera: HTMLElementTagNameMap['mobilenet-camera']): void {
  camera.addEventListener('prediction', ({ detail }) => console.log(detail.predictions[0].label));
}

export const names: string[] = catalogue.map(({ name }) => name);
