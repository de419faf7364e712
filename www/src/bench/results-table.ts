import type { Version } from 'mobilenet-wasm';
import { element } from '../element';
import { percentage } from '../format';
import { text } from '../text';
import { type Entry, NETWORKS, resultOf } from './entry';
import { NONE, figure, optional } from './figures';
import { sentences } from './problems';

/** The table of all networks and builds, a group of rows for each network. */
export class ResultsTable {
  #entries: readonly Entry[] = [];
  #rows = new Map<Entry, Row>();
  readonly #groups = new Map<Version, HTMLTableSectionElement>();

  /** @param onChoose called when the visitor chooses an entry, to see its layers */
  constructor(private readonly onChoose: (entry: Entry) => void) {
    for (const { version, name } of NETWORKS) {
      const group = document.createElement('tbody');
      group.dataset.version = version;
      const heading = document.createElement('th');
      Object.assign(heading, { scope: 'rowgroup', colSpan: 6 });
      const title = document.createElement('span');
      title.textContent = name;
      const macs = document.createElement('small');
      heading.append(title, macs);
      group.insertRow().append(heading);
      this.#groups.set(version, group);
    }
    element('results').append(...this.#groups.values());
  }

  /** Replaces the entries. */
  show(entries: readonly Entry[]): void {
    for (const { element } of this.#rows.values()) element.remove();
    this.#entries = entries;
    this.#rows = new Map(entries.map((entry) => [entry, new Row(entry, () => this.onChoose(entry))]));
    for (const [{ version }, row] of this.#rows) this.#groups.get(version)?.append(row.element);
    this.update();
  }

  /** Updates all rows, since one new value can change the shares and bars of all. */
  update(): void {
    for (const [version, group] of this.#groups) {
      const entries = this.#entries.filter((entry) => entry.version === version);
      const macs = entries.find(({ macs }) => macs)?.macs;
      const heading = group.querySelector('small');
      if (heading) heading.textContent = macs ? text.page.column.macs(text.page.rounded(macs)) : '';
      const minima = entries.flatMap(({ inference }) => (inference.length > 0 ? [Math.min(...inference)] : []));
      for (const entry of entries)
        this.#rows.get(entry)?.update(entry, this.#entries, Math.min(...minima), Math.max(...minima));
    }
    this.#showNotes(sentences(this.#entries));
  }

  #showNotes(texts: string[]): void {
    const notes = element('notes');
    while (notes.children.length > texts.length) notes.lastElementChild?.remove();
    for (const [i, words] of texts.entries()) {
      const note = notes.children[i] ?? notes.appendChild(document.createElement('li'));
      // Each change is read out by a screen reader.
      if (note.textContent !== words) note.textContent = words;
    }
  }
}

class Row {
  readonly element = document.createElement('tr');
  readonly #button = document.createElement('button');
  readonly #threads = document.createElement('small');
  readonly #bar = document.createElement('i');

  constructor(entry: Entry, onChoose: () => void) {
    this.element.dataset.build = entry.build;
    const heading = document.createElement('th');
    heading.scope = 'row';
    this.#button.type = 'button';
    this.#button.className = 'build';
    this.#button.textContent = entry.build;
    this.#button.addEventListener('click', onChoose);
    const pace = document.createElement('div');
    pace.className = 'bar';
    pace.append(this.#bar);
    heading.append(this.#button, ' ', this.#threads, pace);
    this.element.append(heading);
  }

  /**
   * @param all all entries, from which the peak is taken
   * @param best the network's best time, ms
   * @param worst the network's worst time, ms
   */
  update(entry: Entry, all: readonly Entry[], best: number, worst: number): void {
    const { problem, profile, threads, name, build } = entry;
    const result = resultOf(entry, all);
    this.element.classList.toggle('fastest', result?.minimum === best);
    this.element.classList.toggle('unmeasured', !result);
    this.#button.disabled = !profile;
    this.#button.setAttribute('aria-label', text.bench.results.show(build, name));
    this.#threads.textContent = threads === null ? '' : text.bench.threads(threads);
    this.#bar.style.setProperty('--value', String(result ? result.minimum / worst : 0));
    while (this.element.cells.length > 1) this.element.deleteCell(1);
    if (problem && !result) {
      const cell = this.element.insertCell();
      cell.colSpan = 5;
      cell.className = 'missing';
      // The reason stands below the table.
      cell.textContent = problem.kind === 'unavailable' ? text.bench.results.unavailable : text.bench.results.failed;
      return;
    }
    const cells = result
      ? [
          figure(result.minimum),
          figure(result.median),
          figure(result.p95),
          optional(result.gflops),
          optional(result.shareOfPeak, percentage),
        ]
      : Array<string>(5).fill(NONE);
    for (const words of cells) this.element.insertCell().textContent = words;
  }
}
