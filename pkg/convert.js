import { startConverter } from './builds.js';
import { checkDigest } from './digest.js';
import { MobileNetError } from './errors.js';

/**
 * @typedef {import('./protocol.js').Converted} Converted
 * @typedef {import('./protocol.js').ConvertRequest} ConvertRequest
 * @typedef {import('./folder.js').ReadFile} ReadFile
 */

/** Bytes of the header's length, which a `.safetensors` file begins with. */
const PREFIX = 8;

/**
 * Whether the engine can read a file without conversion. It gets a file that is too short for a header too, since that has no format.
 * @param {Uint8Array} bytes
 * @returns {boolean} whether its header is a JSON object. A text, such as a JSON file, is not mistaken for one: the length's last byte
 *   is 0, which no text has
 */
export function isSafetensors(bytes) {
  return bytes.length <= PREFIX || (bytes[PREFIX] === '{'.charCodeAt(0) && bytes[PREFIX - 1] === 0);
}

/**
 * Converts files to a `.safetensors` file, in a worker that ends afterwards to free its memory.
 * @param {ReadFile[]} files their memory is transferred to the worker if the package owns it
 * @param {Omit<ConvertRequest, 'type' | 'files'>} request
 * @param {object} options
 * @param {URL | undefined} options.assets the folder that has the builds
 * @param {AbortSignal} options.signal
 * @returns {Promise<Converted>}
 */
export async function convert(files, request, { assets, signal }) {
  const connection = await startConverter(assets, signal).catch(async (cause) => {
    if (signal.aborted || !(cause instanceof MobileNetError)) throw cause;
    // A damaged file may not look like the one that needs no conversion.
    if (request.expected) await checkDigest(files[0].bytes, request.expected);
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
