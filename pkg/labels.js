import { MobileNetError, messageOf } from './errors.js';

/** @type {Promise<string[]> | undefined} */
let imagenet;

/**
 * @returns {Promise<string[]>} the names of the 1000 ImageNet classes, fetched on first use
 */
function imagenetLabels() {
  imagenet ??= fetchLabels(new URL('./labels.json', import.meta.url)).catch((error) => {
    imagenet = undefined;
    throw error;
  });
  return imagenet;
}

/**
 * @param {URL} url
 * @returns {Promise<string[]>}
 */
async function fetchLabels(url) {
  try {
    const response = await fetch(url);
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    return await response.json();
  } catch (error) {
    throw new MobileNetError('FETCH_FAILED', `${url} could not be fetched: ${messageOf(error)}`, { cause: error });
  }
}

/**
 * Which names the classes of a network have: those the caller gave, else the checkpoint's own, else ImageNet's.
 * @param {readonly string[] | undefined} given
 * @param {{ trained: boolean, classes: number, labels: string[] | null }} network
 * @returns {Promise<readonly string[] | null>} null where the classes have no names: an untrained network, or a class
 *   count that isn't ImageNet's
 */
export async function labelsFor(given, network) {
  if (given) {
    if (given.length !== network.classes) {
      throw new MobileNetError('BAD_CONFIG', `${given.length} labels for ${network.classes} classes`);
    }
    return given;
  }
  if (!network.trained) return null;
  return network.labels ?? (network.classes === 1000 ? await imagenetLabels() : null);
}
