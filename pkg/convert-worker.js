import { checkDigest } from './digest.js';
import { describe, hold } from './worker-answers.js';

/**
 * @typedef {object} Glue the module that wasm-bindgen writes for the build `convert`
 * @property {(options: { module_or_path: WebAssembly.Module }) => Promise<unknown>} default
 * @property {(names: string[], files: Uint8Array[], config: string | undefined, preprocessorConfig: string | undefined,
 *   precision: string | undefined) => Uint8Array<ArrayBuffer>} convert
 */

/**
 * The body of the worker that converts files to `.safetensors`: answers the requests `watch`, `start` and `convert` of
 * `protocol.js`.
 * @param {Glue} glue
 */
export function serve(glue) {
  /** @type {Promise<boolean> | undefined} whether the lock that tells the page of this worker's end is held */
  let held;

  /**
   * @param {import('./protocol.js').ConverterRequest} request
   * @returns {Promise<{ value: unknown, transfer?: Transferable[] }>}
   */
  async function answer(request) {
    switch (request.type) {
      case 'watch':
        held = hold(request.lock);
        return { value: await held };
      case 'start':
        await held;
        await glue.default({ module_or_path: request.module });
        return { value: null };
      case 'convert': {
        const { files, expected, config, preprocessorConfig, precision, giveBack } = request;
        if (expected) await checkDigest(files[0].bytes, expected);
        const [names, given] = [files.map(({ name }) => name), files.map(({ bytes }) => bytes)];
        const file = glue.convert(names, given, config, preprocessorConfig, precision);
        const back = giveBack ? given.map(({ buffer }) => buffer) : [];
        return { value: { file, given: giveBack ? given : null }, transfer: [file.buffer, ...back] };
      }
    }
  }

  addEventListener('message', async ({ data: { id, request } }) => {
    try {
      const { value, transfer = [] } = await answer(request);
      postMessage({ id, value }, { transfer });
    } catch (error) {
      postMessage({ id, error: describe(error) });
    }
  });
}
