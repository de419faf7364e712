import type { BuildName, MobileNet, Timing, Version } from 'mobilenet-wasm';
import { type Source, frameOf } from '../../../bench/page/camera.js';
import { text } from '../text';
import { NETWORKS } from './entry';
import { median } from './statistics';
import { whileVisible } from './visibility';

/** The parts of the path from a camera's frame to its labels, in order. */
export const PARTS = ['read', 'resize', 'network', 'answer'] as const;
export type Part = (typeof PARTS)[number];

const SIZES = [
  [640, 480],
  [1280, 720],
  [1920, 1080],
] as const;

/** The measurements of one network with frames of one size. */
export interface FrameSize {
  readonly source: Source;
  /** The times of the runs, in order. ms */
  readonly times: Record<Part | 'total', number[]>;
}

/** The whole path of a frame, for one network in its fastest build. */
export interface Path {
  readonly version: Version;
  /** The network's name on the page. */
  readonly name: string;
  /** `null` before it is measured. */
  build: BuildName | null;
  threads: number | null;
  /** The end of a sentence, without the full stop. */
  problem: string | null;
  readonly sizes: FrameSize[];
}

export function newPaths(): Path[] {
  return NETWORKS.map(({ version, name }) => ({
    version,
    name,
    build: null,
    threads: null,
    problem: null,
    sizes: SIZES.map(([width, height]) => ({
      source: { kind: 'VideoFrame', width, height },
      times: { read: [], resize: [], network: [], answer: [], total: [] },
    })),
  }));
}

/** Medians, ms; `null` if there are no measurements. */
export function mediansOf({ times }: FrameSize): Record<Part | 'total', number> | null {
  if (times.total.length === 0) return null;
  const medians = Object.entries(times).map(([part, values]) => [part, median(values)]);
  return Object.fromEntries(medians) as Record<Part | 'total', number>;
}

/** Classifies frames of each size in turn, each a new one. The first of a turn must make the resize tables again, and is left out. */
export async function pathTurn(net: MobileNet, path: Path, runs: number, signal: AbortSignal): Promise<void> {
  for (const { source, times } of path.sizes) {
    const [, ...timings] = await whileVisible(() => classifyFrames(net, source, 1 + runs, signal), signal);
    for (const { read, preprocess, inference, total } of timings) {
      times.read.push(read);
      times.resize.push(preprocess - read);
      times.network.push(inference);
      times.answer.push(total - preprocess - inference);
      times.total.push(total);
    }
  }
}

async function classifyFrames(net: MobileNet, source: Source, count: number, signal: AbortSignal): Promise<Timing[]> {
  if (typeof VideoFrame !== 'function') throw new Error(text.bench.path.noFrames);
  const timings: Timing[] = [];
  for (let i = 0; i < count; i++) {
    const frame = await frameOf(source);
    try {
      timings.push((await net.classify(frame, { signal })).timing);
    } finally {
      frame.close();
    }
  }
  return timings;
}
