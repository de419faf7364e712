// Frames as a camera gives them: of its size, moving, and each a new one.

/**
 * @typedef {object} Source
 * @property {'VideoFrame' | 'ImageBitmap'} kind
 * @property {number} width even, pixels
 * @property {number} height even, pixels
 */

/** Pictures that take turns: to draw one takes longer than to classify it. */
const PICTURES = 4;
const MICROSECONDS_A_FRAME = 1e6 / 30;

/** @type {Map<string, Uint8Array[]>} the pictures of each size */
const drawn = new Map();
let frames = 0;

/**
 * @param {Source} source
 * @returns {Promise<VideoFrame | ImageBitmap>} a frame that nobody has read yet; the caller closes it
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
    // Planes of luminance and colour, as cameras have them.
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
 * Stripes that wander over slow changes of colour.
 * @param {number} width
 * @param {number} height
 * @param {number} step how far they have wandered
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
