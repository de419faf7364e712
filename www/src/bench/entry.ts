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

/** One network in one build, with its measurements. */
export interface Entry {
  readonly version: Version;
  /** The network's name on the page. */
  readonly name: string;
  readonly build: BuildName;
  /** The network's threads; `null` before it is loaded. */
  threads: number | null;
  macs: number | null;
  problem: Problem | null;
  /** The times of the runs that count, in order. ms */
  inference: number[];
  /** The times of the warm-up runs, and of the first run of each turn. ms */
  leftOut: number[];
  profile: Profile | null;
}

export interface Problem {
  /** `unavailable`: the build can't run in this browser or page. `failed`: an error occurred. */
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
  /** The rate of the fastest run. */
  gflops: number | null;
  /** The share of the peak of all the threads' cores; `null` before a peak is known. */
  shareOfPeak: number | null;
}

/** Summarises the measurements; `null` if there are none. */
export function resultOf(entry: Entry, entries: readonly Entry[]): Result | null {
  const times = summary(entry.inference);
  if (!times || entry.macs === null || entry.threads === null) return null;
  const rate = gflops(entry.macs, times.minimum);
  const peak = peakOf(entry.build, entries);
  return { ...times, gflops: rate, shareOfPeak: rate !== null && peak !== null ? rate / (peak * entry.threads) : null };
}

/** The peak of one core, GFLOP/s: the best measurement, since other work of the device can only lower one. */
export function peakOf(build: BuildName, entries: readonly Entry[]): number | null {
  const peaks = entries.flatMap((entry) => (entry.build === build && entry.profile?.peak) || []);
  return peaks.length > 0 ? Math.max(...peaks) : null;
}

/** The entry with a network's fastest run; `undefined` before there is one. */
export function fastest(entries: readonly Entry[], version: Version): Entry | undefined {
  const minimum = ({ inference }: Entry) => Math.min(...inference);
  const read = entries.filter((entry) => entry.version === version && entry.inference.length > 0);
  return read.sort((a, b) => minimum(a) - minimum(b))[0];
}
