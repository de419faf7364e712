/**
 * What the page and the worker say to each other. The page sends requests, each with an `id` of its own; the worker
 * answers each exactly once, with a value or with an error.
 *
 * @typedef {{ pixels: Uint8ClampedArray, width: number, height: number }} PixelFrame
 *   RGBA, 8 bits each, rows from the top, alpha not premultiplied.
 * @typedef {{ image: ImageBitmap | VideoFrame }} ImageFrame
 * @typedef {PixelFrame | ImageFrame} Frame one still picture, in a form that can be transferred
 *
 * @typedef {{ type: 'watch', lock: string }} WatchRequest has the worker hold this lock for as long as it lives; answered by
 *   whether it does
 * @typedef {{ type: 'start', module: WebAssembly.Module, threads: number }} StartRequest answered by the wasm memory where
 *   several threads share it, else by `null`
 * @typedef {{ type: 'join', module: WebAssembly.Module, memory: WebAssembly.Memory }} JoinRequest makes the worker a thread
 *   of that memory's network; answered by `null`, and no other request after it
 * @typedef {{ type: 'load', weights: Uint8Array, config: string | undefined, preprocessorConfig: string | undefined }}
 *   LoadRequest answered by the engine's `info`, parsed
 * @typedef {{ type: 'untrained', version: string, minimalistic: boolean, width: number, resolution: number,
 *   classes: number }} UntrainedRequest answered likewise
 * @typedef {{ type: 'classify', frame: Frame, topK: number }} ClassifyRequest answered by a {@link Reading}
 * @typedef {{ type: 'run', input: Float32Array }} RunRequest answered by the logits
 * @typedef {{ type: 'profile', input: Float32Array, runs: number | undefined }} ProfileRequest answered by the
 *   package's `Profile`; the worker chooses `runs` where they are undefined
 * @typedef {WatchRequest | StartRequest | JoinRequest | LoadRequest | UntrainedRequest | ClassifyRequest | RunRequest |
 *   ProfileRequest} Request
 *
 * @typedef {object} Reading
 * @property {{ index: number, probability: number }[]} ranking best first
 * @property {number} preprocess ms
 * @property {number} inference ms
 *
 * @typedef {{ id: number, value: unknown } | { id: number, error: { code: import('./index.js').ErrorCode, message: string } }}
 *   Answer An error with the code `CRASHED` says that the engine can't be used again.
 */

/** The most runs that a profile takes, as `src/plan/profile.rs` has it. */
export const MAX_RUNS = 1000;

/**
 * @param {Frame} frame
 * @returns {Transferable[]} what to hand over rather than copy
 */
export function transferablesOf(frame) {
  return 'image' in frame ? [frame.image] : [frame.pixels.buffer];
}

/**
 * Gives back the memory of a frame that no one will read. Harmless on one already transferred.
 * @param {Frame} frame
 */
export function closeFrame(frame) {
  if ('image' in frame) frame.image.close();
}
