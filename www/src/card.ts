import { type Classification, type MobileNet, MobileNetError, type Version } from 'mobilenet-wasm';
import { megabytes, milliseconds, millions, percent, shortLabel } from './format';
import { NO_WEIGHTS, loadMessage, runMessage } from './messages';
import { type Generation, architectureOf } from './networks';
import type { Runner } from './scheduler';
import { silhouette } from './silhouette';
import { Rate, RecentMedian } from './statistics';
import { type Choice, type HubChoice, fileChoice, hubChoices, untrainedChoice } from './weights';

const TOP = 5;
/** ms between changes of the figures: faster ones can't be read. */
const FIGURES_EVERY = 300;

export interface CardEvents {
  /** The network came, went, or was switched on or off. */
  onChange: () => void;
  /** A file held a network that runs in another column, or in none: it is the listener's now. */
  onOtherVersion: (version: Version, net: MobileNet, choice: Choice) => void;
}

/** What a network says of the frame, for comparing it with the others. */
export interface Opinion {
  /** The same for two networks that name the same class. */
  key: string;
  label: string;
  probability: number;
}

/** One generation's column: its network, the answers, and what weights it can run. */
export class Card implements Runner {
  readonly element: HTMLLIElement;
  readonly name: string;
  /** Median inference time, ms. */
  time: number | null = null;
  opinion: Opinion | null = null;

