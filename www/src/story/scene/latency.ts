import type { ProfileStep } from 'mobilenet-wasm';
import type { Inside } from './insides';

/** Steps are timed with these shares of each inside's channels. */
export const WIDTHS = [1, 0.75, 0.5, 0.25];

/** Channels are removed in groups of this size, because the engine's kernels compute so many together. */
export const GROUP = 8;

/** How many channels each inside has left. */
export type Channels = ReadonlyMap<Inside, number>;

/** The times of a network with these channels. */
export interface Timed {
  channels: Channels;
  steps: readonly Pick<ProfileStep, 'name' | 'microseconds'>[];
}

/** The number of an inside's channels that stay at a width. */
export function channelsAt(channels: number, width: number): number {
  return Math.min(channels, Math.max(GROUP, GROUP * Math.round((channels * width) / GROUP)));
}

/** Times of a network's steps at some widths. It interpolates the times at all other widths. */
export class LatencyTable {
  readonly #steps = new Map<string, Point[]>();
  readonly #whole: number;

  /** @param timed the whole network and narrower ones, each at least once */
  constructor(timed: readonly Timed[]) {
    for (const { channels, steps } of timed) {
      const shares = workShares(channels);
      for (const { name, microseconds } of steps) {
        const points = this.#steps.get(name) ?? [];
        points.push({ share: shares.get(layerOf(name)) ?? 1, time: microseconds });
        this.#steps.set(name, points);
      }
    }
    for (const [name, points] of this.#steps) this.#steps.set(name, growing(points));
    this.#whole = this.#sum(new Map());
  }

  /** The time of a network with these channels, as a share of the whole network's time. */
  predict(channels: Channels): number {
    return this.#sum(workShares(channels)) / this.#whole;
  }

  #sum(shares: ReadonlyMap<string, number>): number {
    return [...this.#steps].reduce((sum, [name, points]) => sum + timeAt(points, shares.get(layerOf(name)) ?? 1), 0);
  }
}

/** A step's time with a share of its work. */
interface Point {
  share: number;
  time: number;
}

/** The share of its multiply-adds that each layer keeps. A layer that isn't listed keeps all. */
function workShares(channels: Channels): Map<string, number> {
  const shares = new Map<string, number>();
  for (const [{ producer, consumer, depthwise, squeeze, channels: all }, count] of channels) {
    for (const site of [producer, consumer, depthwise, squeeze?.reduce, squeeze?.excite]) {
      if (site) shares.set(site, ((shares.get(site) ?? 1) * count) / all);
    }
  }
  return shares;
}

/** Names the layer whose share of work applies to this step. */
function layerOf(step: string): string {
  return step.replace(/^(block \d+) (expand \+ depthwise|pool|scale)$/, '$1 depthwise');
}

/** Keeps the least time of each share, and at most that of any larger share: more work can't take less time. */
function growing(points: readonly Point[]): Point[] {
  const sorted = [...points].sort((a, b) => b.share - a.share || a.time - b.time);
  const result: Point[] = [];
  for (const { share, time } of sorted) {
    const before = result[result.length - 1];
    if (before?.share !== share) result.push({ share, time: Math.min(time, before?.time ?? time) });
  }
  return result.reverse();
}

/** Interpolates linearly between the two nearest points. */
function timeAt(points: readonly Point[], share: number): number {
  if (points.length === 1) return points[0].time;
  const place = points.findIndex((point) => point.share >= share);
  const next = Math.max(1, place < 0 ? points.length - 1 : place);
  const [a, b] = [points[next - 1], points[next]];
  return Math.max(0, a.time + ((b.time - a.time) * (share - a.share)) / (b.share - a.share));
}
