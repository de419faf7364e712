import type { FitSearch } from 'mobilenet-wasm/fit';
import { milliseconds, percent } from '../format';
import { text } from '../text';
import { line, make } from './elements';
import { FIT_MEASURED } from './fit-measured';
import { nameOf } from './fit-words';

/** Shows the choice and the alternatives. */
export class FitResult {
  readonly element: HTMLElement;
  readonly #chosen = make('p', 'fit-chosen');
  readonly #facts = make('div');
  readonly #spread = line();
  readonly #summary = make('summary');
  readonly #table = make('div');

  /**
   * @param effect the controls that apply the choice
   * @param onExport called when the visitor exports the measurements
   */
  constructor(effect: HTMLElement, onExport: () => void) {
    const words = text.figures.fit;
    this.#chosen.setAttribute('aria-live', 'polite');
    const save = make('button', 'small', words.export);
    save.type = 'button';
    save.addEventListener('click', onExport);
    const all = make(
      'details',
      'fit-table',
      this.#summary,
      this.#table,
      make('p', 'reading', words.notes(FIT_MEASURED)),
      save,
    );
    this.element = make('div', 'fit-result', this.#chosen, this.#facts, this.#spread, effect, all);
  }

  show(found: FitSearch): void {
    const { all, tooFast } = text.figures.fit;
    const { chosen, nearest, points } = found;
    if (chosen) this.#chosen.textContent = nameOf(chosen);
    else if (nearest) this.#chosen.textContent = tooFast(nameOf(nearest), milliseconds(nearest.latency));
    this.#facts.replaceChildren(...choiceFacts(found));
    this.#spread.textContent = rewardSpread(found);
    this.#summary.textContent = all(points.length);
    this.#table.replaceChildren(pointsTable(found));
  }
}

/** The facts about the choice, each with its source: this device, or the authors of the weights. */
function choiceFacts({ chosen, verified }: FitSearch): HTMLElement[] {
  if (!chosen || !verified) return [];
  const words = text.figures.fit;
  const { here, published } = words.marks;
  const [low, high] = verified.interval.map(percent);
  const facts: [term: string, value: string, mark: string][] = [
    [words.facts.time, `${milliseconds(chosen.latency)} ms`, here],
    [words.facts.agreement, words.verified(percent(verified.agreement), low, high, verified.frames), here],
    [words.facts.reward, chosen.reward?.toFixed(3) ?? '—', here],
  ];
  if (chosen.published !== null) facts.push([words.facts.top1, `${chosen.published.toFixed(1)} %`, published]);
  const rows = facts.map(([term, value, mark]) =>
    make('div', '', make('dt', '', term), make('dd', '', value, ' ', make('small', '', mark))),
  );
  return [make('dl', 'fit-facts', ...rows)];
}

/** Compares how time and agreement change the reward along the frontier. */
function rewardSpread({ frontier }: FitSearch): string {
  const [first, last] = [frontier[0], frontier[frontier.length - 1]];
  if (first === last || !first.reward || !last.reward) return '';
  // The share of the reward that is left if the same agreement takes the longer time.
  const left = (last.reward / last.agreement) * (first.agreement / first.reward);
  return text.figures.fit.rewards(
    (last.latency / first.latency).toFixed(1),
    percent(1 - left),
    [percent(first.agreement), percent(last.agreement)],
    [first.reward.toFixed(2), last.reward.toFixed(2)],
  );
}

/** A table with the numbers of all single networks. */
function pointsTable({ points }: FitSearch): HTMLTableElement {
  const words = text.figures.fit;
  const { here, published } = words.marks;
  const heads = [
    [words.facts.network, ''],
    [words.time, here],
    [words.agreement, here],
    [words.facts.top1, published],
  ];
  const head = make('tr', '', ...heads.map(([name, mark]) => columnHead(name, mark)));
  const rows = points.map((choice) => {
    const accuracy = choice.published === null ? '—' : `${choice.published.toFixed(1)} %`;
    const values = [milliseconds(choice.latency), percent(choice.agreement), accuracy];
    const name = make('th', '', nameOf(choice));
    name.scope = 'row';
    return make('tr', '', name, ...values.map((value) => make('td', '', value)));
  });
  return make('table', '', make('thead', '', head), make('tbody', '', ...rows));
}

function columnHead(name: string, mark: string): HTMLElement {
  const head = make('th', '', name, ' ', make('small', '', mark));
  head.scope = 'col';
  return head;
}
