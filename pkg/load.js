import { callbackOf, flagOf, precisionOf, resolutionOf, stringOf, wrong } from './arguments.js';
import { MobileNetError } from './errors.js';
import { readBytes, readJson } from './fetch.js';
import { bytesOf, cacheOf, digestOf, fetchOf, jsonOf, labelsOf } from './files.js';
import { NAMED_CACHE, hostsOf, originsOf } from './named.js';
import { Store } from './store.js';

/**
 * How a checkpoint comes into a worker.
 *
 * @typedef {import('./host.js').Fill} Fill
 * @typedef {import('./named.js').Origin} Origin
 * @typedef {import('./protocol.js').Loaded} Loaded
 *
 * @typedef {{ fill: Fill, labels: readonly string[] | undefined }} Loading
 */

/** What both ways to load take. */
const COMMON = /** @type {const} */ ([
  ...['precision', 'resolution', 'trim', 'labels', 'onProgress', 'signal', 'cache', 'fetch'],
  ...['threads', 'build', 'assets', 'engine'],
]);

export const LOAD_OPTIONS = /** @type {const} */ (['weights', 'config', 'preprocessorConfig', 'sha256', ...COMMON]);

export const NAMED_OPTIONS = /** @type {const} */ (['hosts', 'baseUrl', ...COMMON]);

/** What the engine says of files that aren't what they should be. */
const REFUSALS = ['BAD_WEIGHTS', 'UNKNOWN_NETWORK', 'BAD_CONFIG'];

/** Errors after which another host may do better. */
const FAULTS_OF_HOSTS = [...REFUSALS, 'FETCH_FAILED', 'CHECKSUM'];

/**
 * @param {Partial<Record<typeof LOAD_OPTIONS[number], unknown>>} given
 * @returns {Loading}
 */
export function loadingOf(given) {
  const origin = {
    weights: bytesOf(given.weights),
    config: jsonOf('config', given.config),
    preprocessorConfig: jsonOf('preprocessorConfig', given.preprocessorConfig),
    sha256: digestOf(given.sha256),
  };
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
 * @param {string | undefined} cache
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

  /** @type {(origin: Origin, store: Store, ...rest: Parameters<Fill>) => ReturnType<Fill>} */
  const fillFrom = async (origin, store, network, connection, signal) => {
    // What is still under way when one of them fails is for nobody.
    const attempt = new AbortController();
    const abort = () => attempt.abort(signal.reason);
    signal.addEventListener('abort', abort);
    if (signal.aborted) abort();
    const options = { fetch, store, signal: attempt.signal, patience: origin.patience };
    try {
      const [{ bytes, owned, toKeep }, config, preprocessorConfig, worker] = await Promise.all([
        readBytes(origin.weights, { ...options, onProgress, sha256: origin.sha256, bytes: origin.bytes }),
        readJson('config', origin.config, options),
        readJson('preprocessorConfig', origin.preprocessorConfig, options),
        connection,
      ]);
      if (signal.aborted) throw signal.reason;
      const giveBack = toKeep !== undefined;
      /** @type {Loaded} */
      const loaded = await worker.request(
        { type: 'load', network, weights: bytes, config, preprocessorConfig, precision, resolution, trim, giveBack },
        owned ? [bytes.buffer] : [],
      );
      if (toKeep !== undefined && loaded.weights) store.offer(toKeep, loaded.weights);
      await store.keep();
      return loaded.info;
    } finally {
      attempt.abort();
      signal.removeEventListener('abort', abort);
    }
  };

  /** @type {(origin: Origin, ...rest: Parameters<Fill>) => ReturnType<Fill>} */
  const fillFromStoreOr = async (origin, ...rest) => {
    const { weights } = origin;
    try {
      const store = new Store(cache);
      return await fillFrom(origin, store, ...rest).catch(async (error) => {
        // What an earlier visit kept may be damaged: once more, from where it came from.
        if (!REFUSALS.includes(error.code) || !(await store.forget())) throw error;
        return fillFrom(origin, new Store(cache), ...rest);
      });
    } catch (cause) {
      if ('bytes' in weights && weights.bytes.byteLength !== weights.size) {
        const when = again ? 'the network crashed and can’t be started afresh' : 'the weights can’t be read';
        const reason = `${when}, as the buffer given as \`weights\` was transferred or resized since; load it anew`;
        throw new MobileNetError(again ? 'CRASHED' : 'BAD_INPUT', reason, { cause });
      }
      throw cause;
    }
  };

  /** @type {Fill} */
  const fill = async (network, connection, signal) => {
    /** @type {MobileNetError[]} */
    const faults = [];
    try {
      for (const origin of await origins()) {
        try {
          return await fillFromStoreOr(origin, network, connection, signal);
        } catch (error) {
          const fault = /** @type {MobileNetError} */ (error);
          if (signal.aborted || !FAULTS_OF_HOSTS.includes(fault.code)) throw fault;
          faults.push(fault);
        }
      }
    } finally {
      // Whoever watched the first loading is not there any more for another.
      onProgress = undefined;
      again = true;
    }
    if (faults.length === 1) throw faults[0];
    const reasons = faults.map(({ message }) => message).join('; ');
    throw new MobileNetError(faults[0].code, `no host has it: ${reasons}`, { cause: faults[0] });
  };
  return { fill, labels };
}
