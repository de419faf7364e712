import type { MobileNet } from 'mobilenet-wasm';
import { architectureIn, shortName } from '../networks';
import { takeOutWhileFar } from '../late-controls';
import { textOf } from '../messages';
import { list, text } from '../text';
import { make } from './elements';
import type { Figure } from './figure';

/** The text of a section. */
export interface Prose {
  title: string;
  /** Paragraphs. */
  prose: readonly string[];
}

/** A section about one idea: a heading with a link, some sentences, and the figure. */
export class Section {
  readonly element: HTMLElement;
  readonly #note = make('p', 'note');
  readonly #trouble = make('p', 'trouble');

  constructor(
    readonly id: string,
    year: string,
    { title, prose }: Prose,
    readonly figure: Figure,
  ) {
    const heading = make('h2', '', title);
    heading.id = `${id}-heading`;
    this.#trouble.setAttribute('role', 'status');
    const words = make('div', 'words', make('p', 'when', year), heading, ...prose.map((line) => make('p', '', line)));
    words.append(this.#note, this.#trouble);
    this.element = make('section', 'idea-section', words, figure.element);
    this.element.id = id;
    this.element.setAttribute('aria-labelledby', heading.id);
    figure.element.classList.add('live-figure');
    takeOutWhileFar(figure.element);
  }

  /** Says which of the networks have no weights. */
  note(networks: readonly MobileNet[]): void {
    const untrained = networks.filter(({ info }) => this.figure.showsMaps && !info.trained);
    const names = untrained.map((net) => shortName(architectureIn(net).name));
    this.#note.textContent = names.length > 0 ? text.figures.untrained(list(names)) : '';
  }

  /** Says that there is no picture yet. */
  wait(): void {
    if (this.#note.textContent !== text.figures.waiting) this.#note.textContent = text.figures.waiting;
  }

  /** Shows an error; `null` removes it. */
  report(error: unknown): void {
    this.#trouble.textContent = error === null ? '' : text.figures.failed(textOf(error));
  }
}
