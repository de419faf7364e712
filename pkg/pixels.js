import { MobileNetError, messageOf } from './errors.js';
import { closeFrame } from './protocol.js';

/**
 * @typedef {import('./protocol.js').Frame} Frame
 * @typedef {import('./protocol.js').PixelFrame} PixelFrame
 */

/** Turns frames into the opaque RGBA bytes that the engine reads. What is transparent is read over white. */
export class PixelReader {
  /** @type {OffscreenCanvasRenderingContext2D | null} */
  #context = null;

  /**
   * @param {Frame} frame closed by this call
   * @returns {PixelFrame}
   */
  read(frame) {
    if ('pixels' in frame) {
      overWhite(frame.pixels);
      return frame;
    }
    try {
      return this.#draw(frame.image);
    } finally {
      closeFrame(frame);
    }
  }

  /**
   * @param {ImageBitmap | VideoFrame} image
   * @returns {PixelFrame}
   */
  #draw(image) {
    const width = 'displayWidth' in image ? image.displayWidth : image.width;
    const height = 'displayHeight' in image ? image.displayHeight : image.height;
    try {
      const context = this.#sized(width, height);
      context.fillRect(0, 0, width, height);
      context.drawImage(image, 0, 0, width, height);
      return { pixels: context.getImageData(0, 0, width, height).data, width, height };
    } catch (cause) {
      if (!(cause instanceof DOMException)) throw cause;
      const reason = `the pixels of a picture of ${width}x${height} can't be read here: ${messageOf(cause)}`;
      throw new MobileNetError('BAD_INPUT', reason, { cause });
    }
  }

  /**
   * @param {number} width
   * @param {number} height
   */
  #sized(width, height) {
    if (this.#context?.canvas.width !== width || this.#context.canvas.height !== height) {
      // `willReadFrequently` keeps the canvas in main memory: every frame is read back.
      const context = new OffscreenCanvas(width, height).getContext('2d', { alpha: false, willReadFrequently: true });
      if (!context)
        throw new MobileNetError('BAD_INPUT', `a picture of ${width}x${height} is too large for a canvas here`);
      context.fillStyle = 'white';
      this.#context = context;
    }
    return this.#context;
  }
}

/**
 * Composites onto white what isn't opaque, as drawing on the white canvas does.
 * @param {Uint8ClampedArray} rgba changed in place
 */
function overWhite(rgba) {
  for (let i = 3; i < rgba.length; i += 4) {
    const alpha = rgba[i];
    if (alpha === 255) continue;
    for (let channel = i - 3; channel < i; channel++) {
      rgba[channel] = (rgba[channel] * alpha + 255 * (255 - alpha)) / 255;
    }
    rgba[i] = 255;
  }
}
