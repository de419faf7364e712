import { type Classification, type MobileNet, MobileNetError, type Progress, type Version } from 'mobilenet-wasm';
import type { CatalogueChoice } from './catalogue-choice';
import { shortLabel } from './class-names';
import { megabytes } from './format';
import { takeOutWhileFar } from './late-controls';
import { loadMessage, runMessage } from './messages';
import { type Generation, architectureOf } from './networks';
import { Ranking } from './ranking';
import { type Runner, TOP } from './scheduler';
import { silhouette } from './silhouette';
import { Speed } from './speed';
import { text } from './text';
import { type Choice, type Loading, type Setup, fileChoices } from './weights';
import { WeightsPanel } from './weights-panel';

export interface CardEvents {
  /** The network was loaded, removed, or switched on or off. */
  onChange: () => void;
  /** A network has answered. */
  onAnswer: (card: Card, answer: Classification) => void;
  /** The pointer is on the column or on a class of its ranking; `null` if on neither. */
  onPoint: (question: { card: Card; classIndex: number | null } | null) => void;
  /** The visitor pins the map of a class; with `null` that of the first class. */
  onPin: (card: Card, classIndex: number | null) => void;
  /** A file held a network for another column, or for none. The listener now owns it. */
  onOtherVersion: (version: Version | null, net: MobileNet, choice: Choice) => void;
}

/** A network's first answer, to compare it with the others'. */
export interface Opinion {
  /** Equal for two networks that name the same class. */
  key: string;
  label: string;
  probability: number;
}

/** One generation's column: its network, the answers, and the choice of weights. */
export class Card implements Runner {
  readonly element: HTMLLIElement;
  readonly name: string;
  opinion: Opinion | null = null;

  #net: MobileNet | null = null;
  #choice: Choice | null = null;
  #answer: Classification | null = null;
  #loading: AbortController | null = null;
  /** Counts what the visitor asked for. */
  #wish = 0;
  #crashed = false;
  readonly #ranking: Ranking;
  readonly #speed: Speed;
  readonly #weights: WeightsPanel;

