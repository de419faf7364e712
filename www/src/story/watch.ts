import { type MobileNet, MobileNetError } from 'mobilenet-wasm';
import type { Figure, Frame, Surroundings } from './figure';

/** ms between two questions whether there is something new to look at. */
const TICK = 100;
/** ms of rest after a look that failed. */
const REST = 3000;
/** ms after which a figure says that there is no picture: the first one takes a moment to come. */
const PATIENCE = 1500;

/** What a figure saw last. */
interface Sight {
  picture: object;
  part: object | null;
  networks: readonly MobileNet[];
}

interface Watched {
  figure: Figure;
  sight: Sight | null;
  /** When it may look again, on the clock of `performance.now()`. */
  due: number;
  /** Since when it is seen with no picture to look at, on the same clock; `null` where there is one. */
  idleSince: number | null;
}

/**
 * Has the figures that are on the screen look at the frame, one after the other, so that the columns get their turns; the others
 * cost nothing.
 */
export class Watch {
  #visible = new Set<Watched>();
  #all = new Map<Element, Watched>();
  #wake: (() => void) | null = null;
  /** Whether nothing may look: something else is being timed. */
  paused = false;
  readonly #observer = new IntersectionObserver((entries) => this.#onScroll(entries));

  /**
   * @param report takes what to tell the visitor of a figure, `null` when all is well
   * @param onNetworks a figure begins to look, by these networks
   * @param onWait a figure has no picture to look at
   */
  constructor(
    private readonly surroundings: Surroundings,
    private readonly report: (figure: Figure, error: unknown) => void,
    private readonly onNetworks: (figure: Figure, networks: readonly MobileNet[]) => void,
    private readonly onWait: (figure: Figure) => void,
  ) {
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
      for (const { figure } of this.#all.values()) figure.redraw();
    });
    void this.#run();
  }

  add(figure: Figure): void {
    const watched: Watched = { figure, sight: null, due: 0, idleSince: null };
    figure.changed = () => {
      watched.sight = null;
      watched.due = 0;
    };
    this.#all.set(figure.element, watched);
    this.#observer.observe(figure.element);
  }

  #onScroll(entries: IntersectionObserverEntry[]): void {
    for (const { target, isIntersecting } of entries) {
      const watched = this.#all.get(target);
      if (!watched) continue;
      if (isIntersecting) this.#visible.add(watched);
      else this.#visible.delete(watched);
    }
    if (this.#visible.size > 0) this.#wake?.();
  }

  async #run(): Promise<never> {
    for (;;) {
      if (this.#visible.size === 0) await new Promise<void>((resolve) => (this.#wake = resolve));
      for (const watched of this.paused ? [] : this.#visible) {
        const frame = document.hidden ? null : this.surroundings.frame();
        if (!frame) {
          this.#idle(watched);
          continue;
        }
        watched.idleSince = null;
        if (performance.now() >= watched.due) await this.#look(watched, frame);
      }
      await new Promise((resolve) => setTimeout(resolve, TICK));
    }
  }

  #idle(watched: Watched): void {
    if (document.hidden) return;
    const now = performance.now();
    watched.idleSince ??= now;
    if (now - watched.idleSince >= PATIENCE) this.onWait(watched.figure);
  }

  async #look(watched: Watched, frame: Frame): Promise<void> {
    const { picture, part, live, take } = frame;
    const { figure } = watched;
    try {
      const networks = await Promise.all(figure.versions.map((version) => this.surroundings.network(version)));
      const { sight } = watched;
      // A column's network that crashed over a picture waits for the visitor.
      if (networks.some(({ state }) => state !== 'ready')) {
        watched.due = performance.now() + REST;
        return;
      }
      const same =
        sight?.picture === picture &&
        sight.part === part &&
        sight.networks.every((network, index) => network === networks[index]);
      if (same && !live) return;
      // Another picture came while the networks were made.
      if (this.surroundings.frame()?.picture !== picture) return;
      // The figure may ask for another look while it is at this one.
      watched.sight = { picture, part, networks };
      watched.due = performance.now() + figure.pause;
      this.onNetworks(figure, networks);
      const { source, release } = await take();
      try {
        await figure.look(source, networks, frame);
      } finally {
        release();
      }
      this.report(figure, null);
    } catch (error) {
      watched.due = performance.now() + REST;
      // The picture or the network was replaced by another while it was looked into.
      const gone = this.surroundings.frame()?.picture !== picture;
      if (gone || (error instanceof MobileNetError && error.code === 'DISPOSED')) watched.sight = null;
      else this.report(figure, error);
    }
  }
}
