import { callbackOf, flagOf, precisionOf, resolutionOf, stringOf, wrong } from './arguments.js';
import { convert, isSafetensors } from './convert.js';
import { MobileNetError } from './errors.js';
import { keyOf, readJson } from './fetch.js';
import { cacheOf, digestOf, fetchOf, jsonOf, labelsOf, weightsOf } from './files.js';
import { readFiles } from './folder.js';
import { NAMED_CACHE, hostsOf, originsOf } from './named.js';
import { Store } from './store.js';

/**
 * Loads checkpoints into a worker.
 *
 * @typedef {import('./host.js').Fill} Fill
 * @typedef {import('./named.js').Origin} Origin
 * @typedef {import('./protocol.js').Loaded} Loaded
 *
 * @typedef {import('./protocol.js').ConvertRequest['precision']} Stored
 * @typedef {(precision: Stored, assets: URL | undefined, signal: AbortSignal) => Promise<Uint8Array<ArrayBuffer>>} Fold reads the files
 *   of a network again and makes one file of them
 *
 * @typedef {{ fill: Fill, fold: Fold, labels: readonly string[] | undefined }} Loading
 */

/** The options of both ways to load. */
const COMMON = /** @type {const} */ ([
  ...['precision', 'resolution', 'trim', 'labels', 'onProgress', 'signal', 'cache', 'fetch'],
  ...['threads', 'build', 'assets', 'engine'],
]);

export const LOAD_OPTIONS = /** @type {const} */ (['weights', 'config', 'preprocessorConfig', 'sha256', ...COMMON]);

export const NAMED_OPTIONS = /** @type {const} */ (['hosts', 'baseUrl', ...COMMON]);

/** The engine's errors for wrong files. */
const REFUSALS = ['BAD_WEIGHTS', 'UNKNOWN_NETWORK', 'BAD_CONFIG'];

/** Errors after which another host may do better. */
const FAULTS_OF_HOSTS = [...REFUSALS, 'FETCH_FAILED', 'CHECKSUM'];

/**
 * @param {Partial<Record<typeof LOAD_OPTIONS[number], unknown>>} given
 * @returns {Loading}
 */
export function loadingOf(given) {
  const origin = {
    weights: weightsOf(given.weights),
    config: jsonOf('config', given.config),
    preprocessorConfig: jsonOf('preprocessorConfig', given.preprocessorConfig),
    sha256: digestOf(given.sha256),
  };
  if ('files' in origin.weights && origin.sha256) {
    throw wrong('BAD_INPUT', 'sha256', given.sha256, 'none: it is of one file, and `weights` are several');
  }
  return loading(async () => [origin], cacheOf(given.cache), given);
}

/**
 * @param {unknown} name
 * @param {Partial<Record<typeof NAMED_OPTIONS[number], unknown>>} given
 * @returns {Loading}
 */
export function namedLoadingOf(name, given) {
  const text = stringOf(name);
  if (text === undefined) throw wrong('BAD_INPUT', 'the name of the network', name, 'a string');
  const hosts = hostsOf(given.hosts, given.baseUrl);
  const cache = given.cache === undefined ? NAMED_CACHE : cacheOf(given.cache);
  return loading(() => originsOf(text, hosts), cache, given);
}

/**
 * @param {() => Promise<Origin[]>} origins
 * @param {ReturnType<typeof cacheOf>} cache
 * @param {Partial<Record<typeof COMMON[number], unknown>>} given
 * @returns {Loading}
 */
