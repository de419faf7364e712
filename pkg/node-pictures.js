import { MobileNetError, kindOf } from './errors.js';

/**
 * The pixels of decoded pictures where there is no page. Node and Bun decode none. Deno decodes, but nothing can be drawn on its
 * canvases, and its bitmaps can't be handed to a worker. Its canvases show a bitmap and write files, though; in BMP pixels lie as
 * they are.
 *
 * @param {any} source
 * @param {ImageBitmapOptions} options
 * @returns {Promise<import('./protocol.js').PixelFrame>}
 */
export async function readPicture(source, options) {
  const decodes = typeof createImageBitmap === 'function' && typeof OffscreenCanvas === 'function';
  if (!decodes) throw unreadable(source);
  // A copy: what a canvas shows is taken from its owner.
  const bitmap = await createImageBitmap(source, options);
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  const context = canvas.getContext('bitmaprenderer');
  if (!context) throw unreadable(source);
  context.transferFromImageBitmap(bitmap);
  const file = await canvas.convertToBlob({ type: 'image/bmp' });
  const frame = pixelsOf(new DataView(await file.arrayBuffer()));
  if (!frame) throw unreadable(source);
  return frame;
}

/**
 * @param {unknown} source
 * @returns {MobileNetError}
 */
function unreadable(source) {
  const reason = `nothing gives the pixels of this ${kindOf(source)} here: give { data, width, height }, RGBA`;
  return new MobileNetError('BAD_INPUT', reason);
}

/**
 * @param {DataView<ArrayBuffer>} file a BMP
 * @returns {import('./protocol.js').PixelFrame | null} `null`: it is none, or of another kind than Deno writes
 */
function pixelsOf(file) {
  if (file.byteLength < 54 || file.getUint16(0) !== 0x424d) return null;
  const [start, header] = [file.getUint32(10, true), file.getUint32(14, true)];
  const [width, height] = [file.getInt32(18, true), file.getInt32(22, true)];
  const depth = file.getUint16(28, true) / 8;
  // Rows begin at multiples of four bytes, the lowest first.
  const stride = 4 * Math.ceil((width * depth) / 4);
  const known = [1, 3, 4].includes(depth) && width > 0 && height > 0;
  if (!known || start + stride * height > file.byteLength) return null;
  const bytes = new Uint8Array(file.buffer);
  const pixels = new Uint8ClampedArray(4 * width * height);
  for (let to = 0, row = height - 1; row >= 0; row--) {
    for (let from = start + stride * row, end = from + width * depth; from < end; from += depth, to += 4) {
      // Grey is in a table of colours, behind the header. Colours are blue, green, red.
      const at = depth === 1 ? 14 + header + 4 * bytes[from] : from;
      pixels[to] = bytes[at + 2];
      pixels[to + 1] = bytes[at + 1];
      pixels[to + 2] = bytes[at];
      pixels[to + 3] = depth === 4 ? bytes[at + 3] : 255;
    }
  }
  return { pixels, width, height };
}
