// Makes frames like a camera's: of a camera's size, moving, and new each time.

/**
 * @typedef {object} Source
 * @property {'VideoFrame' | 'ImageBitmap'} kind
 * @property {number} width even, pixels
 * @property {number} height even, pixels
 */

/** The number of pictures, which take turns because drawing one takes longer than classifying it. */
const PICTURES = 4;
const MICROSECONDS_A_FRAME = 1e6 / 30;

/** @type {Map<string, Uint8Array[]>} the pictures of each size */
const drawn = new Map();
let frames = 0;

/**
 * @param {Source} source
 * @returns {Promise<VideoFrame | ImageBitmap>} a frame that hasn't been read; the caller closes it
 */
export async function frameOf({ kind, width, height }) {
  const size = `${width}x${height}`;
  if (!drawn.has(size))
    drawn.set(
      size,
      Array.from({ length: PICTURES }, (_, i) => draw(width, height, i)),
    );
  const pictures = drawn.get(size) ?? [];
  const frame = new VideoFrame(pictures[frames % PICTURES], {
    // The frame has planes of luminance and colour, like a camera's.
    format: 'I420',
    codedWidth: width,
    codedHeight: height,
    timestamp: Math.round(frames++ * MICROSECONDS_A_FRAME),
  });
  if (kind === 'VideoFrame') return frame;
  const bitmap = await createImageBitmap(frame);
  frame.close();
  return bitmap;
}

/**
 * Draws stripes that move over slow changes of colour.
 * @param {number} width
 * @param {number} height
 * @param {number} step how far the stripes have moved
 * @returns {Uint8Array} the luminance of each pixel, then two planes of colour of half the size
 */
function draw(width, height, step) {
  const planes = new Uint8Array((width * height * 3) / 2);
  let i = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) planes[i++] = 16 + ((3 * x + 2 * y + 40 * step) % 220);
  }
  for (const slope of [1, -1]) {
    for (let y = 0; y < height / 2; y++) {
      for (let x = 0; x < width / 2; x++) planes[i++] = 128 + 100 * Math.sin((x + slope * y) / 50 + step);
    }
  }
  return planes;
}
