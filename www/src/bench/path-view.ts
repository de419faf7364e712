import { element } from '../element';
import { paragraph, text } from '../text';
import { NONE, figure } from './figures';
import { PARTS, type Path, mediansOf } from './path';
import { pathSentences } from './problems';

/** Shows the time from a frame to its labels, for one network and each size of frame, with the choice of the network. */
export class PathView {
  readonly #select = element<HTMLSelectElement>('path-select');
  readonly #problems = element('path-problems');
  #offered: Path[] = [];

  constructor() {
    this.#select.addEventListener('change', () => this.#show());
    this.clear();
  }

  clear(): void {
    this.#offered = [];
    this.#select.replaceChildren();
    this.#problems.textContent = '';
    this.#show();
  }

  /** Adds a network to the choice when it is measured; the first one is shown. */
  offer(path: Path): void {
    this.#problems.textContent = paragraph(this.#problems.textContent ?? '', ...pathSentences([path]));
    if (!path.sizes.some(mediansOf)) return;
    if (!this.#offered.includes(path)) {
      this.#offered.push(path);
      this.#select.append(new Option(path.name));
    }
    this.#show();
  }

  #show(): void {
    const path = this.#offered.at(this.#select.selectedIndex);
    element('path').hidden = element('path-choice').hidden = !path;
    element('path-empty').hidden = path !== undefined;
    if (!path) return;
    const runs = path.sizes[0].times.total.length;
    const facts = [text.bench.path.medians(runs), path.build, text.bench.threads(path.threads ?? 1)];
    element('path-facts').textContent = facts.join(' · ');
    // Medians of the parts needn't add up to that of the whole.
    const longest = Math.max(...path.sizes.map((size) => sumOfParts(mediansOf(size))));
    element('path-rows').replaceChildren(...path.sizes.map((size) => row(size, longest)));
  }
}

function sumOfParts(medians: ReturnType<typeof mediansOf>): number {
  return medians ? PARTS.reduce((sum, part) => sum + medians[part], 0) : 0;
}

/** @param longest the largest sum of parts of all sizes, ms */
function row(size: Path['sizes'][number], longest: number): HTMLTableRowElement {
  const { width, height } = size.source;
  const medians = mediansOf(size);
  const row = document.createElement('tr');
  const heading = document.createElement('th');
  heading.scope = 'row';
  const bar = document.createElement('div');
  bar.className = 'path-bar';
  bar.setAttribute('aria-hidden', 'true');
  for (const part of PARTS) {
    const filled = document.createElement('i');
    filled.dataset.part = part;
    filled.style.setProperty('--value', String(medians ? medians[part] / longest : 0));
    bar.append(filled);
  }
  heading.append(`${width}×${height}`, bar);
  row.append(heading);
  for (const part of [...PARTS, 'total'] as const) {
    row.insertCell().textContent = medians ? figure(medians[part]) : NONE;
  }
  return row;
}
