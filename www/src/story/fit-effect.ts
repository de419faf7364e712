import type { ClassifySource } from 'mobilenet-wasm';
import type { CascadeClassification, FitChoice } from 'mobilenet-wasm/fit';
import { shortLabel } from '../class-names';
import { milliseconds, percent } from '../format';
import { text } from '../text';
import { line, make } from './elements';
import type { Applied } from './fit-applied';
import type { Candidate } from './fit-candidates';
import { networkName } from './fit-words';

/** A choice that the visitor can apply. */
interface Offer {
  choice: FitChoice;
  candidates: readonly Candidate[];
}

/** Runs a long task. No other can begin meanwhile, and an error is reported in `told`. */
export type Work = (told: HTMLElement, work: (signal: AbortSignal) => Promise<void>) => Promise<void>;

/** Applies a choice to the page and undoes it. If a cascade runs, it shows the cascade's answers. */
export class FitEffect {
  readonly element: HTMLElement;
  readonly #apply = make('button', 'primary', text.figures.fit.apply);
  readonly #undo = make('button', '', text.figures.fit.undo);
  readonly #told = line();
  readonly #answer = make('div', 'fit-answer');
  #offer: Offer | null = null;

  /** @param onChange called when another set-up runs */
  constructor(
    private readonly applied: Applied,
    private readonly work: Work,
    private readonly onChange: () => void,
  ) {
    for (const button of [this.#apply, this.#undo]) button.type = 'button';
    this.#apply.addEventListener('click', () => void this.#run());
    this.#undo.addEventListener('click', () => void this.#takeBack());
    this.#told.setAttribute('role', 'status');
    this.#answer.hidden = true;
    this.element = make('div', 'fit-effect', make('div', 'row', this.#apply, this.#undo), this.#told, this.#answer);
  }

  /** Whether a cascade runs. */
  get live(): boolean {
    return this.applied.choice !== null;
  }

  /** @param offer `null` if nothing can be applied */
  offer(offer: Offer | null): void {
    this.#offer = offer;
  }

  /** Enables the buttons that can do something, or disables both. */
  enable(enabled: boolean): void {
    this.#apply.disabled = !enabled || !this.#offer;
    this.#undo.disabled = !enabled || !this.applied.undoable;
  }

  /** Shows the cascade's answer for a picture, if one runs. */
  async look(source: ClassifySource): Promise<void> {
    const answer = await this.applied.answer(source);
    if (answer) this.#show(answer);
  }

  /** Updates the figure after a change of what runs. */
  refresh(): void {
    this.#answer.hidden = !this.live;
    this.#answer.replaceChildren();
    this.onChange();
  }

  async #run(): Promise<void> {
    const offer = this.#offer;
    if (!offer) return;
    const { choice, candidates } = offer;
    const { applied, appliedCascade, applying, refused } = text.figures.fit;
    await this.work(this.#told, async (signal) => {
      this.#told.textContent = applying;
      const runs = await this.applied.apply(choice, candidates, signal);
      if (!runs) signal.throwIfAborted();
      const [{ model, name }] = choice.networks;
      const done = choice.margin === null ? applied(model ?? name) : appliedCascade;
      this.#told.textContent = runs ? done : refused(model ?? name);
    });
    this.refresh();
  }

  async #takeBack(): Promise<void> {
    const { notUndone, undone } = text.figures.fit;
    await this.work(this.#told, async (signal) => {
      const runs = await this.applied.undo(signal);
      if (!runs) signal.throwIfAborted();
      this.#told.textContent = runs ? undone : notUndone;
    });
    this.refresh();
  }

  #show({ predictions: [best], asked, timing }: CascadeClassification): void {
    const { choice } = this.applied;
    if (!choice) return;
    const { alone, escalated } = text.figures.fit;
    const [small, large] = choice.networks.map(networkName);
    const who = asked === 1 ? alone(small) : escalated(small, large);
    const share = make('span', 'value', percent(best.probability));
    this.#answer.replaceChildren(
      make('p', 'fit-said', shortLabel(best.label ?? '', best.index), ' ', share),
      make('p', 'reading', `${who} ${milliseconds(timing.preprocess + timing.inference)} ms`),
    );
  }
}
