import type { Tensor } from 'mobilenet-wasm';

/** How many pixels of a frame's map are looked at. Neighbours are alike, so a few tell what all would. */
export const PIXELS = 49;

/**
 * Some pixels of a map, evenly spread, other ones for each frame.
 * @param frame its number
 */
export function somePixels({ data, width, height, channels }: Tensor, frame: number): Float32Array<ArrayBuffer> {
  const all = width * height;
  const count = Math.min(PIXELS, all);
  // Multiples of the golden ratio leave no gaps for long.
  const shift = (frame * 0.618034) % 1;
  const picked = new Float32Array(count * channels);
  for (let i = 0; i < count; i++) {
    const pixel = Math.floor(((i + shift) * all) / count) * channels;
    picked.set(data.subarray(pixel, pixel + channels), i * channels);
  }
  return picked;
}
