import type { ClassifySource, MobileNet, Version } from 'mobilenet-wasm';
import { percent } from '../format';
import { download, fileTime } from '../hand-over';
import { textOf } from '../messages';
import { COLUMNS, architectureIn, shortName } from '../networks';
import { text } from '../text';
import { line, make } from './elements';
import type { Figure, Frame } from './figure';
import { HoldButton } from './hold-button';
import { Lessons } from './lessons';
import { Preview } from './preview';
import type { Still } from '../still';

/** The most examples of a class: more don't help, and each is compared with all others. */
const MOST = 60;

/** A press that has no frame after this time is dropped: the picture may have changed. ms */
const FORGOTTEN = 2500;

interface Press {
  label: string;
  /** Its start, by `performance.now()`. */
  since: number;
  held: boolean;
  /** Frames. */
  added: number;
}

interface Row {
  element: HTMLLIElement;
  name: HTMLInputElement;
  hold: HoldButton;
  count: HTMLElement;
}

/** Classes of the visitor's own, which each network learns from its features of some frames. */
export class TeachFigure implements Figure {
  readonly element: HTMLElement;
  readonly versions: readonly Version[] = COLUMNS;
  readonly pause = 150;
  // Random weights also give useful features. Each network's line says that its weights are random.
  readonly showsMaps = false;
  changed = () => {};
  readonly #lessons = new Lessons();
  readonly #rows = new Map<string, Row>();
  readonly #preview = new Preview(text.figures.teach.preview);
  readonly #list = make('ul', 'lesson-classes');
  readonly #status = line('reading lesson-status');
  readonly #answers = make('ul', 'lesson-answers');
  readonly #alike = line();
  readonly #export = make('button', 'small', text.figures.teach.export);
  /** Presses whose buttons are held, or that have no frame yet. */
  #presses: Press[] = [];
  #networks: readonly MobileNet[] = [];
  /** Each network's accuracy on the examples; `null` if it must be computed again. */
  #accuracies: Map<MobileNet, number | null> | null = null;

