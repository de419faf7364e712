import type { Classification, MobileNet } from 'mobilenet-wasm';
import { engine } from './engine';
import { FreshFrames } from './fresh-frames';
import type { Picture, Stage } from './stage';

/** A still picture is read a few times, until the times settle: engines optimise code only after it has run a little. */
const STILL_ROUNDS = 8;
/** ms. A large picture on a slow device: enough is enough. */
const STILL_BUDGET = 2500;
/** How many answers each network gives. */
export const TOP = 5;

/** A column of the page. */
export interface Runner {
  /** What reads the picture; `null` where there is none, or it is switched off. */
  readonly network: MobileNet | null;
  /** @param live whether the picture is one of many, or a still one */
  show(answer: Classification, live: boolean): void;
  /** The network can't read the picture, or runs no longer. */
  fail(error: unknown): void;
}

export interface Round {
  /** ms that reading and resizing the picture took, for all networks together; `null` where each read it by itself. */
  preprocess: number | null;
  /** Whether this picture won't be read again. */
  settled: boolean;
}

/**
 * Has all networks that are switched on read the picture, round after round. Each round takes the newest frame; those
 * between are dropped.
 */
export class Scheduler {
  #rounds = 0;
  #deadline = 0;
  #wake: (() => void) | null = null;
  #paused = false;
  /** Whether networks are still to come. To time those that are here would keep these, and the page, waiting. */
  #opening = true;
  readonly #frames: FreshFrames;

  /** @param onRound called when every network has answered */
  constructor(
    private readonly runners: readonly Runner[],
    private readonly stage: Stage,
    private readonly onRound: (round: Round) => void,
  ) {
    this.#frames = new FreshFrames(stage.video);
    void this.#run();
  }

  /** Something changed: the picture, a network, a switch. */
  refresh(): void {
    this.#rounds = this.#opening ? 1 : STILL_ROUNDS;
    this.#deadline = performance.now() + STILL_BUDGET;
    this.#wake?.();
  }

  /** All networks are here with which the page begins. */
  opened(): void {
    this.#opening = false;
    this.refresh();
  }

  set paused(paused: boolean) {
    this.#paused = paused;
    this.#wake?.();
  }

  async #run(): Promise<never> {
    for (;;) {
      const { picture } = this.stage;
      const live = picture?.kind === 'live';
      if (this.#paused || !picture || this.#ready.length === 0 || (!live && this.#rounds === 0)) {
        await new Promise<void>((resolve) => (this.#wake = resolve));
        continue;
      }
      if (live) {
        await this.#frames.next();
        const there = this.stage.video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA;
        if (this.stage.picture !== picture || !there) continue;
      } else {
        this.#rounds = performance.now() < this.#deadline ? this.#rounds - 1 : 0;
      }
      const preprocess = await this.#round(picture);
      if (this.stage.picture === picture)
        this.onRound({ preprocess, settled: !live && this.#rounds === 0 && !this.#opening });
    }
  }

  get #ready(): Runner[] {
    return this.runners.filter(({ network }) => network !== null);
  }

  async #round(picture: Picture): Promise<number | null> {
    const runners = this.#ready;
    try {
      return await this.#classify(picture, runners);
    } catch {
      // The set fails with any of its networks, and all of them lose a worker that crashed: alone, each answers for itself.
      for (const runner of runners) {
        const { network } = runner;
        // Another picture came, or another network, or it was switched off.
        if (!network || this.stage.picture !== picture) continue;
        try {
          await this.#classify(picture, [runner]);
        } catch (error) {
          if (network === runner.network) runner.fail(error);
        }
      }
      return null;
    }
  }

  /** @returns ms that reading and resizing took */
  async #classify(picture: Picture, runners: Runner[]): Promise<number | null> {
    const live = picture.kind === 'live';
    // A copy is taken when the call begins, so the stage may close the bitmap whenever another picture comes.
    const { source, release } = await this.stage.source(picture);
    const networks = runners.flatMap(({ network }) => network ?? []);
    const reading = (await engine()).classify(source, networks, {
      topK: TOP,
      onResult: (network, answer) => {
        // Replaced or switched off while it was reading.
        const runner = runners.find((runner) => runner.network === network);
        if (this.stage.picture === picture) runner?.show(answer, live);
      },
    });
    const answers = await reading.finally(release);
    return answers.reduce((sum, { timing }) => sum + timing.preprocess, 0);
  }
}
