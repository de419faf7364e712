import type { Profile, ProfileStep } from 'mobilenet-wasm';
import { element } from '../element';
import { percent } from '../format';
import { text } from '../text';
import { type Entry, NETWORKS } from './entry';
import { figure, optional } from './figures';

type Kind = ProfileStep['kind'];

/** Shows the layers of one network in one build, with the choice of these. */
export class ProfileView {
  readonly #select = element<HTMLSelectElement>('profile-select');
  #offered = new Map<string, Entry>();
  #shown: Entry | null = null;

  constructor() {
    this.#select.addEventListener('change', () => this.choose(this.#offered.get(this.#select.value)));
    this.clear();
  }

  clear(): void {
    this.#offered.clear();
    this.#shown = null;
    this.#select.replaceChildren(
      ...NETWORKS.map(({ name }) => {
        const group = document.createElement('optgroup');
        group.label = name;
        // Browsers show even groups without options.
        group.hidden = true;
        return group;
      }),
    );
    this.#showState();
  }

  /** Adds an entry to the choice when it has a profile; the first one is shown. */
  offer(entry: Entry): void {
    const id = `${entry.version} ${entry.build}`;
    if (!entry.profile || this.#offered.has(id)) return;
    this.#offered.set(id, entry);
    const group = [...this.#select.querySelectorAll('optgroup')].find(({ label }) => label === entry.name);
    group?.append(new Option(`${entry.name}, ${entry.build}`, id));
    if (group) group.hidden = false;
    if (!this.#shown) this.choose(entry);
  }

  choose(entry: Entry | undefined): void {
    if (!entry?.profile || entry.threads === null) return;
    this.#shown = entry;
    this.#select.value = `${entry.version} ${entry.build}`;
    showTotal(entry.profile, entry.threads);
    showKinds(entry.profile);
    showSteps(entry.profile);
    this.#showState();
  }

  scrollIntoView(): void {
    element('layers').scrollIntoView({ block: 'nearest' });
  }

  #showState(): void {
    element('profile').hidden = element('profile-choice').hidden = this.#shown === null;
    element('profile-empty').hidden = this.#shown !== null;
  }
}

function showTotal({ total, runs, peak, steps }: Profile, threads: number): void {
  const facts = [
    text.bench.layers.count(steps.length, figure(total.microseconds / 1000), text.bench.threads(threads)),
    `${optional(total.gflops)} GFLOP/s`,
    text.bench.layers.peak(optional(peak)),
    text.bench.runs(runs),
  ];
  element('profile-total').textContent = facts.join(' · ');
}

/** Shows the share of each kind of layer in the whole time, the largest first. */
function showKinds({ steps, total }: Profile): void {
  const sums = new Map<Kind, { microseconds: number; macs: number }>();
  for (const { kind, microseconds, macs } of steps) {
    const sum = sums.get(kind) ?? { microseconds: 0, macs: 0 };
    sums.set(kind, { microseconds: sum.microseconds + microseconds, macs: sum.macs + macs });
  }
  const kinds = [...sums].sort(([, a], [, b]) => b.microseconds - a.microseconds);
  // Parts that would be narrower than the gaps are left out.
  const visible = kinds.filter(([, { microseconds }]) => microseconds > total.microseconds / 200);
  element('kinds-bar').replaceChildren(
    ...visible.map(([kind, { microseconds }]) => {
      const part = document.createElement('i');
      part.dataset.kind = kind;
      part.style.setProperty('--value', String(microseconds / total.microseconds));
      return part;
    }),
  );
  element('kinds').replaceChildren(
    ...kinds.map(([kind, { microseconds, macs }]) => {
      const item = document.createElement('li');
      item.dataset.kind = kind;
      const rate = macs > 0 && microseconds > 0 ? `, ${figure((2 * macs) / (microseconds * 1e3))} GFLOP/s` : '';
      item.textContent = `${kind} ${percent(microseconds / total.microseconds || 0)}${rate}`;
      return item;
    }),
  );
}

function showSteps({ steps, total }: Profile): void {
  const longest = Math.max(...steps.map(({ microseconds }) => microseconds));
  element('steps').replaceChildren(...steps.map((step) => stepRow(step, total.microseconds, longest)));
}

function stepRow(
  { name, kind, shape, macs, microseconds, gflops }: ProfileStep,
  total: number,
  longest: number,
): HTMLTableRowElement {
  const row = document.createElement('tr');
  row.dataset.kind = kind;
  const heading = document.createElement('th');
  heading.scope = 'row';
  const what = document.createElement('small');
  what.textContent = `${kind}, ${shape.replaceAll('x', '×').replace('->', '→')}`;
  const bar = document.createElement('div');
  bar.className = 'bar';
  bar.title = text.bench.layers.share(percent(microseconds / total || 0));
  const filled = document.createElement('i');
  filled.style.setProperty('--value', String(microseconds / longest || 0));
  bar.append(filled);
  heading.append(name, what, bar);
  row.append(heading);
  for (const words of [
    macs === 0 ? '' : figure(macs / 1e6),
    figure(microseconds),
    macs === 0 ? '' : optional(gflops),
  ]) {
    row.insertCell().textContent = words;
  }
  return row;
}
