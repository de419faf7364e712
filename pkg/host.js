import { startBest } from './builds.js';
import { MobileNetError } from './errors.js';
import { throwIfEnded, unlessEnded } from './ends.js';

/**
 * @typedef {import('./builds.js').Started} Started
 * @typedef {import('./builds.js').Wish} Wish
 * @typedef {import('./connection.js').Connection} Connection
 * @typedef {import('./index.js').NetworkInfo} NetworkInfo
 * @typedef {import('./protocol.js').LoadedInfo} LoadedInfo
 *
 * @typedef {(network: number, connection: Promise<Connection>, signal: AbortSignal, assets: URL | undefined) =>
 *   Promise<LoadedInfo>} Fill loads a network into a worker under that number; the signal is aborted when nobody waits for it any more;
 *   `assets` is the folder that has the builds
 */

/** The reason of a host or seat that was collected as garbage. No caller is left to receive it. */
const FORGOTTEN = new MobileNetError('DISPOSED', 'nothing refers to this any more');

/**
 * A worker, its threads and its wasm memory: the parts of an engine. After a crash the next {@link Host.start} starts a fresh
 * one.
 */
export class Host {
  #wish;
  /** @type {Started | null} */
  #started = null;
  /** @type {Promise<Started> | null} */
  #starting = null;
  /** Aborted when the worker that is starting isn't needed any more. */
  #stopped = new AbortController();
  #over = new AbortController();
  /** @type {Set<Seat>} */
  #seats = new Set();
  #nextNetwork = 0;
  /** Whether no more networks can be added. */
  #closing = false;

  /** @param {Wish} wish */
  constructor(wish) {
    this.#wish = wish;
  }

  /** Aborted when the host is disposed of. */
  get over() {
    return this.#over.signal;
  }

  /** The folder that has the builds, if the caller gave one. */
  get assets() {
    return this.#wish.assets;
  }

  /** The worker that was started last; `null` before the first start. */
  get started() {
    return this.#started;
  }

  /** Whether a worker runs. */
  get alive() {
    return this.#started !== null && !this.#started.connection.closed;
  }

  /** @returns {Promise<Started>} the running worker, or a fresh one */
  start() {
    if (this.over.aborted) return Promise.reject(this.over.reason);
    if (this.#started && !this.#started.connection.closed) return Promise.resolve(this.#started);
    if (!this.#starting) {
      const starting = this.#startAfresh().finally(() => {
        if (this.#starting === starting) this.#starting = null;
      });
      this.#starting = starting;
    }
    return this.#starting;
  }

  async #startAfresh() {
    const { signal } = (this.#stopped = new AbortController());
    const started = await startBest(this.#wish, signal);
    if (signal.aborted) {
      started.connection.close(signal.reason);
      throw signal.reason;
    }
    this.#started = started;
    return started;
  }

  /**
   * Ends the worker, or its start; the next call of {@link Host.start} starts another.
   * @param {unknown} reason the error of all calls under way
   */
  stop(reason) {
    this.#stopped.abort(reason);
    this.#starting = null;
    this.#started?.connection.close(/** @type {MobileNetError} */ (reason));
  }

  /**
   * Ends the worker for ever.
   * @param {MobileNetError} reason the error of all calls under way and all later ones
   */
  dispose(reason) {
    if (this.over.aborted) return;
    forgotten.unregister(this);
    this.#over.abort(reason);
    for (const seat of this.#seats) seat.dispose(reason);
    this.stop(reason);
  }

  /**
   * @param {Seat} seat
   * @returns {number} the number of its network in the worker
   */
  add(seat) {
    this.#seats.add(seat);
    return this.#nextNetwork++;
  }

  /** @param {Seat} seat */
  remove(seat) {
    this.#seats.delete(seat);
    this.free(seat.network);
    this.#endIfUnused();
  }

  /** Ends the host with its last network: its owner was collected as garbage. */
  close() {
    this.#closing = true;
    this.#endIfUnused();
  }

  #endIfUnused() {
    if (this.#closing && this.#seats.size === 0) this.dispose(FORGOTTEN);
  }

  /**
   * Frees a network's memory, after all earlier requests to the worker.
   * @param {number} network
   */
  free(network) {
    this.#started?.connection.request({ type: 'free', network }).catch(() => {
      // The worker has ended, and its memory is free.
    });
  }
}

/** The place of one network in a host. It survives crashes: the network is loaded again when it is next needed. */
export class Seat {
  #host;
  #alone;
  #fill;
  #over = new AbortController();
  /** The number of the network in the worker. */
  network;
  /** @type {Connection | null} The worker in which the network is, or was. */
  #connection = null;
  /** @type {NetworkInfo | null} */
  #info = null;
  /** @type {Promise<Connection> | null} */
  #loading = null;

