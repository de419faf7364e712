// The code of a user of the package's other entries. The tests call it.
import { MobileNet } from 'mobilenet-wasm';
import 'mobilenet-wasm/camera';
import { Cascade } from 'mobilenet-wasm/fit';
import { Teach } from 'mobilenet-wasm/teach';
import { picture } from './picture.js';

/**
 * @param {Partial<import('mobilenet-wasm').LoadOptions>} options
 * @returns {Promise<{ [entry in 'net' | 'teach' | 'fit' | 'camera']: unknown }>} what each entry answers
 */
async function entries(options) {
  const source = { weights: 'model.safetensors', config: 'config.json' };
  const net = await MobileNet.load({ ...source, ...options });
  const { predictions } = await net.classify(picture());
  const teach = new Teach(net);
  await teach.add(picture(), 'stripes');
  const taught = await teach.predict(picture());
  const cascade = Cascade.of([net], { margin: 0.5 });
  const { predictions: cascaded } = await cascade.classify(picture());
  net.dispose();

  const camera = document.createElement('mobilenet-camera');
  const { assets } = options;
  for (const [name, value] of Object.entries({ ...source, assets }))
    if (value) camera.setAttribute(name, String(value));
  const seen = await new Promise((resolve) => {
    camera.addEventListener('prediction', ({ detail }) => resolve(detail.predictions.length));
    camera.addEventListener('error', ({ detail }) => resolve(String(detail)));
    document.body.append(camera);
  });
  camera.remove();
  return { net: predictions, teach: taught, fit: cascaded, camera: seen };
}

Object.assign(globalThis, { entries });
