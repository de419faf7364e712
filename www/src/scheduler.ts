import { FreshFrames } from './fresh-frames';
import type { Picture, Stage } from './stage';

/** A still picture is read a few times, until the times settle: engines optimise code only after it has run a little. */
const STILL_ROUNDS = 8;
/** ms. A large picture on a slow device: enough is enough. */
const STILL_BUDGET = 2500;

/** A network on the page. */
export interface Runner {
  /** Whether there is a network, and it is switched on. */
  readonly ready: boolean;
  /**
   * Reads a frame and shows the answer. Never throws: it is the runner's own matter to show what went wrong.
   * @param live whether the frame is one of many, or a still picture
   */
  classify(frame: ImageBitmap | VideoFrame, live: boolean): Promise<void>;
}

/**
 * Runs the networks that are switched on in turn, so that the times shown aren't spoilt by the other ones, and all on the
 * same frame, so that their answers can be compared. Each round takes the newest frame; those between are dropped.
 */
export class Scheduler {
  #rounds = 0;
  #deadline = 0;
  #wake: (() => void) | null = null;
  #paused = false;
  readonly #frames: FreshFrames;

  /** @param onRound called when every network has answered; `settled`: this picture won't be read again */
  constructor(
    private readonly runners: readonly Runner[],
    private readonly stage: Stage,
    private readonly onRound: (settled: boolean) => void,
  ) {
    this.#frames = new FreshFrames(stage.video);
    void this.#run();
  }

  /** Something changed: the picture, a network, a switch. */
  refresh(): void {
    this.#rounds = STILL_ROUNDS;
    this.#deadline = performance.now() + STILL_BUDGET;
    this.#wake?.();
  }

  set paused(paused: boolean) {
    this.#paused = paused;
    this.#wake?.();
  }

  async #run(): Promise<never> {
    for (;;) {
      const { picture } = this.stage;
      if (
        this.#paused ||
        !picture ||
        !this.runners.some(({ ready }) => ready) ||
        (picture.kind === 'still' && this.#rounds === 0)
      ) {
        await new Promise<void>((resolve) => (this.#wake = resolve));
        continue;
      }
      if (picture.kind === 'live') await this.#readLive(picture);
      else await this.#readStill(picture);
    }
  }

  async #readStill(picture: Picture & { kind: 'still' }): Promise<void> {
    this.#rounds = performance.now() < this.#deadline ? this.#rounds - 1 : 0;
    // A copy is taken when `classify` begins, so the stage may close the bitmap whenever another picture comes.
    if (await this.#round(picture, picture.bitmap)) this.onRound(this.#rounds === 0);
  }

  async #readLive(picture: Picture): Promise<void> {
    const { video } = this.stage;
    await this.#frames.next();
    if (this.stage.picture !== picture || video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return;
    const frame = typeof VideoFrame === 'function' ? new VideoFrame(video) : await createImageBitmap(video);
    try {
      if (await this.#round(picture, frame)) this.onRound(false);
    } finally {
      frame.close();
    }
  }

  /** @returns whether the picture was still the one on the stage at the end */
  async #round(picture: Picture, frame: ImageBitmap | VideoFrame): Promise<boolean> {
    for (const runner of this.runners) {
      if (this.stage.picture !== picture) return false;
      if (runner.ready) await runner.classify(frame, picture.kind === 'live');
    }
    return this.stage.picture === picture;
  }
}
