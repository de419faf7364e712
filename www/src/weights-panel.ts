import type { Precision, Progress } from 'mobilenet-wasm';
import { type CatalogueChoice, catalogueChoices } from './catalogue-choice';
import { catalogueItem, labelFetch } from './catalogue-item';
import { megabytes } from './format';
import type { Generation } from './networks';
import { text } from './text';
import { type Choice, fileChoice, untrainedChoice } from './weights';

/** The part of a column in which the visitor chooses what runs in it, and sees it come. */
export class WeightsPanel {
  #choices: Choice[] = [];
  #wanted: CatalogueChoice | null = null;
  /** What runs. */
  #current: Choice | null = null;

  /**
   * @param column the whole of it
   * @param load runs a choice
   */
  constructor(
    private readonly column: HTMLElement,
    private readonly generation: Generation,
    private readonly load: (choice: Choice) => void,
    events: { onCancel: () => void; onPrecision: () => void },
  ) {
    this.#find('.choice span').textContent = text.page.column.weights(generation.name);
    this.#find('.cancel').addEventListener('click', events.onCancel);
    const { precisions } = text.page.weights;
    this.#precision.append(...Object.entries(precisions).map(([value, label]) => new Option(label, value)));
    this.#precision.addEventListener('change', events.onPrecision);
    this.#select.addEventListener('change', () => {
      const choice = this.#choices.find(({ id }) => id === this.#select.value);
      if (choice) load(choice);
    });
    this.#find('.untrained').addEventListener('click', () => load(this.untrained));
    const file = this.#find<HTMLInputElement>('input[type=file]');
    this.#find('.from-file').addEventListener('click', () => file.click());
    file.addEventListener('change', () => {
      const choice = fileChoice([...(file.files ?? [])]);
      if (choice) load(choice);
      file.value = '';
    });
  }

  /** What the visitor wants networks to compute with. */
  get precision(): Precision {
    return this.#precision.value as Precision;
  }

  /** What is run first: weights if there are some here. */
  get first(): Choice {
    return this.#choices[0] ?? this.untrained;
  }

  get untrained(): Choice {
    return untrainedChoice(this.generation.versions[0]);
  }

  /** What to fetch for a column that has no weights; `null` where it has some, or the catalogue has none. */
  get wanted(): CatalogueChoice | null {
    return this.#choices.some(({ bytes }) => bytes !== null) ? null : this.#wanted;
  }

  /** Offers what can be run at once. */
  offer(choices: readonly Choice[]): void {
    this.#choices.push(...choices.filter(({ id }) => !this.#choices.some((known) => known.id === id)));
    this.#showChoices();
  }

  /** Lists what the catalogue has, and offers what an earlier visit kept of it. */
  async offerCatalogue(): Promise<void> {
    const all = await catalogueChoices(this.generation.versions);
    this.offer(all.filter(({ kept }) => kept));
    const rest = all.filter(({ kept }) => !kept);
    this.#find('.catalogue').replaceChildren(...rest.map((choice) => catalogueItem(choice, () => this.load(choice))));
    this.#wanted = rest.find(({ isDefault }) => isDefault) ?? null;
    if (!this.#wanted) return;
    const wanted = this.#wanted;
    const button = this.#find<HTMLButtonElement>('.offer button');
    labelFetch(button, wanted);
    button.addEventListener('click', () => this.load(wanted));
    this.#showChoices();
  }

  /** @param current what runs from now on */
  run(current: Choice): void {
    this.#current = current;
    this.offer([current]);
  }

  showTransfer(choice: Choice, { loaded, total }: Progress): void {
    const progress = this.#find<HTMLProgressElement>('progress');
    this.#showTransfer(true);
    progress.setAttribute('aria-label', text.page.column.loading(choice.title));
    if (total) {
      progress.max = total;
      progress.value = Math.min(loaded, total);
    } else {
      progress.removeAttribute('value');
    }
    this.#find('.transfer-text').textContent = total
      ? text.page.column.progress(megabytes(loaded), megabytes(total))
      : '';
  }

  hideTransfer(): void {
    this.#showTransfer(false);
    this.#showChoices();
  }

  #showTransfer(shown: boolean): void {
    this.#find('.transfer').hidden = !shown;
    this.#find('.choice').hidden = shown || this.#choices.length === 0;
  }

  #showChoices(): void {
    this.#find('.choice').hidden = this.#choices.length === 0 || !this.#find('.transfer').hidden;
    this.#select.replaceChildren(
      ...this.#choices.map(
        (choice) => new Option(titleWithAccuracy(choice), choice.id, false, choice.id === this.#current?.id),
      ),
    );
    if (!this.#current) this.#select.value = '';
    this.#find('.offer button').hidden = this.wanted === null;
  }

  get #precision(): HTMLSelectElement {
    return this.#find<HTMLSelectElement>('.precision select');
  }

  get #select(): HTMLSelectElement {
    return this.#find<HTMLSelectElement>('.choice select');
  }

  #find<E extends HTMLElement = HTMLElement>(selector: string): E {
    return this.column.querySelector(selector) as E;
  }
}

function titleWithAccuracy({ title, top1 }: Choice): string {
  return top1 === null ? title : `${title} · ${text.page.weights.top1(top1.toFixed(1))}`;
}
