import { list, text } from '../text';
import { ratio, v1Pairs } from './costs';
import { drawing, shape } from './elements';
import { digits } from './numbers';
import { Reader } from './reader';

const WIDTH = 520;
const HEIGHT = 310;
const LEFT = 60;
const RIGHT = 26;
const BOTTOM = 50;
const TOP = 14;
/** The least and the most output channels. */
const CHANNELS = [8, 1024];
const MOST = 0.25;

const x = (channels: number) =>
  LEFT + ((WIDTH - LEFT - RIGHT) * Math.log2(channels / CHANNELS[0])) / Math.log2(CHANNELS[1] / CHANNELS[0]);
const y = (share: number) => HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * (share / MOST);

/** The cost ratio over the output channels: a curve for each filter, V1's blocks, and the chosen point. */
export class CostPlane {
  readonly element: HTMLElement;
  readonly #chosen = shape('circle', { class: 'chosen', r: 8 });

  constructor() {
    const words = text.figures.depthwise.plane;
    const plane = drawing(WIDTH, HEIGHT, '');
    plane.append(
      shape('path', { class: 'axis', d: `M${LEFT} ${TOP} V${HEIGHT - BOTTOM} H${WIDTH - RIGHT}` }),
      shape('text', { x: LEFT + 6, y: TOP + 8 }, words.vertical),
      shape('text', { x: WIDTH - RIGHT, y: HEIGHT - 4, 'text-anchor': 'end' }, words.horizontal),
    );
    for (const share of [0, 0.1, 0.2]) {
      plane.append(
        shape('text', { x: LEFT - 6, y: y(share) + 4, 'text-anchor': 'end' }, `${Math.round(100 * share)} %`),
      );
    }
    for (let channels = CHANNELS[0]; channels <= CHANNELS[1]; channels *= 2) {
      const at = { x: x(channels), y: HEIGHT - BOTTOM + 20, 'text-anchor': 'middle' };
      plane.append(shape('text', at, String(channels)));
    }
    for (const kernel of [3, 5]) plane.append(...curve(kernel));
    plane.append(...v1Points(), this.#chosen);
    this.element = new Reader(words.label, plane, '.point').element;
  }

  /** Marks the chosen point. */
  mark(kernel: number, outChannels: number): void {
    this.#chosen.setAttribute('cx', String(x(outChannels)));
    this.#chosen.setAttribute('cy', String(y(ratio(kernel, outChannels))));
  }
}

function curve(kernel: number): SVGElement[] {
  const [least, most] = CHANNELS.map(Math.log2);
  const points = Array.from({ length: 57 }, (_, index) => 2 ** (least + ((most - least) * index) / 56));
  const d = points
    .map((channels, index) => `${index ? 'L' : 'M'}${x(channels)} ${y(ratio(kernel, channels))}`)
    .join('');
  const end = { x: WIDTH - RIGHT, y: y(ratio(kernel, CHANNELS[1])) - 8, 'text-anchor': 'end' };
  return [shape('path', { class: 'curve', d }), shape('text', end, `${kernel}×${kernel}`)];
}

/** V1's blocks; those with the same output channels are one point. */
function v1Points(): SVGElement[] {
  const pairs = v1Pairs();
  const widths = [...new Set(pairs.map(({ outChannels }) => outChannels))];
  return widths.map((outChannels) => {
    const same = pairs.filter((pair) => pair.outChannels === outChannels);
    const share = ratio(same[0].kernel, outChannels);
    const blocks = list(same.map(({ block }) => String(block + 1)));
    const title = shape('title', {}, text.figures.depthwise.plane.point(blocks, outChannels, digits(share)));
    const point = { class: 'point', cx: x(outChannels), cy: y(share), r: 3 + same.length / 2 };
    return shape('circle', { ...point, 'data-blocks': same.length, 'data-channels': outChannels }, title);
  });
}
