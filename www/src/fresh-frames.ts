/** ms. For a video that stands still, or that a browser doesn't paint because it is scrolled away. */
const LONGEST_WAIT = 250;

/** Tells whether a video shows a frame that wasn't there before. */
export class FreshFrames {
  #fresh = false;
  #arrived: (() => void) | null = null;

  constructor(video: HTMLVideoElement) {
    const painted = () => {
      this.#fresh = true;
      this.#arrived?.();
      next();
    };
    const next = () => {
      if ('requestVideoFrameCallback' in video) video.requestVideoFrameCallback(painted);
      else requestAnimationFrame(painted);
    };
    next();
  }

  /** Resolves at once where a frame came since the last call, else when the next one comes. */
  async next(): Promise<void> {
    if (!this.#fresh) {
      await new Promise<void>((resolve) => {
        this.#arrived = resolve;
        setTimeout(resolve, LONGEST_WAIT);
      });
    }
    this.#fresh = false;
  }
}
