import type { ActivationMap } from 'mobilenet-wasm';
import type { Card } from './card';
import { shortLabel } from './class-names';
import { element } from './element';
import type { Stage } from './stage';
import { text } from './text';

/** The opacity of the shade over parts that don't support the class. */
const SHADE = 0.8;

/** A network and the class to explain; `null` for its most probable class. */
interface Question {
  card: Card;
  classIndex: number | null;
}

/** Shades the picture except for the parts that support a class. */
export class ActivationView {
  readonly #canvas = element<HTMLCanvasElement>('activation');
  readonly #caption = element('activation-caption');
  /** The column or class under the pointer. */
  #pointed: Question | null = null;
  /** Shown while nothing is under the pointer. */
  #pinned: Question | null = null;
  /** Whose turn it is while there is neither. */
  #turn: Question | null = null;
  #busy = false;
  #again = false;

  constructor(private readonly stage: Stage) {}

  /** @param question `null`: the pointer left */
  point(question: Question | null): void {
    this.#pointed = question;
    this.refresh();
  }

  pin(question: Question | null): void {
    this.#pinned?.card.showPinned(false);
    this.#pinned = question;
    question?.card.showPinned(true);
    this.refresh();
  }

  /** Pins or unpins a column. */
  toggle(card: Card): void {
    this.pin(this.#pinned?.card === card ? null : { card, classIndex: null });
  }

  /** @param card the column whose turn it is; `null` for none */
  turn(card: Card | null): void {
    this.#turn = card && { card, classIndex: null };
    this.refresh();
  }

  /** Forgets the class, which another picture may not show. */
  forget(): void {
    if (this.#pinned) this.#pinned = { card: this.#pinned.card, classIndex: null };
    this.#show(null, '');
  }

  /** Updates the map for another answer or question. */
  refresh(): void {
    if (this.#busy) this.#again = true;
    else void this.#run();
  }

  get #question(): Question | null {
    return this.#pointed ?? this.#pinned ?? this.#turn;
  }

  async #run(): Promise<void> {
    this.#busy = true;
    do {
      this.#again = false;
      await this.#look();
    } while (this.#again);
    this.#busy = false;
  }

  async #look(): Promise<void> {
    const question = this.#question;
    const { picture } = this.stage;
    const network = question?.card.network;
    if (!question || !picture || !network?.labels) return this.#show(null, '');
    try {
      const { source, release } = await this.stage.source(picture);
      const map = await network.activationMap(source, question.classIndex).finally(release);
      if (question !== this.#question || picture !== this.stage.picture) return;
      this.#show(map, text.page.activation.caption(question.card.name, shortLabel(map.label ?? '', map.classIndex)));
    } catch {
      // The network or the picture was replaced meanwhile, or the column reports the error.
      this.#show(null, '');
    }
  }

  #show(map: ActivationMap | null, caption: string): void {
    this.#canvas.hidden = map === null;
    this.#caption.textContent = caption;
    if (map) paint(this.#canvas, map);
  }
}

/** Draws one pixel for each of the map's; the browser smooths them. */
function paint(canvas: HTMLCanvasElement, { width, height, data }: ActivationMap): void {
  // Negative evidence is as dark as none.
  const [least, most] = [Math.max(0, Math.min(...data)), Math.max(...data)];
  const light = (value: number) => Math.max(0, (value - least) / (most - least || 1));
  const image = new ImageData(width, height);
  for (const [i, value] of data.entries()) image.data[4 * i + 3] = 255 * SHADE * (1 - light(value));
  Object.assign(canvas, { width, height });
  canvas.getContext('2d')?.putImageData(image, 0, 0);
}
