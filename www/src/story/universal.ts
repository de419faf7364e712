import type { ClassifySource, MobileNet, Tensor, Version } from 'mobilenet-wasm';
import { count } from '../format';
import { architectureOf, shortName } from '../networks';
import { paragraph, text } from '../text';
import { line, make } from './elements';
import type { Figure } from './figure';
import { drawMap, liveliest } from './maps';
import { Reader } from './reader';
import { type Kind, kindOf, kindOfBlock } from './universal-kinds';

/** The parts of a block, by the names of their tensors. */
const PARTS = ['start depthwise', 'expand', 'depthwise', 'project'] as const;
type Part = (typeof PARTS)[number];

/** The block whose cost is shown in all four forms. It has one of V4's sizes. */
const COUNTED = { channels: 128, inside: 512, size: 7, kernel: 3 };

/** Shows the universal inverted bottleneck with its two switches, and the form of each of V4's blocks. */
export class UniversalFigure implements Figure {
  readonly element: HTMLElement;
  readonly versions: readonly Version[] = ['v4-conv-small'];
  readonly pause = 700;
  readonly showsMaps = true;
  changed = () => {};
  readonly #start = make('input');
  readonly #middle = make('input');
  readonly #name = make('h3', 'kind-name');
  readonly #told = line();
  readonly #mapsTold = line();
  readonly #input = make('canvas');
  readonly #parts: Record<Part, { element: HTMLElement; canvas: HTMLCanvasElement }>;
  readonly #strips: HTMLElement[];
  #seen: { of: 'input' | Part; tensor: Tensor }[] = [];

  constructor() {
    const words = text.figures.universal;
    const toggle = (input: HTMLInputElement, label: string, checked: boolean) => {
      input.type = 'checkbox';
      input.checked = checked;
      input.addEventListener('change', () => this.#switch());
      return make('label', 'toggle', input, make('span', '', label));
    };
    const toggles = [toggle(this.#start, words.start, true), toggle(this.#middle, words.middle, true)];
    const parts = PARTS.map((part) => {
      const canvas = make('canvas');
      return [
        part,
        { canvas, element: make('div', `part ${part.replace(' ', '-')}`, make('h4', '', words.parts[part]), canvas) },
      ];
    });
    this.#parts = Object.fromEntries(parts) as Record<Part, { element: HTMLElement; canvas: HTMLCanvasElement }>;
    const inputPart = make('div', 'part', make('h4', '', words.input), this.#input);
    this.#strips = (['v4-conv-small', 'v4-conv-medium'] as const).map(strip);
    this.element = make(
      'div',
      'universal',
      make('div', 'row', ...toggles),
      this.#name,
      this.#told,
      make('div', 'parts', inputPart, ...PARTS.map((part) => this.#parts[part].element)),
      this.#mapsTold,
      ...this.#strips,
    );
    this.#show();
  }

  async look(source: ClassifySource, [net]: readonly MobileNet[]): Promise<void> {
    const { blocks } = architectureOf('v4-conv-small');
    const index = blocks.findIndex((block) => kindOfBlock(block) === this.#kind);
    const words = text.figures.universal;
    this.#mapsTold.textContent = index < 0 ? words.absent : words.present(index + 1);
    this.#seen = [];
    if (index >= 0) {
      const { start, expand, depthwise } = blocks[index];
      const there = { 'start depthwise': start, expand, depthwise, project: blocks[index].project };
      const parts = PARTS.filter((part) => there[part]);
      const before = `block ${index - 1} ${blocks[index - 1].residual ? 'add' : 'project'}`;
      const names = [before, ...parts.map((part) => `block ${index} ${part}`)];
      const tensors = await net.inspect(source, { layers: names });
      this.#seen = (['input', ...parts] as const).map((of, at) => ({ of, tensor: tensors.get(names[at]) as Tensor }));
    }
    this.redraw();
  }

  redraw(): void {
    for (const canvas of [this.#input, ...PARTS.map((part) => this.#parts[part].canvas)]) canvas.hidden = true;
    for (const { of, tensor } of this.#seen) {
      const canvas = of === 'input' ? this.#input : this.#parts[of].canvas;
      canvas.hidden = false;
      drawMap(canvas, tensor, liveliest(tensor));
    }
  }

  get #kind(): Kind {
    return kindOf(this.#start.checked, this.#middle.checked);
  }

  #switch(): void {
    this.#show();
    this.changed();
  }

  #show(): void {
    const words = text.figures.universal;
    const kind = this.#kind;
    const { channels, inside, size, kernel } = COUNTED;
    this.#parts['start depthwise'].element.hidden = !this.#start.checked;
    this.#parts.depthwise.element.hidden = !this.#middle.checked;
    this.#name.textContent = words.kinds[kind].name;
    const macs = blockMacs(this.#start.checked, this.#middle.checked);
    const shape = `${size}×${size}×${channels}`;
    this.#told.textContent = paragraph(words.kinds[kind].told, words.cost(shape, inside, kernel, count(macs)));
    this.#told.dataset.macs = String(macs);
    for (const tile of this.#strips.flatMap((strip) => [...strip.querySelectorAll<HTMLElement>('i')])) {
      tile.classList.toggle('marked', tile.dataset.kind === kind);
    }
  }
}

/** Multiply-accumulates of the block {@link COUNTED} in this form. */
export function blockMacs(start: boolean, middle: boolean): number {
  const { channels, inside, size, kernel } = COUNTED;
  const filters = (start ? channels : 0) + (middle ? inside : 0);
  return size ** 2 * (2 * channels * inside + filters * kernel ** 2);
}

/** A network's blocks as tiles. */
function strip(version: Version): HTMLElement {
  const words = text.figures.universal;
  const { name, blocks } = architectureOf(version);
  const tiles = blocks.map((block) => {
    const kind = kindOfBlock(block);
    const tile = make('i', 'tile', kind ? words.kinds[kind].letter : '');
    tile.dataset.kind = kind ?? 'none';
    tile.title = kind ? words.kinds[kind].name : words.convolution;
    return tile;
  });
  const counts = (Object.keys(words.kinds) as Kind[]).map(
    (kind) => `${words.kinds[kind].name} ${blocks.filter((block) => kindOfBlock(block) === kind).length}`,
  );
  const row = make('div', 'tiles', ...tiles);
  const reader = new Reader(`${shortName(name)}: ${counts.join(', ')}`, row, '.tile');
  return make(
    'div',
    'strip',
    make('h4', '', shortName(name)),
    reader.element,
    make('p', 'reading', counts.join(' · ')),
  );
}
