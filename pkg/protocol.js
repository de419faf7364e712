/**
 * The messages between page and worker. The page sends requests, each with an `id` of its own. The worker answers each exactly once,
 * with a value or an error, in the order of the requests. Parts of an answer may come before it.
 *
 * A worker holds any number of networks, each under the number that the page gave it.
 *
 * @typedef {{ pixels: Uint8ClampedArray, width: number, height: number }} PixelFrame
 *   RGBA, 8 bits each, rows from the top, alpha not premultiplied.
 * @typedef {{ image: VideoFrame, spare: ImageBitmap }} SparedFrame a frame whose colours may be premultiplied, so that the
 *   worker can read it only if it is opaque, and the bitmap that it was made from, which the page keeps
 * @typedef {{ image: ImageBitmap | VideoFrame, resend?: boolean }} ImageFrame with `resend` an image that can't be read is answered
 *   by {@link RESEND}
 * @typedef {PixelFrame | ImageFrame | SparedFrame} Frame one still picture, in a form that can be transferred
 * @typedef {{ frame: Frame } | { input: Float32Array }} Look the input of a network: a picture, or values `[y][x][rgb]`, normalised
 *
 * @typedef {{ type: 'watch', lock: string }} WatchRequest the worker takes this lock and holds it for as long as it lives; answered by
 *   whether it got the lock
 * @typedef {{ type: 'start', module: WebAssembly.Module, threads: number }} StartRequest answered by the wasm memory if
 *   several threads share it, else by `null`
 * @typedef {{ type: 'join', module: WebAssembly.Module, memory: WebAssembly.Memory }} JoinRequest makes the worker a thread
 *   of that memory's networks; answered by `null`, and no other request after it
 * @typedef {import('./index.js').Precision} Precision
 * @typedef {import('./digest.js').Expected} Expected
 * @typedef {{ type: 'load', network: number, weights: Uint8Array, expected: Expected | undefined, config: string | undefined,
 *   preprocessorConfig: string | undefined, precision: Precision, resolution: number | undefined, trim: boolean,
 *   giveBack: boolean }} LoadRequest answered by {@link Loaded}; with `expected` the weights are checked first, and with `giveBack` they
 *   come back with the answer
 * @typedef {{ name: string, bytes: Uint8Array }} NamedFile
 * @typedef {{ type: 'convert', files: NamedFile[], expected: Expected | undefined, config: string | undefined,
 *   preprocessorConfig: string | undefined, precision: 'f32' | 'f16' | 'int8' | undefined, giveBack: boolean }} ConvertRequest only for
 *   a worker of the build `convert`; answered by {@link Converted}. `expected` is of the first file. Without `precision`: the shortest
 *   floats without loss
 * @typedef {{ file: Uint8Array<ArrayBuffer>, given: Uint8Array<ArrayBuffer>[] | null }} Converted a `.safetensors` file, and with
 *   `giveBack` the files of the request
 * @typedef {{ type: 'untrained', network: number, version: string, minimalistic: boolean, width: number, resolution: number,
 *   classes: number, precision: Precision }} UntrainedRequest answered by {@link Loaded}
 * @typedef {{ type: 'classify', frame: Frame, networks: { network: number, topK: number }[], until: number | undefined,
 *   tell: boolean }} ClassifyRequest answered by a {@link Reading} of each network, in order; with `until` the networks after the first
 *   one whose two highest probabilities differ by that much don't run; with `tell` each reading also comes as a part of the answer,
 *   a {@link ReadingPart}, as soon as there is one
 * @typedef {{ type: 'run', network: number, input: Float32Array }} RunRequest answered by the logits
 * @typedef {{ type: 'profile', network: number, input: Float32Array, runs: number | undefined, warmUp: number | undefined }}
 *   ProfileRequest answered by the package's `Profile`; the worker chooses `runs` and `warmUp`, in ms, if they are undefined
 * @typedef {{ type: 'embed', network: number, look: Look }} EmbedRequest answered by the features
 * @typedef {{ type: 'inspect', network: number, look: Look, layers: string[] | undefined, openGates: boolean }} InspectRequest
 *   answered by a list of {@link NamedTensor}, in the order of `layers`
 * @typedef {{ type: 'activation-map', network: number, look: Look, classIndex: number | undefined }} ActivationMapRequest
 *   answered by an {@link ActivationMap}
 * @typedef {{ type: 'filters', network: number, layer: string }} FiltersRequest answered by the package's `Filters`
 * @typedef {{ type: 'time-layer', layer: import('./index.js').TimedLayer }} TimeLayerRequest answered by the package's `LayerTime`
 * @typedef {{ type: 'time-activation', name: string }} TimeActivationRequest answered by the microseconds of a million values
 * @typedef {{ type: 'free', network: number }} FreeRequest frees a network's memory; answered by `null`, even if there
 *   is no network of that number
 * @typedef {WatchRequest | StartRequest | JoinRequest | LoadRequest | UntrainedRequest | ClassifyRequest | RunRequest |
 *   ProfileRequest | EmbedRequest | InspectRequest | ActivationMapRequest | FiltersRequest | TimeLayerRequest |
 *   TimeActivationRequest | FreeRequest} Request
 * @typedef {WatchRequest | StartRequest | ConvertRequest} ConverterRequest the requests to a worker of the build `convert`
 *
 * @typedef {Omit<import('./index.js').NetworkInfo, 'build' | 'threads' | 'skipped'> & { labels: string[] | null }} LoadedInfo
 *   the engine's `info`, parsed; `labels`: the class names in the checkpoint's `config.json`
 * @typedef {{ info: LoadedInfo, weights: Uint8Array<ArrayBuffer> | null }} Loaded
 *
 * @typedef {object} Reading
 * @property {{ index: number, probability: number }[]} ranking best first
 * @property {number} read the part of `preprocess` that reads the frame's pixels. ms
 * @property {number} preprocess ms
 * @property {number} inference ms
 * @typedef {{ index: number, reading: Reading }} ReadingPart `index`: among the request's networks
 *
 * @typedef {{ name: string, height: number, width: number, channels: number, data: Float32Array }} NamedTensor `[y][x][channel]`
 * @typedef {{ classIndex: number, logit: number, height: number, width: number, data: Float32Array }} ActivationMap `[y][x]`
 *
 * @typedef {{ id: number, value: unknown } | { id: number, part: unknown } |
 *   { id: number, error: { code: import('./index.js').ErrorCode, message: string } }}
 *   Answer An error with the code `CRASHED` says that the engine can't be used again.
 */

/** Sent instead of an answer: the page must send the picture again, as its spare. */
export const RESEND = 'resend';

/** The most runs of a profile: `MAX_RUNS` in `src/plan/profile.rs`. */
export const MAX_RUNS = 1000;

/** The longest warm-up before a profile. ms */
export const MAX_WARM_UP = 1000;

/**
 * @param {Frame} frame
 * @returns {Transferable[]} the objects to transfer instead of copying
 */
export function transferablesOf(frame) {
  return 'image' in frame ? [frame.image] : [frame.pixels.buffer];
}

/**
 * Frees the memory of a frame that nobody will read. Does nothing to one that was transferred.
 * @param {Frame} frame
 */
export function closeFrame(frame) {
  if (!('image' in frame)) return;
  frame.image.close();
  if ('spare' in frame) frame.spare.close();
}
