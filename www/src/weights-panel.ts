import type { NetworkInfo, Precision, Progress, Version } from 'mobilenet-wasm';
import { type CatalogueChoice, catalogueChoices } from './catalogue-choice';
import { catalogueItem, labelFetch } from './catalogue-item';
import { megabytes } from './format';
import { takeOut } from './late-controls';
import type { Generation } from './networks';
import { text } from './text';
import { type Choice, ENDINGS, USUAL_SIDE, isResizable, resized, untrainedChoice } from './weights';

/** The width multipliers of the papers and of known checkpoints. */
const WIDTHS = [0.25, 0.35, 0.5, 0.75, 1, 1.4];

/** The input sizes that the engine takes. Pixels. */
const SIDES = [96, 128, 160, 192, 224, 256, 288, 320];

/** The part of a column in which the visitor chooses weights and sees their progress. */
export class WeightsPanel {
  #choices: Choice[] = [];
  #wanted: CatalogueChoice | null = null;
  /** The catalogue's checkpoints that are not stored here. */
  #rest: CatalogueChoice[] = [];
  /** The choice that runs. */
  #current: Choice | null = null;
  #version: Version;
  readonly #width: HTMLSelectElement;
  readonly #side: HTMLSelectElement;
  readonly #precision: HTMLSelectElement;
  readonly #select: HTMLSelectElement;

  /**
   * @param column the whole column
   * @param load runs a choice
   */
  constructor(
    private readonly column: HTMLElement,
    private readonly generation: Generation,
    private readonly load: (choice: Choice) => void,
    events: { onCancel: () => void; onPrecision: () => void; onFiles: (files: File[]) => void },
  ) {
    this.#version = generation.versions[0];
    [this.#width, this.#side, this.#precision, this.#select] = ['width', 'side', 'precision', 'choice'].map((name) =>
      this.#find<HTMLSelectElement>(`.${name} select`),
    );
    this.#find('.more').addEventListener('toggle', takeOut(this.#find('.more')), { once: true });
    this.#find('.choice span').textContent = text.page.column.weights(generation.name);
    this.#find('.cancel').addEventListener('click', events.onCancel);
    const { precisions } = text.page.weights;
    this.#precision.append(...Object.entries(precisions).map(([value, label]) => new Option(label, value)));
    this.#precision.addEventListener('change', events.onPrecision);
    this.#width.addEventListener('change', () => load(this.#shaped(this.#current?.asked?.side ?? null)));
    this.#side.addEventListener('change', () => load(this.#shaped(Number(this.#side.value))));
    this.#showShape(1, USUAL_SIDE);
    this.#find('.offer button').addEventListener('click', () => {
      const { offered } = this;
      if (offered) load(offered);
    });
    this.#select.addEventListener('change', () => {
      const choice = this.#choices.find(({ id }) => id === this.#select.value);
      if (choice) load(choice);
    });
    this.#find('.untrained').addEventListener('click', () => load(this.untrained));
    const file = this.#find<HTMLInputElement>('input[type=file]');
    file.accept = [...ENDINGS, '.json', '.bin'].join();
    this.#find('.from-file').addEventListener('click', () => file.click());
    file.addEventListener('change', () => {
      events.onFiles([...(file.files ?? [])]);
      file.value = '';
    });
  }

  /** The number format that the visitor chose. */
  get precision(): Precision {
    return this.#precision.value as Precision;
  }

  set precision(precision: Precision) {
    this.#precision.value = precision;
  }

  /** The choice that runs first: weights, if there are any here. */
  get first(): Choice {
    return this.#choices[0] ?? this.untrained;
  }

  get untrained(): Choice {
    return untrainedChoice(this.generation.versions[0]);
  }

  /** The checkpoint to fetch for a column without weights; `null` if it has some or the catalogue has none. */
  get wanted(): CatalogueChoice | null {
    return this.#choices.some(({ bytes }) => bytes !== null) ? null : this.#wanted;
  }

  /** The checkpoint to offer while the network runs untrained: one of the chosen width, or the default. */
  get offered(): CatalogueChoice | null {
    const asked = this.#current?.asked;
    if (!asked || asked.weights) return this.wanted;
    return (
      this.#rest.find(({ entry, width }) => entry.version === this.#version && width === this.#current?.width) ?? null
    );
  }

  /** Lists choices that can run at once. */
  offer(choices: readonly Choice[]): void {
    this.#choices.push(...choices.filter(({ id }) => !this.#choices.some((known) => known.id === id)));
    this.#showChoices();
  }

  /** Lists the catalogue's checkpoints, and those of them that are stored here among the choices. */
  async offerCatalogue(): Promise<void> {
    const all = await catalogueChoices(this.generation.versions);
    this.offer(all.filter(({ kept }) => kept));
    const rest = all.filter(({ kept }) => !kept);
    this.#find('.catalogue').replaceChildren(...rest.map((choice) => catalogueItem(choice, () => this.load(choice))));
    this.#rest = rest;
    this.#wanted = rest.find(({ isDefault }) => isDefault) ?? null;
    this.#showChoices();
  }

  /**
   * @param current the choice that runs from now on
   * @param info its network's
   */
  run(current: Choice, { version, width, resolution, flavour }: NetworkInfo): void {
    this.#current = current;
    this.#version = version ?? this.#version;
    current.width ??= width;
    current.side ??= resolution;
    // Of the shapes that the visitor asked for, only the last is listed. The others can be chosen again.
    this.#choices = this.#choices.filter(({ asked }) => !asked);
    this.offer([current]);
    this.#showShape(width, resolution);
    this.#side.disabled = !isResizable(flavour);
  }

  /** @param side `null` for the one that the weights were trained on */
  #shaped(side: number | null): Choice {
    const width = Number(this.#width.value);
    const current = this.#current?.asked?.weights ?? this.#current;
    const fitting = this.#choices.filter((choice) => choice.bytes !== null && !choice.asked && choice.width === width);
    const weights = fitting.find((choice) => choice === current) ?? fitting[0];
    if (!weights) return untrainedChoice(this.#version, width, side);
    return side === null || side === weights.side ? weights : resized(weights, side);
  }

  #showShape(width: number, side: number): void {
    const options = (values: number[], chosen: number, written: (value: number) => string) =>
      [...new Set([...values, chosen])]
        .sort((a, b) => a - b)
        .map((value) => new Option(written(value), String(value), false, value === chosen));
    this.#width.replaceChildren(...options(WIDTHS, width, (value) => `× ${value}`));
    this.#side.replaceChildren(...options(SIDES, side, text.page.weights.pixels));
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
    const button = this.#find<HTMLButtonElement>('.offer button');
    const { offered } = this;
    button.hidden = offered === null;
    if (offered) labelFetch(button, offered);
  }

  #find<E extends HTMLElement = HTMLElement>(selector: string): E {
    return this.column.querySelector(selector) as E;
  }
}

function titleWithAccuracy({ title, top1 }: Choice): string {
  return top1 === null ? title : `${title} · ${text.page.weights.top1(top1.toFixed(1))}`;
}
