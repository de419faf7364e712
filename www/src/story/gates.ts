import type { Tensor } from 'mobilenet-wasm';
import { text } from '../text';
import { drawing, shape } from './elements';
import { Reader } from './reader';

const WIDTH = 560;
const HEIGHT = 130;
const LEFT = 40;
const BASE = HEIGHT - 6;
const TOP = 8;

/** Shows each channel's gate as a bar and marks the chosen one. */
export class GateChart {
  readonly #drawing = drawing(WIDTH, HEIGHT, '');
  readonly #reader = new Reader('', this.#drawing, '.gate');
  readonly element = this.#reader.element;

  /** @param ranked the channels from the strongest gate to the weakest */
  show({ data }: Tensor, ranked: readonly number[]): void {
    const step = (WIDTH - LEFT) / ranked.length;
    const y = (gate: number) => BASE - (BASE - TOP) * gate;
    this.#reader.label = text.figures.squeeze.chart(ranked.length);
    this.#drawing.replaceChildren(
      shape('path', { class: 'rule', d: `M${LEFT} ${y(1)} H${WIDTH} M${LEFT} ${y(0.5)} H${WIDTH}` }),
      shape('path', { class: 'axis', d: `M${LEFT} ${BASE} H${WIDTH}` }),
      ...[0, 0.5, 1].map((gate) => shape('text', { x: LEFT - 6, y: y(gate) + 4, 'text-anchor': 'end' }, String(gate))),
      ...ranked.map((channel, place) => {
        const gate = data[channel];
        const size = { width: Math.max(0.6, step - (step > 3 ? 1 : 0)), height: BASE - y(gate) };
        const title = shape('title', {}, text.figures.squeeze.gate(channel + 1, gate.toFixed(2)));
        const given = { 'data-channel': channel, 'data-gate': gate };
        return shape('rect', { class: 'gate', x: LEFT + place * step, y: y(gate), ...size, ...given }, title);
      }),
    );
    this.#reader.refresh();
  }
}
