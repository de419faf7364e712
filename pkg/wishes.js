import { advice, listOf, wholeNumber, wrong } from './arguments.js';
import { MobileNetError } from './errors.js';
import { folderOf } from './files.js';
import { hosts, seats } from './host.js';

/**
 * Checks the arguments about engines: the options of one, and the engine that a network belongs to.
 *
 * @typedef {import('./index.js').MobileNet} MobileNet
 */

/** The most threads that `src/plan` accepts. */
const MAX_THREADS = 64;

/** The options that belong to an engine. */
export const WISHES = /** @type {const} */ (['threads', 'build', 'assets']);

/**
 * @param {Partial<Record<typeof WISHES[number], unknown>>} options
 * @param {string} call
 */
export function noWish(options, call) {
  const name = WISHES.find((name) => options[name] !== undefined && options[name] !== null);
  if (name === undefined) return;
  throw new MobileNetError('BAD_INPUT', `${name} is the engine's own: give it to Engine.create, not to ${call}`);
}

/**
 * @param {Partial<Record<typeof WISHES[number], unknown>>} options
 * @param {readonly string[]} builds
 * @returns {import('./builds.js').Wish}
 */
export function wishOf({ threads, build, assets }, builds) {
  if (build !== undefined && !builds.includes(/** @type {string} */ (build))) {
    throw wrong('BAD_INPUT', 'build', build, `one of ${builds.join(', ')}`);
  }
  return {
    threads: threads === undefined ? undefined : wholeNumber('threads', threads, 1, MAX_THREADS),
    build: /** @type {string | undefined} */ (build),
    assets: assets === undefined || assets === null ? undefined : folderOf(assets),
  };
}

/**
 * @param {unknown} value
 * @returns {import('./host.js').Host | null} `null`: the network gets an engine of its own
 */
export function engineOf(value) {
  if (value === undefined || value === null) return null;
  const host = typeof value === 'object' ? hosts.get(value) : undefined;
  if (host) return host;
  throw wrong('BAD_INPUT', 'engine', value, `what Engine.create() gives${advice(value, '')}`);
}

/**
 * @param {unknown} value
 * @param {import('./host.js').Host} host
 * @returns {MobileNet[]} networks of that host's engine
 */
export function networksOf(value, host) {
  const wanted = 'an array of networks that this engine has loaded';
  const networks = listOf('networks', value, wanted);
  if (networks.length === 0) throw new MobileNetError('BAD_INPUT', `networks is empty: give ${wanted}`);
  for (const [index, network] of networks.entries()) {
    const name = `networks[${index}]`;
    const seat = typeof network === 'object' && network !== null ? seats.get(network)?.seat : undefined;
    if (!seat) throw wrong('BAD_INPUT', name, network, `a MobileNet${advice(network, '')}`);
    if (seat.host !== host) {
      throw new MobileNetError('BAD_INPUT', `${name} is a network of another engine: load it with this one`);
    }
  }
  return /** @type {MobileNet[]} */ (networks);
}
