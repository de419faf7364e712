import type { Frame } from './figure';
import { text } from '../text';
import type { WorkBar } from './fit-work';
import { DrawableStill, sizeOf } from '../still';

/** The length of a recording of the camera, and the number of frames that are kept. */
export const RECORDING = { seconds: 20, frames: 128 };

/** The number of crops of a still picture that stand in for a camera's frames. */
export const CROPS = 48;

/** The side of the kept squares. Networks resize the short side to about this size. Pixels. */
const SIDE = 256;

/** The inputs of a recording. */
interface Recording {
  /** The frame that the page shows now. */
  frame: () => Frame | null;
  /** Takes the share that is done, 0 to 1. */
  onProgress: (share: number) => void;
  signal: AbortSignal;
  /** Shows each frame when it is kept. */
  canvas: HTMLCanvasElement;
}

/** Keeps frames as {@link keepFrames} does, shows them on `canvas` and reports in `bar`. */
export async function keepShown(
  crops: number,
  { status, progress }: WorkBar,
  recording: Omit<Recording, 'onProgress'>,
): Promise<ImageData[]> {
  const { recording: live, cropping } = text.figures.fit;
  status.textContent = recording.frame()?.live ? live : cropping;
  recording.canvas.hidden = false;
  const frames = await keepFrames(crops, { ...recording, onProgress: (share) => (progress.value = share) });
  recording.canvas.hidden = true;
  return frames;
}

/**
 * Keeps frames of the camera, only in memory. From a still picture it takes crops, as if a camera moved over the picture, closer
 * and farther.
 * @param crops the number of crops
 */
function keepFrames(crops: number, recording: Recording): Promise<ImageData[]> {
  if (!recording.frame()?.live) return record(recording, crops, 0, wander);
  const { seconds, frames } = RECORDING;
  return record(recording, frames, (1000 * seconds) / frames, centre);
}

/** The part of a picture that a moving camera would see, at a share of its way. */
function wander({ width, height }: Size, share: number): Crop {
  const turn = 2 * Math.PI * share;
  const side = Math.min(width, height) * (0.75 + 0.2 * Math.sin(turn));
  const left = ((width - side) * (1 + Math.sin(3 * turn))) / 2;
  return { left, top: ((height - side) * (1 + Math.cos(2 * turn))) / 2, side };
}

/**
 * @param pause the time between two frames. ms
 * @param crop gives the part of a picture to keep, at a share of the recording
 */
async function record(
  { frame, onProgress, signal, canvas }: Recording,
  frames: number,
  pause: number,
  crop: (size: Size, share: number) => Crop,
): Promise<ImageData[]> {
  const keep = keeper(canvas);
  const picture = frame()?.picture;
  const begin = performance.now();
  const kept: ImageData[] = [];
  while (kept.length < frames) {
    const share = kept.length / frames;
    onProgress(share);
    await until(begin + pause * kept.length);
    signal.throwIfAborted();
    const now = frame();
    if (!now || now.picture !== picture) throw new Error(text.figures.fit.pictureChanged);
    kept.push(await keep(now, (size) => crop(size, share)));
  }
  return kept;
}

interface Size {
  width: number;
  height: number;
}

/** A square of a picture. Pixels. */
interface Crop {
  left: number;
  top: number;
  side: number;
}

/** The square in the middle of a picture, which networks read. */
function centre({ width, height }: Size): Crop {
  const side = Math.min(width, height);
  return { left: (width - side) / 2, top: (height - side) / 2, side };
}

/** Makes a function that draws a part of a frame on the canvas and returns its pixels. */
function keeper(canvas: HTMLCanvasElement): (frame: Frame, crop: (size: Size) => Crop) => Promise<ImageData> {
  const draw = cropper(canvas);
  const drawable = new DrawableStill();
  return async (frame, crop) => {
    const { source, release } = await frame.take();
    canvas.classList.toggle('mirrored', frame.mirrored);
    try {
      return draw(await drawable.of(source), crop(sizeOf(source)));
    } finally {
      release();
    }
  };
}

/** Takes crops of a picture that isn't on the page. The page goes on between the crops. */
export async function cropsOf(picture: ImageBitmap, count: number): Promise<ImageData[]> {
  const draw = cropper(document.createElement('canvas'));
  const crops: ImageData[] = [];
  while (crops.length < count) {
    crops.push(draw(picture, wander(picture, crops.length / count)));
    await until(0);
  }
  return crops;
}

/** Makes a function that draws a part of a picture on the canvas and returns its pixels. */
function cropper(canvas: HTMLCanvasElement): (picture: CanvasImageSource, crop: Crop) => ImageData {
  canvas.width = canvas.height = SIDE;
  const context = canvas.getContext('2d', { willReadFrequently: true }) as CanvasRenderingContext2D;
  context.imageSmoothingQuality = 'high';
  return (picture, { left, top, side }) => {
    // Without this, transparent parts would show the last picture.
    context.clearRect(0, 0, SIDE, SIDE);
    context.drawImage(picture, left, top, side, side, 0, 0, SIDE, SIDE);
    return context.getImageData(0, 0, SIDE, SIDE);
  };
}

/** Waits until a time of `performance.now()`, and at least for one turn of the event loop. */
function until(time: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, time - performance.now()));
}
