// Reads a picture as a page without a library does: the canvas resizes it and gives its pixels.

/**
 * @param {number} size
 * @returns {(frame: VideoFrame | ImageBitmap) => Uint8ClampedArray} gives the whole frame as RGBA, squeezed to a square
 */
export function squareReader(size) {
  const context = context2d(size, size);
  return (frame) => {
    context.drawImage(frame, 0, 0, size, size);
    return context.getImageData(0, 0, size, size).data;
  };
}

/**
 * @returns {(frame: VideoFrame | ImageBitmap) => OffscreenCanvas} gives a canvas of the frame's size that shows it,
 *   until the next call draws over it
 */
export function fullCanvas() {
  let context = context2d(1, 1);
  return (frame) => {
    const { width, height } = sizeOf(frame);
    if (context.canvas.width !== width || context.canvas.height !== height) context = context2d(width, height);
    context.drawImage(frame, 0, 0);
    return context.canvas;
  };
}

/** @param {VideoFrame | ImageBitmap} frame */
function sizeOf(frame) {
  return frame instanceof VideoFrame ? { width: frame.displayWidth, height: frame.displayHeight } : frame;
}

/**
 * @param {number} width
 * @param {number} height
 */
function context2d(width, height) {
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  if (!context) throw new Error('no 2D canvas here');
  return context;
}
