// The code of a user of the package. The tests call it.
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

/** Exports the checkpoint as one file, and loads that. @param {Partial<import('mobilenet-wasm').LoadOptions>} options */
async function exported(options) {
  const net = await MobileNet.load({ weights: 'model.safetensors', config: 'config.json', ...options });
  const weights = await net.export({ precision: 'f32' });
  net.dispose();
  return classify({ weights, config: null, ...options });
}

Object.assign(globalThis, { classify, exported });
