import type { BuildName, Profile, Version } from 'mobilenet-wasm';
import { GENERATIONS, architectureOf, shortName } from '../networks';
import { type Summary, gflops, summary } from './statistics';

/** Pixels. */
export const RESOLUTION = 224;

const ALL = GENERATIONS.flatMap(({ versions }) =>
  versions.map((version) => ({ version, name: shortName(architectureOf(version).name) })),
);

/** The networks to measure. `?networks=v2,v3-small` in the page's address asks for some; all if it names none. */
export const NETWORKS = chosen(new URLSearchParams(location.search).get('networks') ?? '');

function chosen(names: string) {
  const asked = ALL.filter(({ version }) => names.split(',').includes(version));
  return asked.length > 0 ? asked : ALL;
}

/** The package's builds, best first. */
export const BUILDS: readonly BuildName[] = ['relaxed-threads', 'relaxed', 'simd-threads', 'simd'];

/** One network in one build, and all that was read of it. */
export interface Entry {
  readonly version: Version;
  /** The network's, for people. */
  readonly name: string;
  readonly build: BuildName;
  /** Of the network as it ran; `null` before it is loaded. */
  threads: number | null;
  macs: number | null;
  problem: Problem | null;
  /** ms of each run that counts, in their order. */
  inference: number[];
  /** ms of the runs that warm up, and of the first of each turn. */
  leftOut: number[];
  profile: Profile | null;
}

export interface Problem {
  /** Whether the build can't run in this browser or page at all, or something broke. */
  kind: 'unavailable' | 'failed';
  /** The end of a sentence, without the full stop. */
  reason: string;
}

export function newEntries(): Entry[] {
  return NETWORKS.flatMap(({ version, name }) =>
    BUILDS.map((build) => ({
      version,
      name,
      build,
      threads: null,
      macs: null,
      problem: null,
      inference: [],
      leftOut: [],
      profile: null,
    })),
  );
}

export interface Result extends Summary {
  /** Of the fastest run. */
  gflops: number | null;
  /** Of what the threads' cores could do together; `null` before a peak is known. */
  shareOfPeak: number | null;
}

/** What the readings come to; `null` where there are none. */
export function resultOf(entry: Entry, entries: readonly Entry[]): Result | null {
  const times = summary(entry.inference);
  if (!times || entry.macs === null || entry.threads === null) return null;
  const rate = gflops(entry.macs, times.minimum);
  const peak = peakOf(entry.build, entries);
  return { ...times, gflops: rate, shareOfPeak: rate !== null && peak !== null ? rate / (peak * entry.threads) : null };
}

/** GFLOP/s of one core: the best reading, as whatever else the device does can only lower one. */
export function peakOf(build: BuildName, entries: readonly Entry[]): number | null {
  const peaks = entries.flatMap((entry) => (entry.build === build && entry.profile?.peak) || []);
  return peaks.length > 0 ? Math.max(...peaks) : null;
}

/** The entry of a network with the fastest run; `undefined` before there is one. */
export function fastest(entries: readonly Entry[], version: Version): Entry | undefined {
  const minimum = ({ inference }: Entry) => Math.min(...inference);
  const read = entries.filter((entry) => entry.version === version && entry.inference.length > 0);
  return read.sort((a, b) => minimum(a) - minimum(b))[0];
}
