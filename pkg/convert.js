import { startConverter } from './builds.js';
import { MobileNetError } from './errors.js';

/**
 * @typedef {import('./protocol.js').Converted} Converted
 * @typedef {import('./protocol.js').ConvertRequest} ConvertRequest
 * @typedef {import('./folder.js').ReadFile} ReadFile
 */

/** The bytes before the header of a `.safetensors` file: its length. */
const PREFIX = 8;

/**
 * Whether the engine is to have a file as it is. A shorter one is of no format.
 * @param {Uint8Array} bytes
 * @returns {boolean} whether this is a `.safetensors` file: its header is an object in JSON. In a text, which may be JSON too, the
 *   last byte of that length isn't 0
 */
export function isSafetensors(bytes) {
  return bytes.length <= PREFIX || (bytes[PREFIX] === '{'.charCodeAt(0) && bytes[PREFIX - 1] === 0);
}

/**
 * Turns files into a `.safetensors`, in a worker that ends with that, so that all memory that it took is free again.
 * @param {ReadFile[]} files whose memory the worker takes where all of it is owned
 * @param {Omit<ConvertRequest, 'type' | 'files'>} request
 * @param {object} options
 * @param {URL | undefined} options.assets the folder that has the builds
 * @param {AbortSignal} options.signal
 * @returns {Promise<Converted>}
 */
export async function convert(files, request, { assets, signal }) {
  const connection = await startConverter(assets, signal).catch((cause) => {
    if (signal.aborted || !(cause instanceof MobileNetError)) throw cause;
    const reason = `the weights have to be converted, and the package's build convert, which does that, does not start: ${cause.message}`;
    throw new MobileNetError(cause.code, reason, { cause });
  });
  const end = () => connection.close(signal.reason);
  signal.addEventListener('abort', end);
  try {
    signal.throwIfAborted();
    const owned = files.every(({ owned }) => owned);
    const named = files.map(({ name, bytes }) => ({ name, bytes }));
    const given = owned ? files.map(({ bytes }) => bytes.buffer) : [];
    return await connection.request({ type: 'convert', files: named, ...request }, given);
  } finally {
    signal.removeEventListener('abort', end);
    connection.close(new MobileNetError('DISPOSED', 'this worker has done its work'));
  }
}
