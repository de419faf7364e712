import type { MobileNet, Profile, ProfileStep } from 'mobilenet-wasm';
import { count } from '../format';
import { architectureIn, shortName } from '../networks';
import { text } from '../text';
import { drawing, make, shape } from './elements';
import { digits, duration } from './numbers';
import { parametersOf } from './parameters';

const WIDTH = 1000;
const HEIGHT = 26;

/** Kinds of steps that share a colour. */
export type Group = 'stem' | 'pointwise' | 'depthwise' | 'fused' | 'rest';

export function groupOf(kind: ProfileStep['kind']): Group {
  switch (kind) {
    case 'stem':
    case 'convolution':
      return 'stem';
    case 'pointwise':
      return 'pointwise';
    case 'depthwise':
      return 'depthwise';
    case 'expand-depthwise':
      return 'fused';
    default:
      return 'rest';
  }
}

/** A network as a line of its steps, each as wide as its time. */
export class ProfileRow {
  readonly element: HTMLDivElement;
  readonly #rects: SVGRectElement[];
  readonly #slider = make('div', 'profile-line');
  readonly #steps: ProfileStep[];
  /** Around the chosen step's block. */
  readonly #outline = shape('path', { class: 'outline' });
  #chosen = -1;

  /**
   * @param longest the time that a row's full width stands for, µs
   * @param onChoose takes the text about a chosen step
   */
  constructor(
    private readonly net: MobileNet,
    { steps, total }: Profile,
    longest: number,
    private readonly onChoose: (row: ProfileRow, said: string) => void,
  ) {
    const { width } = net.info;
    const name = `${shortName(architectureIn(net).name)}${width === 1 ? '' : ` ×${width}`}`;
    this.#steps = steps;
    let x = 0;
    this.#rects = steps.map((step) => {
      const { name, kind, microseconds } = step;
      const width = (WIDTH * microseconds) / longest;
      const begins = x;
      x += width;
      // There is a small gap between steps.
      const gap = Math.min(width / 4, 1.5);
      const parameters = parametersOf(step, architectureIn(net));
      const given = { 'data-step': name, 'data-microseconds': microseconds, 'data-parameters': parameters };
      return shape('rect', {
        class: groupOf(kind),
        x: begins,
        y: 0,
        width: Math.max(0, width - gap),
        height: HEIGHT,
        ...given,
      });
    });
    const svg = drawing(WIDTH, HEIGHT, '', ...this.#rects, this.#outline);
    svg.setAttribute('preserveAspectRatio', 'none');
    svg.setAttribute('aria-hidden', 'true');
    this.#slider.append(svg);
    this.#slider.tabIndex = 0;
    this.#slider.setAttribute('role', 'slider');
    this.#slider.setAttribute('aria-label', text.figures.search.stepsOf(name));
    this.#slider.setAttribute('aria-valuemin', '0');
    this.#slider.setAttribute('aria-valuemax', String(steps.length - 1));
    this.#slider.setAttribute('aria-valuenow', '0');
    this.#slider.addEventListener('keydown', (event) => this.#onKey(event));
    const point = ({ clientX }: PointerEvent) => {
      const { left, width } = svg.getBoundingClientRect();
      this.#choose(this.#rects.findLastIndex(({ x }) => x.baseVal.value <= ((clientX - left) / width) * WIDTH));
    };
    svg.addEventListener('pointermove', point);
    svg.addEventListener('pointerdown', point);
    const facts = make('span', 'reading', text.figures.search.total(duration(total.microseconds), count(total.macs)));
    this.element = make('div', 'profile-row', make('h4', '', make('b', '', name), ' ', facts), this.#slider);
  }

  /** Removes the mark. */
  clear(): void {
    this.#rects[this.#chosen]?.classList.remove('marked');
    this.#outline.removeAttribute('d');
    this.#chosen = -1;
  }

  #choose(index: number): void {
    if (index < 0 || index >= this.#steps.length || index === this.#chosen) return;
    this.clear();
    this.#chosen = index;
    this.#rects[index].classList.add('marked');
    const block = this.#blockOf(this.#steps[index]);
    if (block.length > 0) this.#drawOutline(block);
    const said = [this.#told(this.#steps[index]), block.length > 0 ? this.#blockTold(block) : '']
      .filter(Boolean)
      .join('. ');
    this.#slider.setAttribute('aria-valuenow', String(index));
    this.#slider.setAttribute('aria-valuetext', said);
    this.onChoose(this, said);
  }

  #onKey(event: KeyboardEvent): void {
    const last = this.#steps.length - 1;
    const { key } = event;
    const next = { ArrowRight: this.#chosen + 1, ArrowLeft: this.#chosen - 1, Home: 0, End: last }[key];
    if (next === undefined) return;
    event.preventDefault();
    this.#choose(Math.min(Math.max(next, 0), last));
  }

  #told(step: ProfileStep): string {
    const { name, macs, microseconds, gflops } = step;
    const shape = step.shape.replaceAll('x', '×').replace('->', '→').replace('stride', text.figures.search.stride);
    const parameters = parametersOf(step, architectureIn(this.net));
    return [stepName(name), facts({ shape, parameters, macs, microseconds, gflops })].join(' · ');
  }

  /** The steps of the block that a step is in; none for a step outside of blocks. */
  #blockOf({ name }: ProfileStep): ProfileStep[] {
    const block = blockIndex(name);
    return block === null ? [] : this.#steps.filter((step) => blockIndex(step.name) === block);
  }

  #blockTold(steps: readonly ProfileStep[]): string {
    const sum = (of: (step: ProfileStep) => number) => steps.reduce((sum, step) => sum + of(step), 0);
    const [macs, microseconds] = [sum(({ macs }) => macs), sum(({ microseconds }) => microseconds)];
    const shape = [steps[0].input, steps[steps.length - 1].output].map((sides) => sides.join('×')).join(' → ');
    const parameters = sum((step) => parametersOf(step, architectureIn(this.net)));
    // Two operations in each multiply-accumulate; a thousand operations in a microsecond are one gigaflop in a second.
    const gflops = microseconds > 0 ? (2 * macs) / microseconds / 1000 : null;
    const { block, whole } = text.figures.search;
    const name = block(Number(blockIndex(steps[0].name)) + 1);
    return whole(name, facts({ shape, parameters, macs, microseconds, gflops }));
  }

  #drawOutline(steps: readonly ProfileStep[]): void {
    const rect = (step: ProfileStep) => this.#rects[this.#steps.indexOf(step)];
    const [first, last] = [rect(steps[0]), rect(steps[steps.length - 1])];
    const right = last.x.baseVal.value + last.width.baseVal.value;
    this.#outline.setAttribute('d', `M${first.x.baseVal.value} 0 H${right} V${HEIGHT} H${first.x.baseVal.value} Z`);
  }
}

/** What is said of a step, and of a whole block. */
interface Facts {
  shape: string;
  parameters: number;
  macs: number;
  microseconds: number;
  gflops: number | null;
}

function facts({ shape, parameters, macs, microseconds, gflops }: Facts): string {
  const said = [
    shape,
    text.figures.search.parameters(count(parameters)),
    macs > 0 ? text.page.column.macs(count(macs)) : '',
    duration(microseconds),
    macs > 0 && gflops !== null ? `${digits(gflops)} GFLOP/s` : '',
  ];
  return said.filter(Boolean).join(' · ');
}

/** The number of the block that a step is in, from 0; `null` for a step outside of blocks. */
function blockIndex(name: string): number | null {
  const [, index] = /^block (\d+) /.exec(name) ?? [];
  return index === undefined ? null : Number(index);
}

/** A step's name in the visitor's language. Blocks are counted from 1, as in the papers' tables. */
function stepName(name: string): string {
  const { steps, block, inBlock } = text.figures.search;
  const [, index, part] = /^block (\d+) (.*)$/.exec(name) ?? [];
  const plain = steps[(part ?? name) as keyof typeof steps] ?? name;
  return index === undefined ? plain : inBlock(block(Number(index) + 1), plain);
}
