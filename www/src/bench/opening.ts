import type { Version } from 'mobilenet-wasm';
import { element } from '../element';
import { list, text } from '../text';
import { type Entry, NETWORKS, fastest } from './entry';
import { figure } from './figures';

/** The top of the page: the measurement's progress and the fastest time of each network. */
export class Opening {
  readonly #progress = element('progress');
  readonly #bar = element<HTMLProgressElement>('progress-bar');
  readonly #doing = element('progress-text');
  readonly #status = element('status');
  readonly #announcement = element('announcement');

  begin(): void {
    this.#status.textContent = '';
    this.#announcement.textContent = text.bench.opening.measuring;
    this.#bar.value = 0;
    this.#progress.hidden = false;
  }

  /** @param doing `null` to keep the text */
  showProgress(doing: string | null, done: number): void {
    if (doing !== null) this.#doing.textContent = doing;
    this.#bar.value = done;
  }

  end(): void {
    this.#progress.hidden = true;
  }

  /** Shows a message, also to screen readers. */
  say(message: string): void {
    this.#status.textContent = message;
  }

  showBest(entries: readonly Entry[]): void {
    const best = bestOf(entries);
    element('invitation').hidden = best.length > 0;
    element('best').hidden = best.length === 0;
    element('best').replaceChildren(...best.map(bestItem));
  }

  /** Announces a finished network to screen readers: every measurement would be too much. */
  announceNetwork(entries: readonly Entry[], version: Version): void {
    const entry = fastest(entries, version);
    if (entry) this.#announcement.textContent = text.bench.opening.fastest(inWords(entry), entry.build);
  }

  announceEnd(entries: readonly Entry[]): void {
    const best = bestOf(entries);
    if (best.length > 0) this.#announcement.textContent = text.bench.opening.measured(list(best.map(inWords)));
    else this.say(text.bench.opening.nothing);
  }
}

function bestOf(entries: readonly Entry[]): Entry[] {
  return NETWORKS.flatMap(({ version }) => fastest(entries, version) ?? []);
}

function inWords({ name, inference }: Entry): string {
  return text.bench.opening.milliseconds(name, figure(Math.min(...inference)));
}

function bestItem({ name, build, threads, inference }: Entry): HTMLLIElement {
  const item = document.createElement('li');
  const time = document.createElement('strong');
  time.textContent = `${figure(Math.min(...inference))} ms`;
  const what = document.createElement('span');
  what.textContent = name;
  const how = document.createElement('small');
  how.textContent = `${build}, ${text.bench.threads(threads ?? 1)}`;
  item.append(what, time, how);
  return item;
}
