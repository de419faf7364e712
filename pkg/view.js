import { fieldsOf, wrong } from './arguments.js';
import { MobileNetError } from './errors.js';
import { closeFrame } from './protocol.js';

/**
 * The part of a picture that a network sees, and the rotation before that.
 *
 * @typedef {import('./protocol.js').Frame} Frame
 * @typedef {import('./index.js').Region} Region
 *
 * @typedef {object} View
 * @property {Region | undefined} region
 * @property {number} rotation
 */

const ROTATIONS = [0, 90, 180, 270];

/**
 * @param {Partial<Record<'region' | 'rotation', unknown>>} given
 * @returns {View | null} `null` for the whole picture, not rotated
 */
export function viewOf({ region, rotation = 0 }) {
  if (!ROTATIONS.includes(/** @type {number} */ (rotation))) {
    throw wrong('BAD_INPUT', 'rotation', rotation, '0, 90, 180 or 270');
  }
  const whole = region === undefined || region === null;
  if (whole && rotation === 0) return null;
  return { region: whole ? undefined : regionOf(region), rotation: /** @type {number} */ (rotation) };
}

/**
 * @param {unknown} value
 * @returns {Region}
 */
function regionOf(value) {
  const names = /** @type {const} */ (['x', 'y', 'width', 'height']);
  let given;
  try {
    given = fieldsOf('region', value, names);
  } catch {
    throw wrong('BAD_INPUT', 'region', value, 'x, y, width and height in pixels');
  }
  for (const name of names) {
    if (!Number.isFinite(given[name])) throw wrong('BAD_INPUT', `region.${name}`, given[name], 'a number of pixels');
  }
  return /** @type {Region} */ (given);
}

/**
 * @param {Frame} frame this call closes it unless it returns it
 * @param {View | null} view
 * @returns {Promise<Frame>}
 */
export async function viewed(frame, view) {
  if (!view) return frame;
  const image = 'spare' in frame ? frame.spare : 'image' in frame ? frame.image : null;
  try {
    const [width, height] = image ? sizeOf(image) : sizeOf(/** @type {import('./protocol.js').PixelFrame} */ (frame));
    const cut = cutOf(view.region, width, height);
    if (!image) return turnedPixels(/** @type {import('./protocol.js').PixelFrame} */ (frame), cut, view.rotation);
    if (view.rotation === 0) {
      return { image: partOf(image, cut) ?? (await createImageBitmap(image, cut.x, cut.y, cut.width, cut.height)) };
    }
    return { image: turned(image, cut, view.rotation) };
  } finally {
    closeFrame(frame);
  }
}

/**
 * @param {{ width: number, height: number } | { displayWidth: number, displayHeight: number }} picture
 * @returns {[width: number, height: number]}
 */
function sizeOf(picture) {
  return 'displayWidth' in picture ? [picture.displayWidth, picture.displayHeight] : [picture.width, picture.height];
}

/**
 * @param {Region | undefined} region
 * @param {number} width of the picture
 * @param {number} height
 * @returns {Region} in whole pixels
 */
function cutOf(region, width, height) {
  if (!region) return { x: 0, y: 0, width, height };
  const [left, top] = [Math.round(region.x), Math.round(region.y)];
  const [right, bottom] = [Math.round(region.x + region.width), Math.round(region.y + region.height)];
  if (left < 0 || top < 0 || right > width || bottom > height || right <= left || bottom <= top) {
    const { x, y, width: w, height: h } = region;
    const reason = `region is ${w} x ${h} pixels at ${x}, ${y}: give a part of the picture, which is ${width} x ${height}`;
    throw new MobileNetError('BAD_INPUT', reason);
  }
  return { x: left, y: top, width: right - left, height: bottom - top };
}

/**
 * Takes a part of a VideoFrame without copying its pixels. Chromium without a GPU keeps those of every bitmap of a frame, also of
 * a closed one, until they are 540 MB.
 * @param {ImageBitmap | VideoFrame} image
 * @param {Region} cut
 * @returns {VideoFrame | null} `null` if it has no such part
 */
function partOf(image, { x, y, width, height }) {
  if (!('visibleRect' in image) || !image.visibleRect) return null;
  const { visibleRect, displayWidth, displayHeight } = image;
  // Only newer browsers have these two.
  const { rotation, flip } = /** @type {{ rotation?: number, flip?: boolean }} */ (image);
  const scaled = visibleRect.width !== displayWidth || visibleRect.height !== displayHeight;
  // Two rows and two columns of a camera's frame share a colour.
  const odd = [x, y, width, height].some((side) => side % 2 !== 0);
  if (rotation || flip || scaled || odd) return null;
  return new VideoFrame(image, { visibleRect: { x: visibleRect.x + x, y: visibleRect.y + y, width, height } });
}

/**
 * @param {ImageBitmap | VideoFrame} image
 * @param {Region} cut
 * @param {number} rotation not 0
 * @returns {ImageBitmap}
 */
function turned(image, { x, y, width, height }, rotation) {
  const [across, down] = rotation === 180 ? [width, height] : [height, width];
  const canvas = new OffscreenCanvas(across, down);
  const context = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext('2d'));
  // A rotation by quarter turns moves pixels without mixing them.
  context.imageSmoothingEnabled = false;
  context.translate(across / 2, down / 2);
  context.rotate((rotation * Math.PI) / 180);
  context.drawImage(image, x, y, width, height, -width / 2, -height / 2, width, height);
  return canvas.transferToImageBitmap();
}

/**
 * @param {import('./protocol.js').PixelFrame} frame
 * @param {Region} cut
 * @param {number} rotation
 * @returns {import('./protocol.js').PixelFrame}
 */
function turnedPixels({ pixels, width: stride }, { x, y, width, height }, rotation) {
  // One element for the four bytes of a pixel.
  const source = new Uint32Array(pixels.buffer, pixels.byteOffset, pixels.length / 4);
  const target = new Uint32Array(width * height);
  const [across, down] = rotation % 180 === 0 ? [width, height] : [height, width];
  for (let i = 0, row = 0; row < height; row++) {
    for (let column = 0; column < width; column++, i++) {
      const [left, top] = [column, row];
      const value = source[(y + row) * stride + x + column];
      if (rotation === 0) target[i] = value;
      else if (rotation === 90) target[left * across + (across - 1 - top)] = value;
      else if (rotation === 180) target[target.length - 1 - i] = value;
      else target[(down - 1 - left) * across + top] = value;
    }
  }
  return { pixels: new Uint8ClampedArray(target.buffer), width: across, height: down };
}
