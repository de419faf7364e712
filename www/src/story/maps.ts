import type { Tensor } from 'mobilenet-wasm';
import { type Ramp, inkRamp, signedRamp } from './colours';

/** The channels `channels` of a tensor, each in its own cell, in rows of `columns` cells. */
export interface Mosaic {
  tensor: Tensor;
  channels: readonly number[];
  columns: number;
  /** The value of the darkest ink in all cells. Without it each cell has its own. */
  largest?: number;
}

/** The distance between two cells. Pixels. */
const GAP = 1;

/** Draws each pixel of the maps as one pixel of the canvas. The style sheet enlarges the canvas. */
export function drawMosaic(canvas: HTMLCanvasElement, { tensor, channels, columns, largest }: Mosaic): void {
  const { width, height } = tensor;
  const rows = Math.ceil(channels.length / columns);
  const context = resized(canvas, columns * (width + GAP) - GAP, rows * (height + GAP) - GAP);
  if (!context) return;
  const image = context.createImageData(canvas.width, canvas.height);
  const signed = hasSign(tensor);
  const ramp = signed ? signedRamp() : inkRamp();
  for (const [cell, channel] of channels.entries()) {
    const left = (cell % columns) * (width + GAP);
    const top = Math.floor(cell / columns) * (height + GAP);
    const most = largest ?? largestOf(tensor, channel);
    paint(image, left, top, tensor, channel, { ramp, signed, scale: most > 0 ? 255 / most : 0 });
  }
  context.putImageData(image, 0, 0);
}

/** Draws one channel. */
export function drawMap(canvas: HTMLCanvasElement, tensor: Tensor, channel: number, largest?: number): void {
  drawMosaic(canvas, { tensor, channels: [channel], columns: 1, largest });
}

function paint(
  image: ImageData,
  left: number,
  top: number,
  { data, width, height, channels }: Tensor,
  channel: number,
  { ramp, signed, scale }: { ramp: Ramp; signed: boolean; scale: number },
): void {
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const share = data[(y * width + x) * channels + channel] * scale;
      const index = Math.min(255, Math.max(0, Math.round(signed ? (share + 255) / 2 : share)));
      const from = 4 * index;
      const to = 4 * ((top + y) * image.width + left + x);
      for (let part = 0; part < 4; part++) image.data[to + part] = ramp[from + part];
    }
  }
}

/** The largest absolute value of a channel. */
export function largestOf({ data, channels }: Tensor, channel: number): number {
  let largest = 0;
  for (let at = channel; at < data.length; at += channels) largest = Math.max(largest, Math.abs(data[at]));
  return largest;
}

/** The channel that is most interesting to look at: its values vary most, relative to its largest. */
export function liveliest({ data, channels }: Tensor): number {
  const sums = new Float64Array(channels);
  const squares = new Float64Array(channels);
  const largest = new Float64Array(channels);
  for (let at = 0; at < data.length; at++) {
    const channel = at % channels;
    sums[channel] += data[at];
    squares[channel] += data[at] ** 2;
    largest[channel] = Math.max(largest[channel], Math.abs(data[at]));
  }
  const pixels = data.length / channels;
  const spread = Array.from(sums, (sum, channel) =>
    largest[channel] > 0 ? (squares[channel] / pixels - (sum / pixels) ** 2) / largest[channel] ** 2 : 0,
  );
  return spread.indexOf(Math.max(...spread));
}

const isSigned = new WeakMap<Float32Array, boolean>();

/** Whether a tensor has values below zero. */
export function hasSign({ data }: Tensor): boolean {
  const known = isSigned.get(data);
  if (known !== undefined) return known;
  const signed = data.some((value) => value < 0);
  isSigned.set(data, signed);
  return signed;
}

/** Which channels are zero at every pixel. */
export function deadChannels({ data, channels }: Tensor): boolean[] {
  const dead = Array<boolean>(channels).fill(true);
  for (let at = 0; at < data.length; at++) if (data[at] !== 0) dead[at % channels] = false;
  return dead;
}

function resized(canvas: HTMLCanvasElement, width: number, height: number): CanvasRenderingContext2D | null {
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  return canvas.getContext('2d');
}
