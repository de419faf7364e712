/** A picture that stands still. */
export type Still = ImageBitmap | VideoFrame;

/**
 * Takes a video's frame. Chromium without a GPU keeps the pixels of every bitmap of a video, also of a closed one, until they are
 * hundreds of megabytes. A VideoFrame has no pixels of its own, but Firefox for Android has no VideoFrame.
 */
export async function stillOf(video: HTMLVideoElement): Promise<Still> {
  return typeof VideoFrame === 'function' ? new VideoFrame(video) : createImageBitmap(video);
}

export function sizeOf(still: Still): { width: number; height: number } {
  return 'displayWidth' in still ? { width: still.displayWidth, height: still.displayHeight } : still;
}
