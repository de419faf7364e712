// Runs a worker of pages in a thread of Node, Bun or Deno: gives it what pages' workers have.
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
  // Memory is shared with every thread.
  crossOriginIsolated: { value: true },
  // The other side hears of this thread's end anyway: no lock need tell it.
  navigator: { value: undefined },
});

await import(workerData);
