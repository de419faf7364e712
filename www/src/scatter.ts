import catalogue from 'mobilenet-wasm/catalogue.json';
import type { Card } from './card';
import { element } from './element';
import { milliseconds } from './format';
import { shape } from './story/elements';
import { Reader } from './story/reader';
import { list, text } from './text';
import { timeAxis } from './time-axis';

/** The limits of the drawing's width, which follows the page's. Pixels. */
const WIDTH = { least: 280, most: 960 };
const HEIGHT = 280;
const PLOT = { left: 44, right: 16, top: 14, bottom: 34 };
/** The range of the published accuracies, per cent. */
const TOP1 = { from: 55, to: 82, step: 5 };

interface Point {
  name: string;
  /** ms; `null` if it hasn't run here. */
  time: number | null;
  top1: number;
  /** The column in which it runs now. */
  column: string | null;
  /** Whether it runs with random weights. The accuracy is that of published ones. */
  untrained?: boolean;
}

/** This device's time of each network against its published accuracy. */
export class Scatter {
  readonly #plot = element('scatter');
  readonly #drawing = document.createElement('div');
  readonly #reader = new Reader('', this.#drawing, 'circle, .unmeasured');
  readonly #unpublished = document.createElement('p');
  readonly #measured = new Map<string, Point>();
  #drawn = '';
  /** The available width. Pixels. */
  #width = 0;

  constructor(private readonly cards: readonly Card[]) {
    this.#plot.append(this.#reader.element);
    this.#plot.after(this.#unpublished);
    // Reading the width in each round would force a layout of the page.
    new ResizeObserver(([{ contentRect }]) => {
      this.#width = contentRect.width;
      this.refresh();
    }).observe(this.#plot);
  }

  /** Updates the drawing after times or networks have changed. */
  refresh(): void {
    for (const point of this.#measured.values()) point.column = null;
    for (const { name, weights, top1, time } of this.cards) {
      if (weights && top1 !== null && time !== null) {
        this.#measured.set(weights, { name: weights, time, top1, column: name });
      }
    }
    this.#tellUnpublished();
    const untrained = this.cards.flatMap((card) => untrainedPoint(card) ?? []);
    const others = catalogue.filter(
      ({ name }) => !this.#measured.has(name) && untrained.every((point) => point.name !== name),
    );
    const points: Point[] = [
      ...this.#measured.values(),
      ...untrained,
      ...others.map(({ name, top1 }) => ({ name, top1, time: null, column: null })),
    ];
    // It is only drawn again if the change is visible.
    const width = Math.round(Math.min(WIDTH.most, Math.max(WIDTH.least, this.#width)));
    const seen = JSON.stringify([
      width,
      ...points.map(({ name, time, column }) => [name, time && milliseconds(time), column]),
    ]);
    if (seen === this.#drawn) return;
    this.#drawn = seen;
    this.#drawing.replaceChildren(draw(points, width));
    this.#reader.label = spoken(points);
    this.#reader.refresh();
  }

  /** Names the columns that have no place in the drawing. */
  #tellUnpublished(): void {
    const { unpublished, timed } = text.page.scatter;
    const names = this.cards.flatMap(({ name, info, top1, time }) =>
      info?.trained && top1 === null && time !== null ? [timed(name, milliseconds(time))] : [],
    );
    const told = names.length > 0 ? unpublished(list(names)) : '';
    if (this.#unpublished.textContent !== told) this.#unpublished.textContent = told;
  }
}

/** The best published checkpoint of a column's untrained network; `null` if there is none. */
function untrainedPoint({ name: column, info, time }: Card): Point | null {
  if (!info || info.trained || time === null) return null;
  const alike = catalogue.filter(
    ({ version, width, resolution }) =>
      version === info.version && width === info.width && resolution === info.resolution,
  );
  if (alike.length === 0) return null;
  const { name, top1 } = alike.reduce((a, b) => (b.top1 > a.top1 ? b : a));
  return { name, time, top1, column, untrained: true };
}

function draw(points: readonly Point[], width: number): SVGSVGElement {
  const times = points.flatMap(({ time }) => time ?? []);
  const { ticks, share } = timeAxis(Math.min(...times, 5), Math.max(...times, 20));
  const right = width - PLOT.right;
  const bottom = HEIGHT - PLOT.bottom;
  const scale: Scale = {
    right,
    bottom,
    x: (ms) => PLOT.left + (right - PLOT.left) * share(ms),
    y: (top1) => bottom - ((bottom - PLOT.top) * (top1 - TOP1.from)) / (TOP1.to - TOP1.from),
  };
  const marks = points.flatMap((point) => mark(point, scale));
  return shape('svg', { width, height: HEIGHT, viewBox: `0 0 ${width} ${HEIGHT}` }, ...axes(scale, ticks), ...marks);
}

/** Maps times and accuracies to places on the drawing. */
interface Scale {
  x: (ms: number) => number;
  y: (top1: number) => number;
  /** The plot's edges. */
  right: number;
  bottom: number;
}

function axes({ x, y, right, bottom }: Scale, ticks: readonly number[]): SVGElement[] {
  const { time, accuracy } = text.page.scatter;
  const lines = Math.ceil((TOP1.to - TOP1.from) / TOP1.step);
  const accuracies = Array.from({ length: lines }, (_, i) => TOP1.from + i * TOP1.step);
  return [
    ...accuracies.flatMap((top1) => [
      shape('line', { class: 'grid', x1: PLOT.left, x2: right, y1: y(top1), y2: y(top1) }),
      shape('text', { x: PLOT.left - 8, y: y(top1) + 4, 'text-anchor': 'end' }, String(top1)),
    ]),
    ...ticks.flatMap((tick) => [
      shape('line', { class: 'grid', x1: x(tick), x2: x(tick), y1: PLOT.top, y2: bottom }),
      shape('text', { x: x(tick), y: bottom + 16, 'text-anchor': 'middle' }, String(tick)),
    ]),
    shape('text', { x: right, y: HEIGHT - 3, 'text-anchor': 'end' }, time),
    shape('text', { x: PLOT.left + 4, y: PLOT.top - 4 }, accuracy),
  ];
}

/** A dot with the column's name, or a line on the left for a network that hasn't run here. */
function mark(point: Point, { x, y, right }: Scale): SVGElement[] {
  const title = shape('title', {}, described(point));
  const cy = y(point.top1);
  if (point.time === null) {
    return [shape('line', { class: 'unmeasured', x1: PLOT.left, x2: PLOT.left + 9, y1: cy, y2: cy }, title)];
  }
  const cx = x(point.time);
  const dot = shape('circle', { class: classOf(point), cx, cy, r: point.column ? 5 : 4 }, title);
  if (!point.column) return [dot];
  const near = cx > right - 70;
  const place = { x: cx + (near ? -9 : 9), y: cy + 4, 'text-anchor': near ? 'end' : 'start' };
  return [dot, shape('text', { class: 'named', ...place }, point.column)];
}

function classOf({ column, untrained }: Point): string {
  if (!column) return 'measured';
  return untrained ? 'running untrained' : 'running';
}

function described({ name, time, top1, untrained }: Point): string {
  const words = text.page.scatter;
  if (time === null) return words.unmeasured(name, top1.toFixed(1));
  return (untrained ? words.untrained : words.measured)(name, top1.toFixed(1), milliseconds(time));
}

function spoken(points: readonly Point[]): string {
  return [text.page.scatter.heading, ...points.filter(({ column }) => column).map(described)].join('. ');
}
