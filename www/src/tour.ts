import type { Card } from './card';
import { element } from './element';

/** ms that each column has. */
const TURN = 2000;

/** Gives each column that has answers its turn, for as long as the visitor wants that. */
export class Tour {
  readonly #button = element<HTMLButtonElement>('tour');
  /** Whose visitor wants nothing to change by itself: each column still has its own button. */
  readonly #still = matchMedia('(prefers-reduced-motion: reduce)');
  #ticking = 0;
  #at: Card | null = null;

  /** @param onTurn `null`: it is over */
  constructor(
    private readonly cards: readonly Card[],
    private readonly onTurn: (card: Card | null) => void,
  ) {
    this.#button.addEventListener('click', () => (this.#at ? this.stop() : this.#start()));
    this.#still.addEventListener('change', () => this.refresh());
    this.refresh();
  }

  /** Networks came or went. */
  refresh(): void {
    const possible = this.#able.length > 0 && !this.#still.matches;
    this.#button.classList.toggle('absent', !possible);
    if (!possible) this.stop();
    else if (this.#at && !this.#able.includes(this.#at)) this.#next();
  }

  stop(): void {
    if (!this.#at) return;
    clearInterval(this.#ticking);
    this.#button.setAttribute('aria-pressed', 'false');
    this.#turn(null);
  }

  #start(): void {
    this.#button.setAttribute('aria-pressed', 'true');
    this.#ticking = window.setInterval(() => this.#next(), TURN);
    this.#next();
  }

  /** The next column on the right that can, and after the last one the first. */
  #next(): void {
    const at = this.#at ? this.cards.indexOf(this.#at) : -1;
    const order = [...this.cards.slice(at + 1), ...this.cards.slice(0, at + 1)];
    const next = order.find((card) => this.#able.includes(card));
    if (next) this.#turn(next);
    // Each has crashed over this picture.
    else this.stop();
  }

  #turn(card: Card | null): void {
    this.#at = card;
    this.onTurn(card);
  }

  /** Columns of which there can be a map. */
  get #able(): Card[] {
    return this.cards.filter(({ network }) => network?.labels);
  }
}
