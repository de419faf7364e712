// What a user of the package writes. The tests call it.
import { MobileNet } from 'mobilenet-wasm';

/**
 * @param {Partial<import('mobilenet-wasm').LoadOptions>} options
 * @returns {Promise<{ info: import('mobilenet-wasm').NetworkInfo, predictions: import('mobilenet-wasm').Prediction[] }>}
 */
async function classify(options) {
  const net = await MobileNet.load({ weights: 'model.safetensors', config: 'config.json', ...options });
  const { predictions } = /** @type {import('mobilenet-wasm').Classification} */ (await net.classify(picture()));
  net.dispose();
  return { info: net.info, predictions };
}

/** @returns {ImageData} stripes of colour, not of the network's size */
function picture() {
  const image = new ImageData(150, 120);
  for (let i = 0; i < image.data.length; i++) image.data[i] = i % 4 === 3 ? 255 : (i * (1 + (i % 4))) % 251;
  return image;
}

Object.assign(globalThis, { classify });
