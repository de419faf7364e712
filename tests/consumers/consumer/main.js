// What a user of the package writes. The tests call it.
import { MobileNet } from 'mobilenet-wasm';
import { picture } from './picture.js';

/**
 * @param {Partial<import('mobilenet-wasm').LoadOptions>} options
 * @returns {Promise<{ info: import('mobilenet-wasm').NetworkInfo, predictions: import('mobilenet-wasm').Prediction[] }>}
 */
async function classify(options) {
  const net = await MobileNet.load({ weights: 'model.safetensors', config: 'config.json', ...options });
  const { predictions } = await net.classify(picture());
  net.dispose();
  return { info: net.info, predictions };
}

Object.assign(globalThis, { classify });