  /**
   * @param {Host} host
   * @param {boolean} alone whether the host is for this network only, and ends with it
   * @param {Fill} fill
   */
  constructor(host, alone, fill) {
    this.#host = host;
    this.#alone = alone;
    this.#fill = fill;
    this.network = host.add(this);
  }

  get host() {
    return this.#host;
  }

  /** Aborted when the network is disposed of. */
  get over() {
    return this.#over.signal;
  }

  /** @returns {NetworkInfo} the network must have been loaded */
  get info() {
    return /** @type {NetworkInfo} */ (this.#info);
  }

  /** The worker that has the network; `null` if the network must be loaded first. */
  get connection() {
    return this.#connection?.closed ? null : this.#connection;
  }

  /** @returns {'ready' | 'crashed' | 'disposed'} */
  get state() {
    if (this.over.aborted) return 'disposed';
    return this.connection ? 'ready' : 'crashed';
  }

  /**
   * Loads the network for the first time.
   * @param {AbortSignal | undefined} signal
   * @returns {Promise<string[] | null>} the checkpoint's class names
   */
  async open(signal) {
    try {
      return (await this.#load({ signal, overs: [this.over] })).labels;
    } catch (error) {
      this.dispose(/** @type {MobileNetError} */ (error));
      throw error;
    }
  }

  /** @returns {Promise<Connection>} the worker that has the network; loads it if a crash has ended its worker */
  ready() {
    if (this.over.aborted) return Promise.reject(this.over.reason);
    if (this.connection) return Promise.resolve(this.connection);
    this.#loading ??= this.#load({ overs: [this.over] })
      .then(({ connection }) => connection)
      .finally(() => (this.#loading = null));
    return this.#loading;
  }

  /** @param {import('./ends.js').Ends} ends */
  async #load(ends) {
    throwIfEnded(ends);
    const inner = new AbortController();
    try {
      const starting = this.#host.start();
      const connected = starting.then(({ connection }) => connection);
      // `#fill` may not await the worker yet when its start fails. `starting` reports that failure.
      connected.catch(() => {});
      const filled = this.#fill(this.network, connected, inner.signal, this.#host.assets);
      const loaded = Promise.all([starting, filled]);
      const [{ connection, build, threads, skipped }, { labels, ...network }] = await unlessEnded(loaded, ends);
      this.#connection = connection;
      this.#info = Object.freeze({ ...network, build, threads, skipped });
      return { connection, labels };
    } catch (error) {
      inner.abort(error);
      if (this.#alone) this.#host.stop(error);
      else this.#host.free(this.network);
      throw error;
    }
  }

  /** @param {MobileNetError} reason the error of all calls under way and all later ones */
  dispose(reason) {
    if (this.over.aborted) return;
    forgotten.unregister(this);
    this.#over.abort(reason);
    this.#host.remove(this);
    if (this.#alone) this.#host.dispose(reason);
  }
}

/**
 * Ends what belongs to objects that are collected as garbage without `dispose`. A disposed object is unregistered: the stack of its
 * last error refers to the object itself, which would never be collected.
 * @type {FinalizationRegistry<Seat | Host>}
 */
const forgotten = new FinalizationRegistry((owned) => {
  if (owned instanceof Seat) owned.dispose(FORGOTTEN);
  else owned.close();
});

/**
 * Ends a seat or a host when its owner is collected as garbage. Its worker and that memory would otherwise stay as long as the
 * page.
 * @param {object} owner nothing that `owned` reaches may refer to it
 * @param {Seat | Host} owned
 */
export function endWith(owner, owned) {
  forgotten.register(owner, owned, owned);
}

/** @type {Set<{ owner: object }>} */
const callsUnderWay = new Set();

/**
 * @template T
 * @param {object} owner it isn't collected before the answer, even if only this call refers to it
 * @param {Promise<T>} answer
 * @returns {Promise<T>} the same
 */
export async function heldBy(owner, answer) {
  const call = { owner };
  callsUnderWay.add(call);
  try {
    return await answer;
  } finally {
    callsUnderWay.delete(call);
  }
}

/** @type {WeakMap<object, Host>} The hosts of the package's `Engine` objects. */
export const hosts = new WeakMap();

/**
 * The seats of the package's `MobileNet` objects, and the names of their classes.
 * @type {WeakMap<object, { seat: Seat, labels: readonly string[] | null }>}
 */
export const seats = new WeakMap();
