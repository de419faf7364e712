// Runs a page's worker in a thread of Node, Bun or Deno: defines the globals that a page's worker has.
import { parentPort, workerData } from 'node:worker_threads';

const port = /** @type {import('node:worker_threads').MessagePort} */ (parentPort);

Object.defineProperties(globalThis, {
  addEventListener: {
    value: (/** @type {string} */ type, /** @type {(event: { data: unknown }) => void} */ listener) => {
      if (type === 'message') port.on('message', (data) => listener({ data }));
    },
  },
  postMessage: {
    value: (/** @type {unknown} */ message, /** @type {{ transfer?: any[] }} */ options) =>
      port.postMessage(message, options?.transfer),
  },
  // All threads can share memory.
  crossOriginIsolated: { value: true },
  // The other side gets an event when this thread ends, so no lock is needed.
  navigator: { value: undefined },
});

await import(workerData);