  constructor() {
    const words = text.figures.teach;
    this.#status.setAttribute('role', 'status');
    const another = make('button', 'small', words.another);
    another.addEventListener('click', () => this.#addClass().name.select());
    this.#export.addEventListener('click', () => this.#save());
    const file = make('input');
    Object.assign(file, { type: 'file', accept: '.json,application/json', hidden: true });
    file.addEventListener('change', () => {
      const [chosen] = file.files ?? [];
      if (chosen) void this.#open(chosen);
      file.value = '';
    });
    const open = make('button', 'small', words.import);
    open.addEventListener('click', () => file.click());
    for (const button of [another, this.#export, open]) button.type = 'button';
    const classes = make('div', 'lesson', this.#list, another);
    this.element = make(
      'div',
      'teach',
      make('div', 'lesson-top', this.#preview.element, classes),
      this.#status,
      make('h3', '', words.answers),
      this.#answers,
      this.#alike,
      make('div', 'row', this.#export, open, file),
    );
    this.#addClass();
    this.#addClass();
    this.#showCounts();
  }

  async look(source: Still, networks: readonly MobileNet[], { live, mirrored }: Frame): Promise<void> {
    await this.#preview.draw(source, mirrored);
    if (networks.some((net, index) => net !== this.#networks[index])) this.#accuracies = null;
    this.#networks = networks;
    this.#lessons.use(networks);
    const now = performance.now();
    this.#presses = this.#presses.filter(({ held, since }) => held || now - since < FORGOTTEN);
    const [press] = this.#presses;
    // A still picture has only one frame.
    if (press && (press.added === 0 || (live && press.held))) await this.#add(source, networks, press);
    if (press && !press.held) this.#presses = this.#presses.filter((other) => other !== press);
    if (press && (live || this.#presses.length > 0)) this.changed();
    else await this.#answer(source, networks);
  }

  redraw(): void {
    // The style sheet has all of its colours.
  }

  async #add(source: ClassifySource, networks: readonly MobileNet[], press: Press): Promise<void> {
    const { label } = press;
    const words = text.figures.teach;
    const full = this.#lessons.count(label) >= MOST;
    if (!full) await Promise.all(networks.map((net) => this.#lessons.add(net, source, label)));
    press.added++;
    this.#accuracies = null;
    this.#showCounts();
    this.#status.textContent = full ? words.enough(MOST) : '';
  }

  async #answer(source: ClassifySource, networks: readonly MobileNet[]): Promise<void> {
    const words = text.figures.teach;
    const answers = await Promise.all(networks.map((net) => this.#lessons.predict(net, source)));
    this.#accuracies ??= await this.#accuraciesOf(networks);
    const accuracies = this.#accuracies;
    this.#alike.textContent = [...accuracies.values()].some((share) => share !== null) ? words.alike : '';
    this.#answers.replaceChildren(
      ...networks.map((net, index) => {
        const [first] = answers[index];
        const accuracy = accuracies.get(net) ?? null;
        const told = [words.examples(this.#lessons.countOf(net))];
        if (accuracy !== null) told.push(words.accuracy(percent(accuracy)));
        if (!net.info.trained) told.push(words.untrained);
        const said = first ? (this.#lessons.names.get(first.label) ?? '') : '—';
        return make(
          'li',
          '',
          make('b', '', shortName(architectureIn(net).name)),
          make('span', 'lesson-said', said),
          make('span', 'value', first ? percent(first.probability) : ''),
          make('small', '', told.join(' · ')),
        );
      }),
    );
  }

  /** Computes one network after the other, so that the page stays responsive with many examples. */
  async #accuraciesOf(networks: readonly MobileNet[]): Promise<Map<MobileNet, number | null>> {
    const found = new Map<MobileNet, number | null>();
    for (const net of networks) {
      found.set(net, this.#lessons.accuracy(net));
      await new Promise((resolve) => setTimeout(resolve));
    }
    return found;
  }

  /** Adds a class with the first default name that is free. */
  #addClass(): Row {
    const { names } = this.#lessons;
    const { unnamed } = text.figures.teach;
    let number = 1;
    while ([...names.values()].includes(unnamed(number))) number++;
    return this.#addRow(this.#lessons.addClass(unnamed(number)));
  }

  #addRow(label: string): Row {
    const words = text.figures.teach;
    const name = make('input', 'lesson-name');
    Object.assign(name, { type: 'text', maxLength: 60, autocomplete: 'off' });
    name.setAttribute('aria-label', words.name);
    name.addEventListener('change', () => this.#rename(label, name.value.trim()));
    const hold = new HoldButton(words.hold, {
      onPress: () => {
        this.#presses.push({ label, since: performance.now(), held: true, added: 0 });
        this.#status.textContent = '';
        this.changed();
      },
      onRelease: () => {
        for (const press of this.#presses) if (press.label === label) press.held = false;
        this.changed();
      },
    });
    const count = make('span', 'value');
    const remove = make('button', 'small remove', '×');
    remove.type = 'button';
    remove.addEventListener('click', () => this.#remove(label));
    const element = make('li', '', name, hold.element, count, remove);
    const row = { element, name, hold, count };
    this.#rows.set(label, row);
    this.#list.append(element);
    this.#showName(label);
    return row;
  }

  #rename(label: string, name: string): void {
    const { names } = this.#lessons;
    const taken = [...names].some(([other, known]) => other !== label && known === name);
    if (name && !taken) names.set(label, name);
    this.#status.textContent = taken ? text.figures.teach.taken(name) : '';
    this.#showName(label);
    this.changed();
  }

  #remove(label: string): void {
    this.#lessons.removeClass(label);
    this.#rows.get(label)?.element.remove();
    this.#rows.delete(label);
    this.#accuracies = null;
    this.#showCounts();
    this.changed();
  }

  #showName(label: string): void {
    const row = this.#rows.get(label);
    const name = this.#lessons.names.get(label) ?? '';
    if (!row) return;
    const words = text.figures.teach;
    row.name.value = name;
    row.hold.element.setAttribute('aria-label', words.holdFor(name));
    row.element.querySelector('.remove')?.setAttribute('aria-label', words.remove(name));
  }

  #showCounts(): void {
    for (const [label, { count }] of this.#rows) count.textContent = String(this.#lessons.count(label));
    this.#export.disabled = this.#lessons.empty;
  }

  #save(): void {
    download(`mobilenet-lessons-${fileTime()}.json`, 'application/json', JSON.stringify(this.#lessons));
  }

  /** Adds the lessons of a file; changes nothing if it has none. */
  async #open(file: File): Promise<void> {
    const words = text.figures.teach;
    try {
      const left = this.#lessons.import(await file.text());
      this.#status.textContent = left.length > 0 ? words.left(left) : '';
    } catch (error) {
      const reason = error instanceof SyntaxError ? words.notJson : textOf(error);
      this.#status.textContent = words.unread(file.name, reason);
      return;
    }
    for (const label of this.#lessons.names.keys()) if (!this.#rows.has(label)) this.#addRow(label);
    // The initial classes are removed if they are unused.
    for (const label of [...this.#rows.keys()]) {
      const unused = this.#lessons.count(label) === 0 && this.#isUnnamed(label);
      if (unused) this.#remove(label);
    }
    this.#accuracies = null;
    this.#showCounts();
    this.changed();
  }

  #isUnnamed(label: string): boolean {
    const { unnamed } = text.figures.teach;
    const name = this.#lessons.names.get(label);
    return Array.from(this.#rows, (_, index) => unnamed(index + 1)).includes(name ?? '');
  }
}
