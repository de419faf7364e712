import { advice, isReal } from './arguments.js';
import { MobileNetError, kindOf, messageOf, shown } from './errors.js';
import { thePlatform } from './platform.js';
import { RESEND, closeFrame, transferablesOf } from './protocol.js';
import { viewed } from './view.js';

/**
 * @typedef {import('./connection.js').Connection} Connection
 * @typedef {import('./protocol.js').Frame} Frame
 * @typedef {import('./view.js').View} View
 * @typedef {import('./index.js').ClassifySource} ClassifySource
 */

/**
 * Files are decoded to the numbers in them, as in the usual training pipelines, which ignore a colour profile. The orientation in
 * EXIF is applied, as browsers do.
 * @type {ImageBitmapOptions}
 */
const DECODE = { colorSpaceConversion: 'none', imageOrientation: 'from-image' };

/** The classes that hold a picture, and for each a getter that works only on its real objects. */
const GETTERS = new Map([
  ['HTMLVideoElement', 'videoWidth'],
  ['HTMLImageElement', 'naturalWidth'],
  ['HTMLCanvasElement', 'width'],
  ['OffscreenCanvas', 'width'],
  ['ImageBitmap', 'width'],
  ['ImageData', 'width'],
  ['VideoFrame', 'codedWidth'],
  ['Blob', 'size'],
]);

/**
 * Takes the picture that `source` shows at the time of the call. The source is not transferred, closed or changed.
 * @param {ClassifySource} source
 * @param {View | null} view the part of it that the network sees
 * @returns {Promise<Frame>}
 */
