import { MobileNetError, messageOf } from './errors.js';

/**
 * @typedef {import('./protocol.js').Frame} Frame
 * @typedef {import('./index.js').ClassifySource} ClassifySource
 */

/**
 * Colours must not pass through premultiplied ones, which lose what is nearly transparent.
 * @type {ImageBitmapOptions}
 */
const COPY = { premultiplyAlpha: 'none' };

/**
 * How files are decoded: to the numbers in them, since that is what the networks were trained on. A colour profile is
 * ignored, as it is by the usual training pipelines; the orientation in EXIF is followed, as browsers do.
 * @type {ImageBitmapOptions}
 */
const DECODE = { ...COPY, colorSpaceConversion: 'none', imageOrientation: 'from-image' };

/**
 * Takes the picture that `source` shows at the time of the call. The source stays the caller's: it isn't transferred,
 * closed or changed.
 * @param {ClassifySource} source
 * @returns {Promise<Frame>}
 */
export async function capture(source) {
  // The tag rather than `instanceof`: it holds for an element of another window, and where the class isn't defined.
  const kind = Object.prototype.toString.call(source).slice('[object '.length, -1);
  try {
    const frame = await captureKind(kind, source);
    if (frame) return frame;
  } catch (error) {
    if (error instanceof MobileNetError) throw error;
    const name = error instanceof DOMException ? error.name : '';
    if (name === 'SecurityError') throw tainted(kind);
    throw new MobileNetError('BAD_INPUT', `no picture could be taken from this ${kind}: ${messageOf(error)}`, {
      cause: error,
    });
  }
  throw new MobileNetError(
    'BAD_INPUT',
    `can't classify a value of type ${kind}: give a video, image or canvas ` +
      'element, an OffscreenCanvas, ImageData, ImageBitmap, VideoFrame or Blob',
  );
}

/**
 * @param {string} kind
 * @returns {MobileNetError} what to say of pixels that come from another origin
 */
export function tainted(kind) {
  return new MobileNetError(
    'BAD_INPUT',
    `the pixels of this ${kind} come from another origin and can't be read: serve them with CORS and set crossorigin="anonymous"`,
  );
}

/**
 * @param {string} kind
 * @param {any} source
 * @returns {Promise<Frame | null>} null: not a kind that holds a picture
 */
async function captureKind(kind, source) {
  switch (kind) {
    case 'HTMLVideoElement':
      if (source.readyState < HTMLMediaElement.HAVE_CURRENT_DATA || source.videoWidth === 0) {
        throw new MobileNetError('BAD_INPUT', "this video has no frame yet: wait for its 'loadeddata' event");
      }
      // A VideoFrame is taken at once and without copying; Firefox for Android has none.
      if (typeof VideoFrame === 'function') return { image: new VideoFrame(source) };
      return { image: await createImageBitmap(source) };
    case 'HTMLImageElement':
      if (!source.complete || source.naturalWidth === 0) {
        throw new MobileNetError('BAD_INPUT', 'this image holds no picture: await its decode(), and check its address');
      }
      return { image: await createImageBitmap(source, DECODE) };
    case 'Blob':
    case 'File':
      return { image: await createImageBitmap(source, DECODE) };
    case 'HTMLCanvasElement':
    case 'OffscreenCanvas':
    case 'ImageBitmap':
      return { image: await createImageBitmap(source, COPY) };
    case 'VideoFrame':
      return { image: source.clone() };
    case 'ImageData':
      // Anything but 8-bit sRGB has to go through the browser's own conversion.
      if (source.colorSpace !== 'srgb' || !(source.data instanceof Uint8ClampedArray)) {
        return { image: await createImageBitmap(source, COPY) };
      }
      return { pixels: source.data.slice(), width: source.width, height: source.height };
    default:
      return null;
  }
}
