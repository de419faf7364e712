import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { MobileNetError } from './errors.js';
import { readPicture } from './node-pictures.js';
import * as page from './page.js';
import { usePlatform } from './platform.js';

/** The entry for Node, Bun and Deno. Workers are `worker_threads`, and files are read from the disk. */

usePlatform({
  builds: page.builds,
  spawn: (build, assets) => new NodeWorker(local(page.script(build, assets))),
  wasm: async (build, assets) => {
    const file = local(page.wasm(build, assets));
    try {
      return new Uint8Array(await readFile(file));
    } catch (cause) {
      throw new MobileNetError('FETCH_FAILED', `${fileURLToPath(file)} can't be read`, { cause });
    }
  },
  unshared: () => null,
  cores: availableParallelism,
  base: () => pathToFileURL(`${process.cwd()}/`).href,
  fetch: async (address, options) => {
    const url = new URL(address instanceof Request ? address.url : address);
    if (url.protocol !== 'file:') return fetch(address, options);
    options?.signal?.throwIfAborted();
    return new Response(new Uint8Array(await readFile(url, { signal: options?.signal ?? undefined })));
  },
  readPicture,
});

/**
 * @param {URL} file
 * @returns {URL} `file`
 */
function local(file) {
  if (file.protocol === 'file:') return file;
  throw new MobileNetError('BAD_INPUT', `assets leads to ${file}: workers start from a folder on the disk here`);
}

/** A `worker_threads` worker with the interface of a page's worker. An idle one doesn't keep the process running. */
class NodeWorker {
  #worker;
  #ended = false;
  /** Number of requests without an answer. */
  #owed = 0;
  /** @type {((event: { data: any }) => void) | null} */
  onmessage = null;
  /** @type {(() => void) | null} */
  onmessageerror = null;
  /** @type {((event: { message: string, preventDefault(): void }) => void) | null} */
  onerror = null;

  /** @param {URL} script */
  constructor(script) {
    this.#worker = new Worker(new URL('./node-worker.js', import.meta.url), {
      workerData: script.href,
      // The process's own arguments may be wrong for a file, as --input-type is.
      execArgv: [],
    });
    this.#worker.unref();
    this.#worker.on('message', (data) => {
      if (!('part' in data)) this.#owe(-1);
      this.onmessage?.({ data });
    });
    this.#worker.on('messageerror', () => this.onmessageerror?.());
    this.#worker.on('error', ({ message }) => this.#fail(message || 'the worker failed'));
    this.#worker.on('exit', () => {
      if (!this.#ended) this.#fail('the worker was ended from outside');
    });
  }

  /**
   * @param {unknown} message
   * @param {any[]} transfer
   */
  postMessage(message, transfer) {
    this.#worker.postMessage(message, transfer);
    this.#owe(1);
  }

  terminate() {
    this.#ended = true;
    this.#worker.terminate();
  }

  /** @param {number} more */
  #owe(more) {
    this.#owed += more;
    if (this.#owed > 0) this.#worker.ref();
    else this.#worker.unref();
  }

  /** @param {string} message */
  #fail(message) {
    this.onerror?.({ message, preventDefault() {} });
  }
}

export { Engine } from './engine.js';
export { MobileNetError } from './errors.js';
export { MobileNet } from './mobilenet.js';