export async function capture(source, view) {
  const kind = kindOf(source);
  const name = kind === 'File' ? 'Blob' : kind;
  const getter = GETTERS.get(name);
  const real = getter !== undefined && isReal(source, name, getter);
  // An object that claims to be of one of the browser's classes must be real.
  const pixels = getter === undefined || !(name in globalThis) ? pixelsOf(source) : null;
  if (!real && !pixels) {
    const what = getter === undefined ? `a value of type ${kind}` : `what only calls itself ${kind}`;
    throw new MobileNetError(
      'BAD_INPUT',
      `no picture can be taken from ${what}${advice(source, 'its blob()')}: give a video, image or canvas ` +
        'element, an OffscreenCanvas, ImageData, ImageBitmap, VideoFrame or Blob, or { data, width, height }',
    );
  }
  try {
    return await viewed(pixels ?? (await captureKind(name, source)), view);
  } catch (error) {
    if (error instanceof MobileNetError) throw error;
    if (error instanceof DOMException && error.name === 'SecurityError') throw tainted(kind);
    if (error instanceof RangeError) {
      throw new MobileNetError('OUT_OF_MEMORY', `there is no memory for this ${kind}: ${messageOf(error)}`, {
        cause: error,
      });
    }
    throw new MobileNetError('BAD_INPUT', `no picture could be taken from this ${kind}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/**
 * Whether a source never changes, so that its picture may be taken later.
 * @param {unknown} source
 * @returns {boolean}
 */
export function isLasting(source) {
  // The kind is asked first: for a camera's frame the getter would throw, which takes some microseconds.
  return ['Blob', 'File'].includes(kindOf(source)) && isReal(source, 'Blob', 'size');
}

/**
 * @param {any} source
 * @returns {import('./protocol.js').PixelFrame | null} `null`: it isn't `{ data, width, height }`
 */
function pixelsOf(source) {
  /** @type {Partial<Record<'data' | 'width' | 'height', any>>} */
  let given;
  try {
    const { data, width, height } = source;
    given = { data, width, height };
  } catch {
    return null;
  }
  const { data, width, height } = given;
  if (!['Uint8Array', 'Uint8ClampedArray'].includes(kindOf(data)) || !ArrayBuffer.isView(data)) return null;
  for (const side of [width, height]) {
    if (!Number.isInteger(side) || side < 1) {
      throw new MobileNetError('BAD_INPUT', `a picture of ${shown(width)} x ${shown(height)} pixels has none`);
    }
  }
  if (data.byteLength !== width * height * 4) {
    const reason = `${data.byteLength} bytes are no picture of ${width} x ${height} pixels: give RGBA, ${width * height * 4} bytes`;
    throw new MobileNetError('BAD_INPUT', reason);
  }
  return {
    pixels: new Uint8ClampedArray(new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice().buffer),
    width,
    height,
  };
}

/**
 * Hands a frame to a worker.
 * @param {Connection} connection
 * @param {(frame: Frame) => import('./protocol.js').Request} requestOf makes the request with a frame
 * @param {Frame} frame this call closes it
 * @param {(part: any) => void} [onPart]
 * @returns {Promise<any>} the answer's value
 */
export async function sendFrame(connection, requestOf, frame, onPart) {
  /** @param {Frame} frame */
  const send = (frame) => connection.request(requestOf(frame), transferablesOf(frame), onPart);
  try {
    if (!('spare' in frame)) return await send(frame);
    const answer = await send({ image: frame.image, resend: true });
    return answer === RESEND ? await send({ image: frame.spare }) : answer;
  } catch (error) {
    // The browser refuses a bitmap of another origin's picture only at the transfer.
    const refused = 'image' in frame && error instanceof MobileNetError && error.cause instanceof DOMException;
    throw refused ? tainted('picture') : error;
  } finally {
    closeFrame(frame);
  }
}

/**
 * @param {string} kind
 * @returns {MobileNetError} the error for pixels of another origin
 */
function tainted(kind) {
  return new MobileNetError(
    'BAD_INPUT',
    `the pixels of this ${kind} come from another origin and can't be read: serve them with CORS and set crossorigin="anonymous"`,
  );
}

/**
 * @param {string} kind one of {@link GETTERS}
 * @param {any} source a real object of that class
 * @returns {Promise<Frame>}
 */
async function captureKind(kind, source) {
  // 8-bit sRGB. Anything else has to go through the browser's own conversion.
  if (kind === 'ImageData' && source.colorSpace === 'srgb' && source.data instanceof Uint8ClampedArray) {
    return { pixels: source.data.slice(), width: source.width, height: source.height };
  }
  const { readPicture } = thePlatform();
  if (readPicture) return readPicture(source, DECODE);
  switch (kind) {
    case 'HTMLVideoElement':
      if (source.readyState < HTMLMediaElement.HAVE_CURRENT_DATA || source.videoWidth === 0) {
        throw new MobileNetError('BAD_INPUT', "this video has no frame yet: wait for its 'loadeddata' event");
      }
      // Making a VideoFrame copies nothing; Firefox for Android has none.
      if (typeof VideoFrame === 'function') return { image: new VideoFrame(source) };
      return { image: await createImageBitmap(source) };
    case 'HTMLImageElement':
      if (!source.complete || source.naturalWidth === 0) {
        throw new MobileNetError('BAD_INPUT', 'this image holds no picture: await its decode(), and check its address');
      }
      return { image: await createImageBitmap(source, DECODE) };
    case 'Blob':
      return { image: await createImageBitmap(source, DECODE) };
    case 'ImageBitmap':
      return withSpare(await createImageBitmap(source));
    case 'VideoFrame':
      // The class's method: the object may have another one of that name.
      return { image: VideoFrame.prototype.clone.call(source) };
    default:
      // ImageData, or a canvas of either kind. Without options Chromium copies a canvas only when it is drawn to again: for 1280x720
      // pixels this takes 0.03 ms with the transfer, against 1.6 with `premultiplyAlpha: 'none'`.
      return { image: await createImageBitmap(source) };
  }
}

/**
 * The transfer of a bitmap that others hold too copies it, 1280x720 pixels in 2 ms; that of a VideoFrame of it doesn't. But Chromium
 * doesn't undo the premultiplication of such a VideoFrame's colours, so the bitmap is kept for a picture with transparency.
 * @param {ImageBitmap} spare
 * @returns {Frame}
 */
function withSpare(spare) {
  try {
    return { image: new VideoFrame(spare, { timestamp: 0 }), spare };
  } catch {
    // This browser has no VideoFrame, or none of this size.
    return { image: spare };
  }
}
