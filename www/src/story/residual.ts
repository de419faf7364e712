import type { ClassifySource, MobileNet, Tensor, Version } from 'mobilenet-wasm';
import { architectureOf } from '../networks';
import { text } from '../text';
import { bar, choice, line, make } from './elements';
import type { Figure } from './figure';
import { ChannelGrid } from './grid';
import { drawMap, largestOf, liveliest } from './maps';
import { digits, kilobytes, written } from './numbers';
import { PixelPicker } from './pixel-picker';

/** The tensors of a block, in execution order. */
const STAGES = ['input', 'expanded', 'filtered', 'projected', 'sum'] as const;
type Stage = (typeof STAGES)[number];

/** The stages with the narrow channels; the others have the expanded ones. A channel is marked in all stages that have it. */
const NARROW: readonly Stage[] = ['input', 'projected', 'sum'];

/** Bytes of a value. */
const FLOAT = 4;

/** Shows a block of V2 with a residual on this frame: input, expanded, filtered, projected, and the sum with the input. */
export class ResidualFigure implements Figure {
  readonly element: HTMLElement;
  readonly versions: readonly Version[] = ['v2'];
  readonly pause = 600;
  readonly showsMaps = true;
  changed = () => {};
  #seen: Record<Stage, Tensor> | null = null;
  /** The block for which default channels were last chosen; -1 before the first look. */
  #begun = -1;
  readonly #block;
  readonly #grids: Record<Stage, ChannelGrid>;
  readonly #heads: Record<Stage, HTMLElement>;
  readonly #terms = { input: make('canvas'), projected: make('canvas'), sum: make('canvas') };
  readonly #pair = [make('canvas'), make('canvas')];
  readonly #told = line();
  readonly #pairTold = line();
  readonly #pixelTold = line();
  readonly #picker: PixelPicker;
  readonly #memory = { wide: bar(text.figures.residual.wide), narrow: bar(text.figures.residual.narrow) };
  readonly #memoryTold = line();

  constructor() {
    const words = text.figures.residual;
    const { blocks } = architectureOf('v2');
    const names = blocks.flatMap(({ residual }, index): [number, string][] =>
      residual ? [[index, words.block(index + 1)]] : [],
    );
    this.#block = choice(words.chooseBlock, names, names[0][0], () => this.changed());
    const all = <T>(of: (stage: Stage) => T) =>
      Object.fromEntries(STAGES.map((stage) => [stage, of(stage)])) as Record<Stage, T>;
    this.#grids = all(
      (stage) => new ChannelGrid(words.stages[stage], text.figures.channel, (channel) => this.#follow(stage, channel)),
    );
    this.#heads = all((stage) => make('h3', '', words.stages[stage]));
    const columns = STAGES.map((stage) =>
      make('div', `stage ${NARROW.includes(stage) ? 'thin' : 'thick'}`, this.#heads[stage], this.#grids[stage].element),
    );
    const skip = make('div', 'skip', make('span', '', words.skip));
    const { input, projected, sum } = this.#terms;
    const sign = (what: string) => make('span', 'sign', what);
    this.element = make(
      'div',
      'residual',
      this.#block.element,
      make('div', 'block', skip, ...columns),
      make(
        'div',
        'closer',
        make(
          'div',
          'equation',
          make('div', 'terms', projected, sign('+'), input, sign('='), sum),
          this.#told,
          this.#pixelTold,
        ),
        make('div', 'equation', make('div', 'terms', this.#pair[0], sign('→'), this.#pair[1]), this.#pairTold),
      ),
      make('h3', '', words.memory),
      make('ul', 'bars', this.#memory.wide.element, this.#memory.narrow.element),
      this.#memoryTold,
    );
    const size = () => this.#seen?.sum ?? null;
    this.#picker = new PixelPicker([input, projected, sum], sum, text.figures.pixels, size, () => this.#tell());
  }

  async look(source: ClassifySource, [net]: readonly MobileNet[]): Promise<void> {
    const block = this.#block.value;
    const { residual } = architectureOf('v2').blocks[block - 1];
    const names: Record<Stage, string> = {
      input: `block ${block - 1} ${residual ? 'add' : 'project'}`,
      expanded: `block ${block} expand`,
      filtered: `block ${block} depthwise`,
      projected: `block ${block} project`,
      sum: `block ${block} add`,
    };
    const tensors = await net.inspect(source, { layers: Object.values(names) });
    const entries = STAGES.map((stage) => [stage, tensors.get(names[stage]) as Tensor]);
    this.#seen = Object.fromEntries(entries) as Record<Stage, Tensor>;
    if (this.#begun !== block) {
      this.#begun = block;
      const narrow = liveliest(this.#seen.sum);
      const wide = liveliest(this.#seen.filtered);
      for (const stage of STAGES) this.#grids[stage].begin(NARROW.includes(stage) ? narrow : wide);
    }
    this.redraw();
  }

  redraw(): void {
    const seen = this.#seen;
    if (!seen) return;
    const words = text.figures.residual;
    for (const stage of STAGES) {
      const { width, height, channels } = seen[stage];
      this.#grids[stage].show(seen[stage]);
      this.#heads[stage].textContent = `${words.stages[stage]} ${height}×${width}×${channels}`;
    }
    this.#showNarrow();
    this.#showWide();
    const bytes = (stage: Stage) => seen[stage].data.length * FLOAT;
    const [wide, narrow] = [bytes('expanded'), bytes('input')];
    this.#memory.wide.show([1], kilobytes(wide));
    this.#memory.narrow.show([narrow / wide], kilobytes(narrow));
    this.#memoryTold.textContent = words.memoryTold(digits(wide / narrow));
  }

  /** Marks a channel in all stages that have it. */
  #follow(stage: Stage, channel: number): void {
    const narrow = NARROW.includes(stage);
    for (const other of STAGES) if (NARROW.includes(other) === narrow) this.#grids[other].mark(channel);
    if (narrow) this.#showNarrow();
    else this.#showWide();
  }

  #showNarrow(): void {
    if (!this.#seen) return;
    const channel = this.#grids.sum.chosen;
    const { input, projected, sum } = this.#seen;
    // One scale for all, to show which of the two adds more.
    const most = Math.max(...[input, projected, sum].map((tensor) => largestOf(tensor, channel)));
    for (const stage of ['input', 'projected', 'sum'] as const) {
      drawMap(this.#terms[stage], this.#seen[stage], channel, most);
    }
    this.#told.textContent = text.figures.residual.added(channel + 1);
    this.#tell();
  }

  #showWide(): void {
    if (!this.#seen) return;
    const channel = this.#grids.expanded.chosen;
    const { expanded, filtered } = this.#seen;
    drawMap(this.#pair[0], expanded, channel);
    drawMap(this.#pair[1], filtered, channel);
    const [before, after] = [expanded, filtered].map((tensor) => digits(largestOf(tensor, channel)));
    this.#pairTold.textContent = text.figures.residual.filteredTold(channel + 1, before, after);
  }

  /** Shows the values of the pixel at which the visitor points. */
  #tell(): void {
    if (!this.#seen) return;
    const { input, projected, sum } = this.#seen;
    const [x, y] = this.#picker.at(sum);
    const channel = this.#grids.sum.chosen;
    const at = ({ data, width, channels }: Tensor) => data[(y * width + x) * channels + channel].toFixed(3);
    const said = written(`(${x}, ${y}): ${at(projected)} + ${at(input)} = ${at(sum)}`);
    this.#pixelTold.textContent = said;
    this.#picker.say(said, sum);
  }
}
