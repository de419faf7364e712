import type { Tensor } from 'mobilenet-wasm';

/** The number of pixels of each frame's map that are used. Neighbours are alike, so a few of them tell as much as all. */
export const PIXELS = 49;

/**
 * Some pixels of a map, evenly spread. They differ from frame to frame.
 * @param frame the frame's number
 */
export function somePixels({ data, width, height, channels }: Tensor, frame: number): Float32Array<ArrayBuffer> {
  const all = width * height;
  const count = Math.min(PIXELS, all);
  // Shifting by the golden ratio spreads the frames' pixels evenly, however many frames there are.
  const shift = (frame * 0.618034) % 1;
  const picked = new Float32Array(count * channels);
  for (let i = 0; i < count; i++) {
    const pixel = Math.floor(((i + shift) * all) / count) * channels;
    picked.set(data.subarray(pixel, pixel + channels), i * channels);
  }
  return picked;
}