  #net: MobileNet | null = null;
  #choice: Choice | null = null;
  #choices: Choice[] = [];
  #loading: AbortController | null = null;
  #crashed = false;
  #figuresAt = 0;
  readonly #inference = new RecentMedian();
  readonly #rate = new Rate();
  readonly #rows: Row[];

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
    paper.title = `The paper of MobileNet ${generation.name}`;
    this.#find('.name').append(paper);
    this.#find('.switch span').textContent = `Run ${generation.name}`;
    this.#find('.choice span').textContent = `Weights of ${generation.name}`;
    this.#find('.idea').textContent = generation.idea;
    this.#showSilhouette(generation.versions[0]);
    this.#rows = Array.from({ length: TOP }, () => new Row());
    this.#find('.predictions').append(...this.#rows.map(({ element }) => element));
    this.#listen();
    this.#showState();
  }

  get ready(): boolean {
    // A network that crashed over a frame waits for the visitor: the next frame might do it again.
    return this.#net !== null && !this.#crashed && this.#switch.checked;
  }

  /** Whether networks of this version run here. */
  runs(version: Version): boolean {
    return this.generation.versions.includes(version);
  }

  get info() {
    return this.#net?.info ?? null;
  }

  /** Offers weights that need no download. */
  offer(choices: Choice[]): void {
    this.#choices.push(...choices.filter(({ id }) => !this.#choices.some((known) => known.id === id)));
    this.#showChoices();
  }

  /** Lists what the Hub has, and offers what an earlier visit kept of it. */
  async offerHub(): Promise<void> {
    const onHub = await hubChoices(this.generation.versions);
    this.offer(onHub.filter(({ kept }) => kept));
    this.#find('.hub').replaceChildren(...onHub.filter(({ kept }) => !kept).map((choice) => this.#hubItem(choice)));
  }

  #hubItem(choice: HubChoice): HTMLLIElement {
    const item = document.createElement('li');
    const title = document.createElement('span');
    const name = document.createElement('small');
    title.textContent = `${choice.width.toFixed(2)} wide${choice.top1 === null ? '' : `, ${choice.top1.toFixed(1)} % top-1`}`;
    // Names on the Hub are long: let them break where they are jointed.
    name.textContent = choice.title.replace(/[_.](?=\D)/g, '$&\u200b');
    title.append(name);
    const fetchIt = document.createElement('button');
    Object.assign(fetchIt, {
      type: 'button',
      className: 'small',
      textContent: `Fetch ${megabytes(choice.bytes ?? 0)}`,
    });
    fetchIt.setAttribute('aria-label', `Fetch ${choice.title} from the Hub, ${megabytes(choice.bytes ?? 0)}`);
    fetchIt.addEventListener('click', () => void this.load(choice));
    item.append(title, fetchIt);
    return item;
  }

  /** Size of what {@link begin} loads. */
  get firstBytes(): number {
    return this.#choices[0]?.bytes ?? 0;
  }

  /** Loads the first weights on offer; where there are none, opens the list of what could be had. */
  async begin(): Promise<void> {
    const [first] = this.#choices;
    if (first) return this.load(first);
    this.#find<HTMLDetailsElement>('.more').open = true;
    this.#say(NO_WEIGHTS);
    this.#showState();
  }

  /** Loads weights; whatever goes wrong, the network loaded before goes on. */
  async load(choice: Choice): Promise<void> {
    this.#loading?.abort();
    const loading = new AbortController();
    this.#loading = loading;
    this.#say('');
    this.#showTransfer(choice, 0, choice.bytes);
    try {
      const net = await choice.load({
        signal: loading.signal,
        onProgress: ({ loaded, total }) => this.#showTransfer(choice, loaded, total ?? choice.bytes),
      });
      if (loading.signal.aborted) net.dispose();
      else if (this.runs(net.info.version)) this.adopt(net, choice);
      else this.events.onOtherVersion(net.info.version, net, choice);
    } catch (error) {
      if (loading.signal.aborted) return;
      this.#say(loadMessage(error, choice.title, this.ready), {
        label: 'Try again',
        run: () => void this.load(choice),
        useful: error instanceof MobileNetError && ['FETCH_FAILED', 'CHECKSUM'].includes(error.code),
      });
    } finally {
      if (this.#loading === loading) {
        this.#loading = null;
        this.#find('.transfer').hidden = true;
        this.#showChoices();
        this.#showState();
      }
    }
  }

  /** Runs `net` from now on, in place of the network before. */
  adopt(net: MobileNet, choice: Choice): void {
    this.#net?.dispose();
    this.#net = net;
    this.#choice = choice;
    this.#crashed = false;
    this.#say('');
    this.#showSilhouette(net.info.version);
    this.#forgetFigures();
    if (!this.#choices.some(({ id }) => id === choice.id)) this.#choices.push(choice);
    this.#showChoices();
    this.#showState();
    this.events.onChange();
  }

  say(message: string): void {
    this.#say(message);
  }

  async classify(frame: ImageBitmap | VideoFrame, live: boolean): Promise<void> {
    const net = this.#net;
    if (!net) return;
    try {
      const result = await net.classify(frame, { topK: TOP });
      // Replaced or switched off while it was reading.
      if (result && net === this.#net && this.ready) this.#show(net, result, live);
    } catch (error) {
      if (net !== this.#net) return;
      this.#crashed = net.state === 'crashed';
      this.clear();
      this.#say(runMessage(error), { label: 'Restart', run: () => void this.#restart(), useful: this.#crashed });
      this.#showState();
    }
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
    for (const row of this.#rows) row.clear();
    this.opinion = null;
    this.#rate.clear();
    this.markAnswer(null);
  }

  #show(net: MobileNet, { predictions, timing }: Classification, live: boolean): void {
    const now = performance.now();
    this.#inference.add(timing.inference);
    if (live) this.#rate.tick(now);
    const [first] = predictions;
    if (net.labels) {
      this.opinion = {
        key: net.labels.length === 1000 ? String(first.index) : String(first.label),
        label: shortLabel(first.label ?? ''),
        probability: first.probability,
      };
      for (const [i, row] of this.#rows.entries()) row.show(predictions[i]);
    }
    if (now - this.#figuresAt < FIGURES_EVERY) return;
    this.#figuresAt = now;
    this.time = this.#inference.value;
    this.#find('.speed').hidden = false;
    this.#find('.milliseconds').textContent = `${milliseconds(this.time ?? 0)} ms`;
    const rate = this.#rate.value;
    this.#find('.rate').textContent = rate === null ? '' : `${rate.toFixed(0)} frames/s`;
  }

  async #restart(): Promise<void> {
    if (this.#choice) await this.load(this.#choice);
  }

  #forgetFigures(): void {
    this.clear();
    this.#inference.clear();
    this.time = null;
    this.#figuresAt = 0;
    this.#find('.speed').hidden = true;
  }

  #listen(): void {
    this.#switch.addEventListener('change', () => {
      this.#forgetFigures();
      this.#showState();
      this.events.onChange();
    });
    this.#find('.cancel').addEventListener('click', () => {
      this.#loading?.abort();
      this.#loading = null;
      if (!this.#net && this.#choices.length === 0) this.#say(NO_WEIGHTS);
      this.#find('.transfer').hidden = true;
      this.#showChoices();
      this.#showState();
    });
    this.#select.addEventListener('change', () => {
      const choice = this.#choices.find(({ id }) => id === this.#select.value);
      if (choice) void this.load(choice);
    });
    this.#find('.untrained').addEventListener(
      'click',
      () => void this.load(untrainedChoice(this.generation.versions[0])),
    );
    const file = this.#find<HTMLInputElement>('input[type=file]');
    this.#find('.from-file').addEventListener('click', () => file.click());
    file.addEventListener('change', () => {
      const choice = fileChoice([...(file.files ?? [])]);
      if (choice) void this.load(choice);
      file.value = '';
    });
  }

  #showSilhouette(version: Version): void {
    this.#find('.silhouette').replaceChildren(silhouette(architectureOf(version)));
  }

  #showTransfer(choice: Choice, loaded: number, total: number | null): void {
    const progress = this.#find<HTMLProgressElement>('progress');
    this.#find('.transfer').hidden = false;
    progress.setAttribute('aria-label', `Loading ${choice.title}`);
    if (total) {
      progress.max = total;
      progress.value = Math.min(loaded, total);
    } else {
      progress.removeAttribute('value');
    }
    this.#find('.transfer-text').textContent = total ? `${megabytes(loaded)} of ${megabytes(total)}` : '';
  }

  #showChoices(): void {
    this.#find('.choice').hidden = this.#choices.length === 0;
    this.#select.replaceChildren(
      ...this.#choices.map(
        (choice) => new Option(titleWithAccuracy(choice), choice.id, false, choice.id === this.#choice?.id),
      ),
    );
    if (!this.#choice) this.#select.value = '';
  }

  #showState(): void {
    const { info } = this;
    this.element.classList.toggle('off', !this.#switch.checked);
    this.element.classList.toggle('empty', !info);
    this.#find('.predictions').hidden = this.#net ? !this.#net.labels : this.#choices.length === 0;
    this.#find('.unlabelled').hidden = !this.#net || this.#net.labels !== null;
    const facts = info && [`${millions(info.parameters)} params`, `${millions(info.macs)} MACs`];
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

  get #switch(): HTMLInputElement {
    return this.#find<HTMLInputElement>('.switch input');
  }

  get #select(): HTMLSelectElement {
    return this.#find<HTMLSelectElement>('.choice select');
  }

  #find<E extends HTMLElement = HTMLElement>(selector: string): E {
    return this.element.querySelector(selector) as E;
  }
}

/** One line of a ranking, whose bar is as long as its probability. */
class Row {
  readonly element = document.createElement('li');
  readonly #label = document.createElement('span');
  readonly #value = document.createElement('span');

  constructor() {
    this.#label.className = 'label';
    this.#value.className = 'value';
    this.element.append(this.#label, this.#value);
  }

  show(prediction: { label: string | null; probability: number } | undefined): void {
    if (!prediction) return this.clear();
    const label = prediction.label ?? '';
    this.#label.textContent = shortLabel(label);
    this.#label.title = label;
    this.#value.textContent = percent(prediction.probability);
    this.element.style.setProperty('--value', String(prediction.probability));
  }

  clear(): void {
    this.#label.textContent = this.#value.textContent = '';
    this.#label.title = '';
    this.element.style.setProperty('--value', '0');
  }
}

/** Text that is not broken: a unit alone on the next line would say nothing. */
function whole(text: string): HTMLSpanElement {
  const span = document.createElement('span');
  span.textContent = text;
  return span;
}

function titleWithAccuracy({ title, top1 }: Choice): string {
  return top1 === null ? title : `${title} · ${top1.toFixed(1)} % top-1`;
}
