import { checkDigest } from './digest.js';
import { MobileNetError } from './errors.js';
import { readBytes } from './fetch.js';

/**
 * Checkpoints of one file or of several: the `model.json` of TensorFlow.js names the files of its weights, and Teachable
 * Machine puts a `metadata.json` beside it.
 *
 * @typedef {import('./fetch.js').ReadOptions} ReadOptions
 * @typedef {import('./index.js').Progress} Progress
 * @typedef {{ name: string } & Awaited<ReturnType<typeof readBytes>>} ReadFile
 */

const MODEL = 'model.json';
const METADATA = 'metadata.json';

/** No `model.json` is longer. Bytes */
const LONGEST_MODEL = 16 * 2 ** 20;

/**
 * @param {import('./files.js').Bytes | import('./files.js').Files} weights
 * @param {ReadOptions} options
 * @returns {Promise<ReadFile[]>} at least one; for an address its own file comes first, then the files that it names
 */
export async function readFiles(weights, options) {
  if ('files' in weights) {
    return Promise.all(
      weights.files.map(async (blob) => ({ name: blob.name, ...(await readBytes({ blob }, options)) })),
    );
  }
  const file = { name: MODEL, ...(await readBytes(weights, options)) };
  if (!('address' in weights)) return [file];
  const paths = pathsOf(file.bytes);
  if (paths.length === 0) return [file];
  // What it names is only fetched if it is the right file.
  if (file.expected) await checkDigest(file.bytes, file.expected);
  file.expected = undefined;
  return [file, ...(await readBeside(paths, weights.address, options))];
}

/**
 * Fetches the files that a `model.json` names.
 * @param {string[]} paths their names
 * @param {string} address its own
 * @param {ReadOptions} options
 * @returns {Promise<ReadFile[]>}
 */
async function readBeside(paths, address, { fetch, store, signal, patience, onProgress }) {
  const options = { fetch, store, signal, patience };
  const reports = onProgress && summed(paths.length, onProgress);
  /** @type {(path: string, options: ReadOptions) => Promise<ReadFile>} */
  const read = async (path, options) => ({
    name: path,
    ...(await readBytes({ address: beside(path, address) }, options)),
  });
  const metadata = read(METADATA, options).catch((error) => {
    // Only models of Teachable Machine have one.
    if (error.code === 'FETCH_FAILED') return null;
    throw error;
  });
  const weights = paths.map((path, i) => read(path, { ...options, onProgress: reports?.[i] }));
  const [told, ...files] = await Promise.all([metadata, ...weights]);
  // Some hosts answer with a page of their own if they don't have the file.
  return told && isJson(told.bytes) ? [told, ...files] : files;
}

/**
 * Adds up the progress of files that are downloaded at the same time.
 * @param {number} count
 * @param {(progress: Progress) => void} onProgress the total is `null` until that of every file is known
 * @returns {((progress: Progress) => void)[]} for each file a function that takes its progress
 */
function summed(count, onProgress) {
  const all = Array.from({ length: count }, () => /** @type {Progress} */ ({ loaded: 0, total: null }));
  return all.map((_, i) => (progress) => {
    all[i] = progress;
    onProgress(
      all.reduce((sum, { loaded, total }) => ({
        loaded: sum.loaded + loaded,
        total: sum.total === null || total === null ? null : sum.total + total,
      })),
    );
  });
}

/**
 * @param {Uint8Array} bytes
 * @returns {boolean} whether they begin like a JSON object
 */
function isJson(bytes) {
  return /^\s*\{/.test(new TextDecoder().decode(bytes.subarray(0, 64)));
}

/**
 * @param {Uint8Array} model
 * @returns {string[]} the names of the files with its weights, each once; none if it is no `model.json`
 */
function pathsOf(model) {
  if (model.length > LONGEST_MODEL || !isJson(model)) return [];
  let groups;
  try {
    groups = JSON.parse(new TextDecoder().decode(model)).weightsManifest;
  } catch {
    // The engine reports what is wrong with it.
    return [];
  }
  /** @type {unknown[]} */
  const paths = Array.isArray(groups) ? groups.flatMap((group) => group?.paths ?? []) : [];
  return [...new Set(paths.filter((path) => typeof path === 'string'))];
}

/**
 * @param {string} path
 * @param {string} model the address of `model.json`; its query, which may be an access token, is used for all files
 * @returns {string}
 */
function beside(path, model) {
  try {
    const url = new URL(path, model);
    url.search = new URL(model).search;
    return url.href;
  } catch (cause) {
    throw new MobileNetError('BAD_WEIGHTS', `${model} names a file whose name is no address: ${path}`, { cause });
  }
}
