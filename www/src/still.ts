import type { Region } from './stage';

const RGBA: VideoFrameCopyToOptions = { format: 'RGBA' };

/** A picture that stands still. */
export type Still = ImageBitmap | VideoFrame;

/**
 * Takes a video's frame, or a part of it. Chromium without a GPU keeps the pixels of every bitmap of a video, also of a closed one,
 * until they are hundreds of megabytes. A VideoFrame has no pixels of its own, but Firefox for Android has no VideoFrame.
 */
export async function stillOf(video: HTMLVideoElement, part: Region | null): Promise<Still> {
  if (typeof VideoFrame !== 'function') return part ? cut(video, part) : createImageBitmap(video);
  const frame = new VideoFrame(video);
  if (!part) return frame;
  try {
    return isAsShown(frame)
      ? new VideoFrame(frame, { visibleRect: evenRect(part, frame.visibleRect) })
      : await cut(frame, part);
  } finally {
    frame.close();
  }
}

export function sizeOf(still: Still): { width: number; height: number } {
  return 'displayWidth' in still ? { width: still.displayWidth, height: still.displayHeight } : still;
}

/** Copies a part of a picture. */
export function cut(
  picture: ImageBitmap | HTMLVideoElement | VideoFrame,
  { left, top, side }: Region,
): Promise<ImageBitmap> {
  return createImageBitmap(picture, left, top, side, side, { colorSpaceConversion: 'none', premultiplyAlpha: 'none' });
}

/** Whether the frame's pixels are those that the page shows: neither scaled, rotated nor flipped. */
function isAsShown(frame: VideoFrame): boolean {
  const { displayWidth, displayHeight, visibleRect } = frame;
  // Only newer browsers have these two.
  const { rotation, flip } = frame as { rotation?: number; flip?: boolean };
  return !rotation && !flip && visibleRect?.width === displayWidth && visibleRect.height === displayHeight;
}

/** Whether the browser can convert the frame's colours. Older ones would copy its planes as they are, which have fewer bytes. */
function isCopyable(frame: VideoFrame, pixels: number): boolean {
  const planar = frame.format === 'I420' || frame.format === 'NV12';
  return planar && isAsShown(frame) && frame.allocationSize(RGBA) === 4 * pixels;
}

/**
 * The largest part within `region` that begins and ends at even pixels: two rows and two columns of a camera's frame share a colour.
 * @param visible the visible rectangle of the frame, in which `region` counts from its corner, and the result from the frame's
 */
function evenRect({ left, top, side }: Region, visible: DOMRectReadOnly | null): DOMRectInit {
  const [x, y] = [left, top].map((at) => 2 * Math.ceil(at / 2));
  const even = 2 * Math.floor((Math.min(left - x, top - y) + side) / 2);
  return { x: x + (visible?.x ?? 0), y: y + (visible?.y ?? 0), width: even, height: even };
}

/**
 * Makes frames drawable. Chromium without a GPU keeps the pixels of every frame that a canvas draws, as it does those of bitmaps, but
 * not of copies.
 */
export class DrawableStill {
  readonly #canvas = document.createElement('canvas');
  /** The last frame's pixels, whose memory the next frame takes. */
  #pixels: ImageData | null = null;

  /** @returns `still`, or a canvas with its pixels, which the next call overwrites */
  async of(still: Still): Promise<CanvasImageSource> {
    const { width, height } = sizeOf(still);
    if (!('copyTo' in still) || !isCopyable(still, width * height)) return still;
    if (this.#pixels?.width !== width || this.#pixels.height !== height) {
      this.#pixels = new ImageData(width, height);
      Object.assign(this.#canvas, { width, height });
    }
    await still.copyTo(this.#pixels.data, RGBA);
    this.#canvas.getContext('2d')?.putImageData(this.#pixels, 0, 0);
    return this.#canvas;
  }
}
