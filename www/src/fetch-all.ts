import type { Card } from './card';
import type { CatalogueChoice } from './catalogue-choice';
import { element } from './element';
import { megabytes } from './format';
import { type Host, answeringHost, hostsOf } from './hosts';
import { text } from './text';

/** The fewest columns without weights for an offer to fetch all: for one, its own button is enough. */
const WORTHWHILE = 2;

/** Offers to fetch weights for all columns that have none, if a host has them. */
export class FetchAll {
  readonly #line = element('fetch-all');
  readonly #button = element<HTMLButtonElement>('fetch-all-start');
  readonly #transfer = element('fetch-all-transfer');
  readonly #progress = element<HTMLProgressElement>('fetch-all-progress');
  readonly #progressText = element('fetch-all-text');
  #running: AbortController | null = null;
  #host: Host | null = null;

  constructor(private readonly cards: readonly Card[]) {
    this.#button.addEventListener('click', () => void this.#fetch());
    element('fetch-all-cancel').addEventListener('click', () => this.#running?.abort());
  }

  /** Asks the hosts, unless all columns have weights. */
  async offer(): Promise<void> {
    const [first, ...others] = this.cards.flatMap(({ wanted }) => wanted ?? []);
    if (others.length + 1 < WORTHWHILE) return;
    this.#host = await answeringHost(first.entry);
    this.#line.hidden = this.#host === null;
    this.refresh();
  }

  /** Updates the offer: a column may have got other weights. */
  refresh(): void {
    if (this.#line.hidden || this.#running) return;
    const { wanted } = this;
    this.#line.hidden = wanted.length < WORTHWHILE;
    this.#button.textContent = text.page.weights.fetchAll(wanted.length, megabytes(bytesOf(wanted)));
  }

  /** The checkpoints that may come from the host: some hosts are trusted only for files with a digest. */
  get wanted(): { card: Card; choice: CatalogueChoice }[] {
    const serves = ({ entry }: CatalogueChoice) =>
      hostsOf(entry).some(({ template }) => template === this.#host?.template);
    return this.cards.flatMap((card) => (card.wanted && serves(card.wanted) ? { card, choice: card.wanted } : []));
  }

  /** Fetches the lightest first, so that the first answer comes soonest. A failure is shown in its column, and the others go on. */
  async #fetch(): Promise<void> {
    const wanted = this.wanted.sort((a, b) => a.choice.bytes - b.choice.bytes);
    const total = bytesOf(wanted);
    const running = new AbortController();
    this.#running = running;
    this.#showTransfer(true);
    let before = 0;
    try {
      for (const { card, choice } of wanted) {
        if (running.signal.aborted) break;
        await card.load(choice, {
          signal: running.signal,
          onProgress: ({ loaded }) => this.#show(Math.min(before + loaded, total), total),
        });
        before += choice.bytes;
      }
    } finally {
      this.#running = null;
      this.#showTransfer(false);
      this.refresh();
    }
  }

  #show(loaded: number, total: number): void {
    this.#progress.max = total;
    this.#progress.value = loaded;
    this.#progressText.textContent = text.page.column.progress(megabytes(loaded), megabytes(total));
  }

  #showTransfer(shown: boolean): void {
    this.#transfer.hidden = !shown;
    this.#button.hidden = shown;
  }
}

function bytesOf(wanted: { choice: CatalogueChoice }[]): number {
  return wanted.reduce((sum, { choice }) => sum + choice.bytes, 0);
}
