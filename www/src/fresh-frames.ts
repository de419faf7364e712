/** The longest wait for a video that stands still, or that the browser doesn't paint because it is scrolled away. ms */
const LONGEST_WAIT = 250;

/** Waits for new frames of a video. */
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

  /** Resolves at once if a frame came since the last call, else when the next one comes. */
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
