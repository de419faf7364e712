import { type MobileNet, MobileNetError } from 'mobilenet-wasm';
import type { Figure, Frame, Surroundings } from './figure';

/** How often the figures check for a new picture. ms */
const TICK = 100;
/** The pause after a failed look. ms */
const REST = 3000;
/** How long a figure waits for the first picture before it says that there is none. ms */
const PATIENCE = 1500;

/** What a figure looked at last. It doesn't look at the same still picture again. */
interface Sight {
  picture: object;
  part: object | null;
  networks: readonly MobileNet[];
}

interface Watched {
  figure: Figure;
  sight: Sight | null;
  /** The time of its next look, by `performance.now()`. */
  due: number;
  /** Since when it has been visible without a picture, by the same clock; `null` if there is one. */
  idleSince: number | null;
}

/**
 * Lets the figures on the screen look at the frame, one after the other, so that the columns get their turns. Figures off the screen
 * cost nothing.
 */
export class Watch {
  #visible = new Set<Watched>();
  #all = new Map<Element, Watched>();
  #wake: (() => void) | null = null;
  /** Whether no figure may look, because of a measurement. */
  paused = false;
  /** Settled when no figure looks. */
  looking: Promise<void> = Promise.resolve();
  readonly #observer = new IntersectionObserver((entries) => this.#onScroll(entries));

  /**
   * @param report takes a figure's error; `null` when it works again
   * @param onNetworks called when a figure begins to look, with its networks
   * @param onWait called when a figure has no picture
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
      for (const watched of this.#visible) {
        if (this.paused) break;
        const frame = document.hidden ? null : this.surroundings.frame();
        if (!frame) {
          this.#idle(watched);
          continue;
        }
        watched.idleSince = null;
        if (performance.now() >= watched.due) await (this.looking = this.#look(watched, frame));
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
      // A crashed network is started again only by the visitor, in its column; the figure tries again later.
      if (networks.some(({ state }) => state !== 'ready')) {
        watched.due = performance.now() + REST;
        return;
      }
      const same =
        sight?.picture === picture &&
        sight.part === part &&
        sight.networks.every((network, index) => network === networks[index]);
      if (same && !live) return;
      // Another picture came while the networks were loaded.
      if (this.surroundings.frame()?.picture !== picture) return;
      // The figure may ask for another look during this one.
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
      // The picture or the network was replaced during the look.
      const gone = this.surroundings.frame()?.picture !== picture;
      if (gone || (error instanceof MobileNetError && error.code === 'DISPOSED')) watched.sight = null;
      else this.report(figure, error);
    }
  }
}
