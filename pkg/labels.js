import { MobileNetError, messageOf } from './errors.js';

/** @type {Promise<readonly string[]> | undefined} */
let imagenet;

/**
 * @returns {Promise<readonly string[]>} the names of the 1000 ImageNet classes, loaded on first use
 */
async function imagenetLabels() {
  try {
    // The names are in a module, because some tools change JSON.
    imagenet ??= import('./wasm/labels.js').then((labels) => Object.freeze(labels.default));
    return await imagenet;
  } catch (cause) {
    imagenet = undefined;
    throw new MobileNetError('FETCH_FAILED', `the names of the classes could not be loaded: ${messageOf(cause)}`, {
      cause,
    });
  }
}

/**
 * The names of a network's classes: those that the caller gave, else the checkpoint's own, else ImageNet's.
 * @param {readonly string[] | undefined} given
 * @param {{ trained: boolean, classes: number, labels: string[] | null }} network
 * @returns {Promise<readonly string[] | null>} `null` if the classes have no names: an untrained network, or a class
 *   count other than ImageNet's
 */
export async function labelsFor(given, network) {
  if (given) {
    if (given.length !== network.classes) {
      throw new MobileNetError('BAD_CONFIG', `${given.length} labels for ${network.classes} classes`);
    }
    return given;
  }
  if (!network.trained) return null;
  if (network.labels) return Object.freeze(network.labels);
  return network.classes === 1000 ? imagenetLabels() : null;
}
