import type { Tensor } from 'mobilenet-wasm';
import { make } from './elements';
import { drawMosaic } from './maps';

/** The number of maps in a row: a number near the square root that leaves no row unfilled, if there is one. */
function columnsFor(channels: number): number {
  const least = Math.ceil(Math.sqrt(channels));
  for (let columns = least; columns <= 2 * least; columns++) if (channels % columns === 0) return columns;
  return least;
}

/**
 * Shows all channels of a tensor as small maps. The visitor chooses one by pointer, by touch, or, as in a slider, by arrow keys.
 */
export class ChannelGrid {
  readonly element: HTMLDivElement;
  readonly #canvas = make('canvas');
  readonly #mark = make('i', 'mosaic-mark');
  #tensor: Tensor | null = null;
  #chosen = 0;

  /**
   * @param label the label for screen readers
   * @param named names a channel: "channel 3 of 32"
   * @param onChoose called when the visitor chose a channel
   */
  constructor(
    label: string,
    private readonly named: (channel: number, channels: number) => string,
    private readonly onChoose: (channel: number) => void,
  ) {
    this.element = make('div', 'mosaic', this.#canvas, this.#mark);
    this.element.tabIndex = 0;
    this.element.setAttribute('role', 'slider');
    this.element.setAttribute('aria-label', label);
    for (const bound of ['valuemin', 'valuenow', 'valuemax']) this.element.setAttribute(`aria-${bound}`, '0');
    const point = ({ clientX, clientY }: PointerEvent) => this.#choose(this.#at(clientX, clientY));
    this.element.addEventListener('pointermove', (event) => event.pointerType === 'mouse' && point(event));
    this.element.addEventListener('pointerdown', point);
    this.element.addEventListener('keydown', (event) => {
      const step = this.#step(event.key);
      if (step === null) return;
      event.preventDefault();
      this.#choose(this.#chosen + step);
    });
  }

  get chosen(): number {
    return this.#chosen;
  }

  /** Marks a channel, or the nearest one if there is no such channel. */
  mark(channel: number): void {
    const { channels } = this.#tensor ?? { channels: 1 };
    this.#chosen = Math.min(Math.max(channel, 0), channels - 1);
    this.element.setAttribute('aria-valuenow', String(this.#chosen));
    this.element.setAttribute('aria-valuetext', this.named(this.#chosen, channels));
    const columns = columnsFor(channels);
    const rows = Math.ceil(channels / columns);
    const { style } = this.#mark;
    style.width = `${100 / columns}%`;
    style.height = `${100 / rows}%`;
    style.left = `${((this.#chosen % columns) * 100) / columns}%`;
    style.top = `${(Math.floor(this.#chosen / columns) * 100) / rows}%`;
  }

  /** Chooses a channel of the next tensor. */
  begin(channel: number): void {
    this.#chosen = channel;
  }

  show(tensor: Tensor): void {
    this.#tensor = tensor;
    const channels = Array.from({ length: tensor.channels }, (_, channel) => channel);
    drawMosaic(this.#canvas, { tensor, channels, columns: columnsFor(tensor.channels) });
    this.element.setAttribute('aria-valuemax', String(tensor.channels - 1));
    this.mark(this.#chosen);
  }

  #choose(channel: number): void {
    if (!this.#tensor || channel < 0 || channel >= this.#tensor.channels || channel === this.#chosen) return;
    this.mark(channel);
    this.onChoose(channel);
  }

  /** The channel at a place in the window. */
  #at(clientX: number, clientY: number): number {
    const { left, top, width, height } = this.#canvas.getBoundingClientRect();
    const { channels } = this.#tensor ?? { channels: 1 };
    const columns = columnsFor(channels);
    const rows = Math.ceil(channels / columns);
    const share = (at: number, side: number, count: number) =>
      Math.min(count - 1, Math.max(0, Math.floor((at / side) * count)));
    return share(clientY - top, height, rows) * columns + share(clientX - left, width, columns);
  }

  #step(key: string): number | null {
    const { channels } = this.#tensor ?? { channels: 1 };
    switch (key) {
      case 'ArrowRight':
        return 1;
      case 'ArrowLeft':
        return -1;
      case 'ArrowDown':
        return columnsFor(channels);
      case 'ArrowUp':
        return -columnsFor(channels);
      case 'Home':
        return -this.#chosen;
      case 'End':
        return channels - 1 - this.#chosen;
      default:
        return null;
    }
  }
}
