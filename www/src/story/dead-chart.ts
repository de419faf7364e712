import { percent } from '../format';
import { text } from '../text';
import { drawing, shape } from './elements';
import { Reader } from './reader';

const WIDTH = 560;
const HEIGHT = 126;
const LEFT = 56;
const BASE = HEIGHT - 24;
const TOP = 8;

/** A layer with the number of its channels that are zero at every pixel. */
export interface DeadLayer {
  name: string;
  kind: 'filter' | 'widen' | 'narrow';
  /** The block's number, from 0. */
  block: number;
  part: 'expand' | 'depthwise' | 'project';
  dead: number;
  channels: number;
}

/** The largest share of dead channels in a layer. */
export function mostDead(layers: readonly DeadLayer[]): number {
  return Math.max(...layers.map(share));
}

function share({ dead, channels }: DeadLayer): number {
  return dead / channels;
}

/** Shows the layers of one network as bars. */
export class DeadChart {
  readonly #drawing = drawing(WIDTH, HEIGHT, '');
  readonly #reader = new Reader('', this.#drawing, 'rect');
  readonly element = this.#reader.element;

  constructor(private readonly name: string) {}

  /** @param most the share at the top of the scale, the same for all networks that are compared */
  show(layers: readonly DeadLayer[], most: number): void {
    const words = text.figures.relu.chart;
    const step = (WIDTH - LEFT) / layers.length;
    const y = (value: number) => BASE - (BASE - TOP) * (value / most);
    this.#reader.label = words.label(this.name, percent(mostDead(layers)));
    this.#drawing.replaceChildren(
      shape('path', { class: 'axis', d: `M${LEFT} ${BASE} H${WIDTH}` }),
      shape('path', { class: 'rule', d: `M${LEFT} ${y(most)} H${WIDTH}` }),
      shape('text', { x: LEFT - 6, y: y(most) + 8, 'text-anchor': 'end' }, percent(most)),
      shape('text', { x: LEFT - 6, y: BASE, 'text-anchor': 'end' }, percent(0)),
      shape('text', { x: LEFT, y: HEIGHT - 3 }, words.first),
      shape('text', { x: WIDTH, y: HEIGHT - 3, 'text-anchor': 'end' }, words.last),
      ...layers.map((layer, index) => {
        const height = Math.max(1.5, BASE - y(share(layer)));
        const said = words.layer(layer.block + 1, layer.part, layer.dead, layer.channels);
        const rect = { x: LEFT + index * step + 1, y: BASE - height, width: Math.max(1, step - 2), height };
        const given = { 'data-layer': layer.name, 'data-dead': layer.dead };
        return shape('rect', { class: layer.kind, ...rect, ...given }, shape('title', {}, said));
      }),
    );
    this.#reader.refresh();
  }
}
