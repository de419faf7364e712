import type { Classification, MobileNet } from 'mobilenet-wasm';
import { engine } from './engine';
import { FreshFrames } from './fresh-frames';
import type { Picture, Stage } from './stage';

/** How often a still picture is read: browsers optimise code only after some runs, and then the times settle. */
const STILL_ROUNDS = 8;
/** The longest time for that, for large pictures on slow devices. ms */
const STILL_BUDGET = 2500;
/** Number of answers of each network. */
export const TOP = 5;

/** A column of the page. */
export interface Runner {
  /** The network; `null` if there is none or it is switched off. */
  readonly network: MobileNet | null;
  /** @param live whether the picture is one of many, or a still one */
  show(answer: Classification, live: boolean): void;
  /** Reports that the network can't read the picture, or has stopped. */
  fail(error: unknown): void;
}

export interface Round {
  /** Time to read and resize the picture for all networks; `null` if each read it by itself. ms */
  preprocess: number | null;
  /** Whether this picture won't be read again. */
  settled: boolean;
}

/**
 * Runs all networks that are switched on, round after round. Each round takes the newest frame and drops the frames in between.
 */
export class Scheduler {
  #rounds = 0;
  #deadline = 0;
  #wake: (() => void) | null = null;
  #paused = false;
  /** Whether networks are still being loaded. Timing the loaded ones would delay the others and the page. */
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

  /** Starts afresh after a change of the picture, a network or a switch. */
  refresh(): void {
    this.#rounds = this.#opening ? 1 : STILL_ROUNDS;
    this.#deadline = performance.now() + STILL_BUDGET;
    this.#wake?.();
  }

  /** All networks that the page begins with are loaded. */
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
      // One failing network fails the whole set, so each network now runs alone to find which one.
      for (const runner of runners) {
        const { network } = runner;
        // The picture or the network was replaced, or the network was switched off.
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

  /** @returns the time to read and resize, ms */
  async #classify(picture: Picture, runners: Runner[]): Promise<number | null> {
    const live = picture.kind === 'live';
    // The call copies the picture at once, so the stage may close the bitmap when another picture comes.
    const { source, release } = await this.stage.source(picture);
    const networks = runners.flatMap(({ network }) => network ?? []);
    const reading = (await engine()).classify(source, networks, {
      topK: TOP,
      onResult: (network, answer) => {
        // The network may have been replaced or switched off meanwhile.
        const runner = runners.find((runner) => runner.network === network);
        if (this.stage.picture === picture) runner?.show(answer, live);
      },
    });
    const answers = await reading.finally(release);
    return answers.reduce((sum, { timing }) => sum + timing.preprocess, 0);
  }
}