  constructor(
    private readonly generation: Generation,
    private readonly events: CardEvents,
  ) {
    const template = document.getElementById('card-template') as HTMLTemplateElement;
    this.element = template.content.firstElementChild?.cloneNode(true) as HTMLLIElement;
    this.name = generation.name;
    this.element.dataset.version = generation.versions[0];
    const year = this.#find<HTMLTimeElement>('.year');
    year.dateTime = year.textContent = String(generation.year);
    const paper = document.createElement('a');
    Object.assign(paper, { href: generation.paper, textContent: generation.name, target: '_blank', rel: 'noreferrer' });
    paper.title = text.page.column.paper(generation.name);
    this.#find('.name').append(paper);
    this.#find('.switch span').textContent = text.page.column.run(generation.name);
    this.#find('.idea').textContent = text.page.column.ideas[generation.versions[0]];
    this.#showSilhouette(generation.versions[0]);
    this.#ranking = new Ranking(this.#find('.predictions'), TOP, {
      onPoint: (classIndex) => events.onPoint({ card: this, classIndex }),
      onPick: (classIndex) => events.onPin(this, classIndex),
    });
    this.element.addEventListener('pointerenter', ({ pointerType }) => {
      if (pointerType === 'mouse') events.onPoint({ card: this, classIndex: null });
    });
    this.element.addEventListener('pointerleave', () => events.onPoint(null));
    this.#where.setAttribute('aria-label', text.page.column.whereNamed(generation.name));
    this.#where.addEventListener('click', () => events.onPin(this, null));
    this.#speed = new Speed(this.#find('.speed'));
    this.#weights = new WeightsPanel(this.element, generation, (choice) => void this.load(choice), {
      onCancel: () => this.#cancel(),
      onPrecision: () => void (this.#choice && this.load(this.#choice)),
      onFiles: (files) => void this.loadFiles(files),
    });
    takeOutWhileFar(this.element);
    this.#switch.addEventListener('change', () => {
      this.clear();
      this.#speed.clear();
      this.#showState();
      this.events.onChange();
    });
    this.#showState();
  }

  get network(): MobileNet | null {
    // A network that crashed waits for the visitor, because the next picture may crash it again.
    return this.#crashed || !this.#switch.checked ? null : this.#net;
  }

  /** The loaded network, even if it is switched off. */
  get loaded(): MobileNet | null {
    return this.#net;
  }

  /** Median inference time, ms. */
  get time(): number | null {
    return this.#speed.time;
  }

  /** Whether networks of this version run here. */
  runs(version: Version): boolean {
    return this.generation.versions.includes(version);
  }

  get info() {
    return this.#net?.info ?? null;
  }

  /** Lists weights that need no download. */
  offer(choices: readonly Choice[]): void {
    this.#weights.offer(choices);
  }

  offerCatalogue(): Promise<void> {
    return this.#weights.offerCatalogue();
  }

  /** The weights to fetch for this column if it has none. */
  get wanted(): CatalogueChoice | null {
    return this.#weights.wanted;
  }

  /** The size of the weights that {@link begin} loads; a network without weights comes after all others. */
  get firstBytes(): number {
    return this.#weights.first.bytes ?? Infinity;
  }

  /** Loads the first weights in the list. If there are none, the network runs untrained, to show its time. */
  async begin(): Promise<void> {
    await this.load(this.#weights.first);
  }

  /**
   * Loads weights. If that fails, the network loaded before goes on.
   * @param elsewhere another signal to cancel it, and a replacement for the column's progress bar
   * @returns whether this column runs them now
   */
  async load(choice: Choice, elsewhere: Partial<Omit<Loading, 'precision'>> = {}): Promise<boolean> {
    if (elsewhere.signal?.aborted) return false;
    this.#wish++;
    this.#loading?.abort();
    const loading = new AbortController();
    this.#loading = loading;
    const { signal } = loading;
    elsewhere.signal?.addEventListener('abort', () => loading.abort(), { signal });
    const onProgress =
      elsewhere.onProgress ??
      (({ loaded, total }: Progress) => this.#weights.showTransfer(choice, { loaded, total: total ?? choice.bytes }));
    this.#say('');
    if (choice.bytes !== null) onProgress({ loaded: 0, total: choice.bytes });
    try {
      const net = await choice.load({ signal, onProgress, precision: this.#weights.precision });
      if (signal.aborted) {
        net.dispose();
        return false;
      }
      if (net.info.version && this.runs(net.info.version)) {
        this.adopt(net, choice);
        return true;
      }
      this.events.onOtherVersion(net.info.version, net, choice);
      return false;
    } catch (error) {
      if (signal.aborted) return false;
      this.#say(loadMessage(error, choice.title, this.network !== null), {
        label: text.page.column.tryAgain,
        run: () => void this.load(choice),
        useful: error instanceof MobileNetError && ['FETCH_FAILED', 'CHECKSUM'].includes(error.code),
      });
      return false;
    } finally {
      if (this.#loading === loading) {
        this.#loading = null;
        this.#weights.hideTransfer();
        this.#showState();
      }
    }
  }

  /** Loads the visitor's files one after the other. Each checkpoint runs in the column of its network. */
  async loadFiles(files: File[]): Promise<void> {
    const { choices, left } = fileChoices(files);
    const said = left.length > 0 ? [text.page.weights.left(left.map(({ name }) => name))] : [];
    for (const choice of choices) {
      const loading = this.load(choice);
      const wish = this.#wish;
      await loading;
      // The visitor has cancelled it, or chosen something else.
      if (this.#wish !== wish) return;
      said.push(this.#find('.trouble').textContent);
    }
    if (said.length > 1) this.#say(said.filter((message) => message).join(' '));
  }

  /** The current weights and precision, for {@link run}. */
  get setup(): Setup | null {
    return this.#choice && { choice: this.#choice, precision: this.#weights.precision };
  }

  /** @returns whether it runs; if not, the network before goes on */
  async run({ choice, precision }: Setup, signal: AbortSignal): Promise<boolean> {
    const before = this.#weights.precision;
    this.#weights.precision = precision;
    const runs = await this.load(choice, { signal });
    if (!runs) this.#weights.precision = before;
    return runs;
  }

  /** Replaces the network by `net`. */
  adopt(net: MobileNet, choice: Choice): void {
    this.#net?.dispose();
    this.#net = net;
    this.#choice = choice;
    this.#crashed = false;
    this.#say(net.info.warnings.length > 0 ? text.page.weights.guessed(choice.title) : '');
    if (net.info.version) this.#showSilhouette(net.info.version);
    this.clear();
    this.#speed.clear();
    this.#weights.run(choice, net.info);
    this.#showState();
    this.events.onChange();
  }

  say(message: string): void {
    this.#say(message);
  }

  /** The title of the weights. */
  get weights(): string | null {
    return this.#choice?.title ?? null;
  }

  /** The published accuracy of the weights, per cent. */
  get top1(): number | null {
    return this.#choice?.top1 ?? null;
  }

  /** The network, its times and its last answer; `null` if none runs. */
  get report(): object | null {
    const { network, weights, top1 } = this;
    if (!network) return null;
    const { version, width, resolution, precision, build, threads, trained } = network.info;
    return {
      name: this.name,
      weights,
      top1,
      network: { version, width, resolution, precision, trained, build, threads },
      milliseconds: { median: this.#speed.time, p95: this.#speed.p95 },
      framesPerSecond: this.#speed.rate,
      predictions: network.labels ? (this.#answer?.predictions ?? []) : [],
    };
  }

  /** Whether it has an answer, even one below the threshold. */
  get answered(): boolean {
    return this.#answer !== null && Boolean(this.#net?.labels);
  }

  /** Answers below this probability don't count. */
  set threshold(threshold: number) {
    this.#ranking.threshold = threshold;
    this.#showAnswer();
  }

  show(answer: Classification, live: boolean): void {
    this.#speed.add(answer.timing.inference, live);
    this.#answer = answer;
    this.#showAnswer();
    this.events.onAnswer(this, answer);
  }

  /** The picture won't be read again. */
  settle(): void {
    this.#speed.settle();
  }

  #showAnswer(): void {
    const labels = this.#net?.labels;
    this.opinion = null;
    if (!labels || !this.#answer) return;
    const { predictions } = this.#answer;
    const [{ index, label, probability }] = predictions;
    if (probability >= this.#ranking.threshold) {
      // Classes other than ImageNet's can only be compared by name.
      const key = labels.length === 1000 ? String(index) : String(label);
      this.opinion = { key, label: shortLabel(label ?? '', index), probability };
    }
    this.#ranking.show(predictions);
  }

  /** Marks the column whose map is pinned. */
  showPinned(pinned: boolean): void {
    this.#where.setAttribute('aria-pressed', String(pinned));
  }

  fail(error: unknown): void {
    this.#crashed = this.#net?.state === 'crashed';
    this.clear();
    this.#say(runMessage(error, this.#crashed), {
      label: text.page.column.restart,
      run: () => void (this.#choice && this.load(this.#choice)),
      useful: this.#crashed,
    });
    this.#showState();
  }

  /** Colours the first answer: networks that agree share a colour. `null`: no answer. */
  markAnswer(group: number | null): void {
    if (group === null) delete this.element.dataset.answer;
    else this.element.dataset.answer = String(group);
  }

  /** @param slowest of the networks' times, ms */
  showPace(slowest: number): void {
    this.#find('.pace i').style.setProperty('--value', String(this.time ? this.time / slowest : 0));
  }

  /** Forgets answers of a picture that is gone. */
  clear(): void {
    this.#ranking.show([]);
    this.#answer = null;
    this.opinion = null;
    this.#speed.clearRate();
    this.markAnswer(null);
  }

  #cancel(): void {
    this.#wish++;
    this.#loading?.abort();
    this.#loading = null;
    this.#weights.hideTransfer();
    if (!this.#net) void this.load(this.#weights.untrained);
  }

  #showSilhouette(version: Version): void {
    this.#find('.silhouette').replaceChildren(silhouette(architectureOf(version)));
  }

  #showState(): void {
    const { info } = this;
    this.element.classList.toggle('off', !this.#switch.checked);
    const unlabelled = info !== null && this.#net?.labels === null;
    this.#find('.predictions').hidden = unlabelled;
    this.#where.hidden = !this.#net?.labels;
    this.#find('.offer').hidden = !unlabelled;
    this.#find('.unlabelled').textContent = info?.trained ? text.page.column.nameless : text.page.column.unlabelled;
    const facts = info && [
      text.page.column.parameters(text.page.rounded(info.parameters)),
      text.page.column.macs(text.page.rounded(info.macs)),
    ];
    if (facts && info?.precision === 'int8') facts.push(text.page.weights.precisions.int8);
    if (facts && this.#choice?.bytes) facts.push(megabytes(this.#choice.bytes));
    this.#find('.facts').replaceChildren(
      ...(facts ?? []).flatMap((fact, i) => (i > 0 ? [' · ', whole(fact)] : whole(fact))),
    );
  }

  #say(message: string, remedy?: { label: string; run: () => void; useful: boolean }): void {
    this.#find('.trouble').textContent = message;
    const remedies = this.#find('.remedies');
    remedies.replaceChildren();
    remedies.hidden = !remedy?.useful;
    if (!remedy?.useful) return;
    const button = document.createElement('button');
    Object.assign(button, { type: 'button', className: 'small', textContent: remedy.label });
    button.addEventListener('click', remedy.run);
    remedies.append(button);
  }

  get #where(): HTMLButtonElement {
    return this.#find<HTMLButtonElement>('.where');
  }

  get #switch(): HTMLInputElement {
    return this.#find<HTMLInputElement>('.switch input');
  }

  #find<E extends HTMLElement = HTMLElement>(selector: string): E {
    return this.element.querySelector(selector) as E;
  }
}

/** Text without line breaks, so that a number and its unit stay together. */
function whole(text: string): HTMLSpanElement {
  const span = document.createElement('span');
  span.textContent = text;
  return span;
}
