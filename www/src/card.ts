import { type Classification, type MobileNet, MobileNetError, type Version } from 'mobilenet-wasm';
import { megabytes, millions, shortLabel } from './format';
import { hubItem } from './hub-item';
import { NO_WEIGHTS, guessedMessage, loadMessage, runMessage } from './messages';
import { type Generation, architectureOf } from './networks';
import { Ranking } from './ranking';
import { type Runner, TOP } from './scheduler';
import { silhouette } from './silhouette';
import { Speed } from './speed';
import { type Choice, fileChoice, hubChoices, untrainedChoice } from './weights';

export interface CardEvents {
  /** The network came, went, or was switched on or off. */
  onChange: () => void;
  /** A file held a network that runs in another column, or in none: it is the listener's now. */
  onOtherVersion: (version: Version | null, net: MobileNet, choice: Choice) => void;
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
  opinion: Opinion | null = null;

  #net: MobileNet | null = null;
  #choice: Choice | null = null;
  #choices: Choice[] = [];
  #loading: AbortController | null = null;
  #crashed = false;
  readonly #ranking: Ranking;
  readonly #speed: Speed;

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
    this.#ranking = new Ranking(this.#find('.predictions'), TOP);
    this.#speed = new Speed(this.#find('.speed'));
    this.#listen();
    this.#showState();
  }

  get network(): MobileNet | null {
    // One that crashed over a picture waits for the visitor: the next might make it crash again.
    return this.#crashed || !this.#switch.checked ? null : this.#net;
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

  /** Offers weights that need no download. */
  offer(choices: Choice[]): void {
    this.#choices.push(...choices.filter(({ id }) => !this.#choices.some((known) => known.id === id)));
    this.#showChoices();
  }

  /** Lists what the Hub has, and offers what an earlier visit kept of it. */
  async offerHub(): Promise<void> {
    const onHub = await hubChoices(this.generation.versions);
    this.offer(onHub.filter(({ kept }) => kept));
    this.#find('.hub').replaceChildren(
      ...onHub.filter(({ kept }) => !kept).map((choice) => hubItem(choice, () => void this.load(choice))),
    );
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
      else if (net.info.version && this.runs(net.info.version)) this.adopt(net, choice);
      else this.events.onOtherVersion(net.info.version, net, choice);
    } catch (error) {
      if (loading.signal.aborted) return;
      this.#say(loadMessage(error, choice.title, this.network !== null), {
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
    this.#say(net.info.warnings.length > 0 ? guessedMessage(choice.title) : '');
    if (net.info.version) this.#showSilhouette(net.info.version);
    this.clear();
    this.#speed.clear();
    if (!this.#choices.some(({ id }) => id === choice.id)) this.#choices.push(choice);
    this.#showChoices();
    this.#showState();
    this.events.onChange();
  }

  say(message: string): void {
    this.#say(message);
  }

  show({ predictions, timing }: Classification, live: boolean): void {
    this.#speed.add(timing.inference, live);
    const labels = this.#net?.labels;
    if (!labels) return;
    const [{ index, label, probability }] = predictions;
    // Where there are other classes than ImageNet's, only their names can be compared.
    const key = labels.length === 1000 ? String(index) : String(label);
    this.opinion = { key, label: shortLabel(label ?? ''), probability };
    this.#ranking.show(predictions);
  }

  fail(error: unknown): void {
    this.#crashed = this.#net?.state === 'crashed';
    this.clear();
    this.#say(runMessage(error, this.#crashed), {
      label: 'Restart',
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
    this.opinion = null;
    this.#speed.clearRate();
    this.markAnswer(null);
  }

  #listen(): void {
    this.#switch.addEventListener('change', () => {
      this.clear();
      this.#speed.clear();
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

/** Text that is not broken: a unit alone on the next line would say nothing. */
function whole(text: string): HTMLSpanElement {
  const span = document.createElement('span');
  span.textContent = text;
  return span;
}

function titleWithAccuracy({ title, top1 }: Choice): string {
  return top1 === null ? title : `${title} · ${top1.toFixed(1)} % top-1`;
}