function loading(origins, cache, given) {
  const precision = precisionOf(given.precision);
  const resolution = resolutionOf(given.resolution);
  const trim = flagOf('trim', given.trim);
  const labels = labelsOf(given.labels);
  const fetch = fetchOf(given.fetch);
  let onProgress = callbackOf('onProgress', given.onProgress);
  let again = false;

  /**
   * @param {Origin} origin
   * @param {Store} store
   * @param {AbortSignal} signal
   */
  const read = async (origin, store, signal) => {
    const options = { fetch, store, signal, patience: origin.patience };
    const [files, config, preprocessorConfig] = await Promise.all([
      readFiles(origin.weights, { ...options, onProgress, sha256: origin.sha256, bytes: origin.bytes }),
      readJson('config', origin.config, options),
      readJson('preprocessorConfig', origin.preprocessorConfig, options),
    ]);
    return { files, config, preprocessorConfig };
  };

  /**
   * Reads files for the engine, which reads only `.safetensors`.
   * @param {Origin} origin
   * @param {Store} store
   * @param {AbortSignal} signal
   * @param {URL | undefined} assets
   */
  const readForEngine = async (origin, store, signal, assets) => {
    const { files, ...configs } = await read(origin, store, signal);
    const [{ bytes, owned, toKeep, expected }] = files;
    if (files.length === 1 && isSafetensors(bytes)) {
      return { request: { weights: bytes, expected, ...configs, giveBack: toKeep !== undefined }, owned, toKeep };
    }
    const giveBack = files.some(({ toKeep }) => toKeep !== undefined);
    const asked = { ...configs, expected, precision: undefined, giveBack };
    const { file, given } = await convert(files, asked, { assets, signal });
    for (const [i, bytes] of given?.entries() ?? []) {
      const { toKeep } = files[i];
      if (toKeep !== undefined) store.offer(toKeep, bytes);
    }
    // The converted file contains the configuration.
    const noConfigs = { config: undefined, preprocessorConfig: undefined };
    const request = { weights: file, expected: undefined, ...noConfigs, giveBack: false };
    return { request, owned: true, toKeep: undefined };
  };

  /** @type {(origin: Origin, store: Store, ...rest: Parameters<Fill>) => ReturnType<Fill>} */
  const fillFrom = async (origin, store, network, connection, signal, assets) => {
    // When one of the requests fails, this ends the others.
    const attempt = new AbortController();
    const abort = () => attempt.abort(signal.reason);
    signal.addEventListener('abort', abort);
    if (signal.aborted) abort();
    try {
      const reading = readForEngine(origin, store, attempt.signal, assets);
      const [{ request, owned, toKeep }, worker] = await Promise.all([reading, connection]);
      if (signal.aborted) throw signal.reason;
      /** @type {Loaded} */
      const loaded = await worker.request(
        { type: 'load', network, precision, resolution, trim, ...request },
        owned ? [request.weights.buffer] : [],
      );
      if (toKeep !== undefined && loaded.weights) store.offer(toKeep, loaded.weights);
      await store.keep();
      return loaded.info;
    } finally {
      attempt.abort();
      signal.removeEventListener('abort', abort);
    }
  };

  /**
   * Uses files, and other downloads of them if those in the store turn out to be damaged.
   * @template T
   * @param {Origin['weights']} weights
   * @param {string[]} refusals the errors besides `CHECKSUM` after which all files count as damaged
   * @param {(store: Store) => Promise<T>} use
   * @returns {Promise<T>}
   */
  const withStore = async (weights, refusals, use) => {
    const store = new Store(cache);
    return use(store).catch(async (error) => {
      const digested = error.code === 'CHECKSUM';
      if (!digested && !refusals.includes(error.code)) throw error;
      const damaged = digested ? ('address' in weights ? [keyOf(weights)] : []) : undefined;
      if (!(await store.forget(damaged))) throw error;
      return use(store);
    });
  };

  /** @type {(origin: Origin, ...rest: Parameters<Fill>) => ReturnType<Fill>} */
  const fillFromStoreOr = async (origin, ...rest) => {
    const { weights } = origin;
    try {
      return await withStore(weights, REFUSALS, (store) => fillFrom(origin, store, ...rest));
    } catch (cause) {
      if ('bytes' in weights && weights.bytes.byteLength !== weights.size) {
        const when = again ? 'the network crashed and can’t be started afresh' : 'the weights can’t be read';
        const reason = `${when}, as the buffer given as \`weights\` was transferred or resized since; load it anew`;
        throw new MobileNetError(again ? 'CRASHED' : 'BAD_INPUT', reason, { cause });
      }
      throw cause;
    }
  };

  /**
   * Tries the places that may have the files, in order.
   * @template T
   * @param {(origin: Origin) => Promise<T>} use
   * @param {AbortSignal} signal
   * @returns {Promise<T>}
   */
  const fromFirst = async (use, signal) => {
    /** @type {MobileNetError[]} */
    const faults = [];
    for (const origin of await origins()) {
      try {
        return await use(origin);
      } catch (error) {
        const fault = /** @type {MobileNetError} */ (error);
        if (signal.aborted || !FAULTS_OF_HOSTS.includes(fault.code)) throw fault;
        faults.push(fault);
      }
    }
    if (faults.length === 1) throw faults[0];
    const reasons = faults.map(({ message }) => message).join('; ');
    throw new MobileNetError(faults[0].code, `no host has it: ${reasons}`, { cause: faults[0] });
  };

  /** @type {Fill} */
  const fill = async (network, connection, signal, assets) => {
    try {
      return await fromFirst((origin) => fillFromStoreOr(origin, network, connection, signal, assets), signal);
    } finally {
      // Later loads, after a crash, don't report progress.
      onProgress = undefined;
      again = true;
    }
  };

  /** @type {Fold} */
  const fold = (precision, assets, signal) =>
    fromFirst(async ({ weights, ...origin }) => {
      if ('bytes' in weights && weights.bytes.byteLength !== weights.size) {
        const reason = `the network can't be exported, as the buffer given as \`weights\` was transferred or resized since`;
        throw new MobileNetError('BAD_INPUT', reason);
      }
      // Intact files too may be refused here: not every number fits into 16 bits.
      return withStore(weights, [], async (store) => {
        const { files, ...configs } = await read({ weights, ...origin }, store, signal);
        const { expected } = files[0];
        return (await convert(files, { ...configs, expected, precision, giveBack: false }, { assets, signal })).file;
      });
    }, signal);
  return { fill, fold, labels };
}
