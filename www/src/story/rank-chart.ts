import { count } from '../format';
import { text } from '../text';
import { ranks } from './correlation';
import { drawing, shape } from './elements';
import type { Measured } from './measured';
import { duration } from './numbers';

const WIDTH = 560;
const ROW = 24;
const TOP = 30;
const LEFT = 216;
const RIGHT = 344;

/** Lists networks by work and by time, with a line between each network's places: lines that cross are changes of order. */
export function rankChart(measured: readonly Measured[]): SVGSVGElement {
  const words = text.figures.search;
  const y = (rank: number) => TOP + ROW * (rank - 0.5);
  const [byWork, byTime] = [ranks(measured.map(({ macs }) => macs)), ranks(measured.map(({ time }) => time))];
  const chart = drawing(WIDTH, TOP + ROW * measured.length, words.rankLabel);
  chart.append(
    shape('text', { x: LEFT, y: 16, 'text-anchor': 'end' }, words.byWork),
    shape('text', { x: RIGHT, y: 16 }, words.byTime),
  );
  for (const [index, { name, macs, time }] of measured.entries()) {
    const [from, to] = [y(byWork[index]), y(byTime[index])];
    const moved = Math.abs(byWork[index] - byTime[index]);
    chart.append(
      shape('text', { class: 'name', x: LEFT, y: from + 4, 'text-anchor': 'end' }, `${name} ${count(macs)}`),
      shape('path', {
        class: moved > 0 ? 'tie crossed' : 'tie',
        d: `M${LEFT + 8} ${from} L${RIGHT - 8} ${to}`,
        'data-macs': macs,
        'data-time': time,
      }),
      shape('text', { class: 'name', x: RIGHT, y: to + 4 }, `${duration(time * 1000)} ${name}`),
    );
  }
  return chart;
}
