import { MobileNetError, messageOf } from './errors.js';

/**
 * @typedef {import('./protocol.js').Request | import('./protocol.js').ConverterRequest} Request
 * @typedef {import('./protocol.js').Answer} Answer
 *
 * @typedef {object} Pending a request without an answer
 * @property {(value: any) => void} resolve
 * @property {(error: MobileNetError) => void} reject
 * @property {((part: any) => void) | undefined} onPart
 * @property {number} patience how long the worker may be silent while it does this, if it holds no lock. s
 */

/** A run takes at most some seconds on the slowest devices, and a load some runs. s */
const PATIENCE = 120;
/** The addition for each run of a profile, of which the worker chooses at least 20. s */
const PATIENCE_PER_RUN = 5;

/** An error event without a message doesn't name the cause, so this lists the likely ones. */
const SCRIPT_FAILED =
  "the script of the worker could not be loaded: serve the package's files from the page's origin, each under its own name" +
  (globalThis.crossOriginIsolated
    ? ', and with the header Cross-Origin-Embedder-Policy: require-corp, since this page has it'
    : '');

/** A worker and its requests that are not answered yet. */
export class Connection {
  #worker;
  /** @type {Map<number, Pending>} */
  #pending = new Map();
  #nextId = 0;
  /** @type {MobileNetError | null} */
  #closed = null;
  /** @type {Connection[]} */
  #tied = [];
  /** Aborted when the connection is closed. */
  #over = new AbortController();
  /** Whether only silence tells that the worker has ended, as it holds no lock. */
  #lockless = false;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #timer;

  /** @param {import('./platform.js').Worker} worker */
  constructor(worker) {
    this.#worker = worker;
    worker.onmessage = ({ data }) => this.#receive(data);
    worker.onmessageerror = () => this.#crash('an answer of the worker could not be read');
    worker.onerror = (event) => {
      event.preventDefault();
      if (event.message) this.#crash(event.message);
      // There is no message if the script could not be loaded.
      else this.close(new MobileNetError('FETCH_FAILED', SCRIPT_FAILED));
    };
    this.#watch();
  }

  /** Why the connection is closed; `null` while it is open. */
  get closed() {
    return this.#closed;
  }

  /**
   * @param {Request} request
   * @param {Transferable[]} [transfer]
   * @param {(part: any) => void} [onPart] called with each part that comes before the answer; it must not throw
   * @returns {Promise<any>} the answer's value
   */
  request(request, transfer = [], onPart) {
    if (this.#closed) return Promise.reject(this.#closed);
    return new Promise((resolve, reject) => {
      const id = this.#nextId++;
      try {
        this.#worker.postMessage({ id, request }, transfer);
      } catch (cause) {
        throw new MobileNetError('BAD_INPUT', `this can't be handed to the worker: ${messageOf(cause)}`, { cause });
      }
      const runs = 'runs' in request ? (request.runs ?? 20) : 0;
      this.#pending.set(id, { resolve, reject, onPart, patience: PATIENCE + PATIENCE_PER_RUN * runs });
      if (this.#pending.size === 1) this.#listen();
    });
  }

  /**
   * Notices when the browser or another script ends the worker. No event tells of it, and a call would wait for ever. The worker
   * holds a lock for as long as it lives, and this waits for that lock. Web Locks exist in secure contexts (https: or localhost) of
   * Chrome 69, Firefox 96 and Safari 15.4; elsewhere {@link #listen} notices it. Chrome takes 2 s to end a busy worker.
   */
  async #watch() {
    const lock = `mobilenet-wasm ${Math.random()} ${Math.random()}`;
    try {
      if (await this.request({ type: 'watch', lock })) {
        await navigator.locks.request(lock, { signal: this.#over.signal }, () => {
          this.#crash('the worker was ended from outside');
        });
      }
    } catch {
      // The connection is closed, or the browser refuses locks.
    }
    this.#lockless = true;
    this.#listen();
  }

  /**
   * Gives a worker without a lock some time for its next message, if it owes one. The time is counted in seconds that the page was
   * awake: after a night's sleep a timer fires at once, but only once.
   */
  #listen() {
    clearInterval(this.#timer);
    // The worker answers in the order of the requests.
    const [first] = this.#pending.values();
    if (!this.#lockless || this.#closed || !first) return;
    let left = first.patience;
    this.#timer = setInterval(() => {
      if (--left > 0) return;
      this.#crash(`the worker has been silent for ${first.patience} s: it was ended from outside, or hangs`);
    }, 1000);
  }

  /**
   * Ties another connection to this one: when either is closed, the other is closed too.
   * @param {Connection} other
   * @returns {Connection} `other`
   */
  tie(other) {
    this.#tied.push(other);
    other.#tied.push(this);
    if (this.#closed) other.close(this.#closed);
    return other;
  }

  /**
   * Ends the worker, and with it the wasm memory. Every request without an answer is rejected with `reason`, as is
   * every later one. Only the first call counts.
   * @param {MobileNetError} reason
   */
  close(reason) {
    if (this.#closed) return;
    this.#closed = reason;
    this.#worker.terminate();
    this.#over.abort();
    clearInterval(this.#timer);
    for (const { reject } of this.#pending.values()) reject(reason);
    this.#pending.clear();
    for (const other of this.#tied) other.close(reason);
  }

  /** @param {string} message */
  #crash(message) {
    this.close(new MobileNetError('CRASHED', message));
  }

  /** @param {Answer} answer */
  #receive(answer) {
    const pending = this.#pending.get(answer.id);
    if (!pending) return;
    if ('part' in answer) {
      this.#listen();
      pending.onPart?.(answer.part);
      return;
    }
    if ('error' in answer && answer.error.code === 'CRASHED') {
      this.#crash(answer.error.message);
      return;
    }
    this.#pending.delete(answer.id);
    this.#listen();
    if ('error' in answer) pending.reject(new MobileNetError(answer.error.code, answer.error.message));
    else pending.resolve(answer.value);
  }
}
