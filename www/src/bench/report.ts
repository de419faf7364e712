import { name, version } from 'mobilenet-wasm/package.json';
import { percent } from '../format';
import { LANGUAGES, text } from '../text';
import { type Entry, RESOLUTION, resultOf } from './entry';
import { figure, optional } from './figures';
import { PARTS, type Path, mediansOf } from './path';
import { pathSentences, sentences } from './problems';

/** One measurement of all entries, with its date and settings. */
export interface Measurement {
  entries: readonly Entry[];
  paths: readonly Path[];
  date: Date;
  /** Runs of each network in each build. */
  runs: number;
  /** Whether it was finished, and not stopped. */
  complete: boolean;
}

/** All measurements, for a file. */
export function reportJson({ entries, paths, date, runs, complete }: Measurement): string {
  return JSON.stringify(
    {
      package: `${name} ${version}`,
      date: date.toISOString(),
      userAgent: navigator.userAgent,
      hardwareConcurrency: navigator.hardwareConcurrency,
      crossOriginIsolated,
      units: { times: 'ms', 'times in profiles': 'µs', rates: 'GFLOP/s' },
      resolution: RESOLUTION,
      runs,
      complete,
      entries: entries.map(({ version, build, threads, macs, problem, inference, leftOut, profile }, i) => ({
        version,
        build,
        threads,
        macs,
        problem: problem?.reason ?? null,
        result: resultOf(entries[i], entries),
        inference,
        leftOut,
        profile,
      })),
      // From a frame to its labels, in the fastest build.
      paths: paths.map(({ version, build, threads, problem, sizes }) => ({
        version,
        build,
        threads,
        problem,
        frames: sizes.map((size) => ({ ...size.source, medians: mediansOf(size), times: size.times })),
      })),
    },
    null,
    1,
  );
}

/** The table and the device, for an issue. */
export function reportMarkdown({ entries, paths, date, runs, complete }: Measurement): string {
  const lines = entries.flatMap((entry) => {
    const result = resultOf(entry, entries);
    if (!result) return [];
    const times = [result.minimum, result.median, result.p95].map(figure);
    const rates = [optional(result.gflops), optional(result.shareOfPeak, percent)];
    return [[entry.name, entry.build, String(entry.threads), ...times, ...rates]];
  });
  const row = (cells: string[]) => `| ${cells.join(' | ')} |`;
  return [
    `${name} ${version}, ${date.toISOString()}, ${runs === 1 ? '1 run' : `${runs} runs`} each at ${RESOLUTION} pixels${complete ? '' : ', stopped before the end'}`,
    `${navigator.userAgent}, ${deviceText(LANGUAGES.en.text)}`,
    '',
    row(['network', 'build', 'threads', 'min ms', 'median ms', 'p95 ms', 'GFLOP/s', 'of peak']),
    row(['---', '---', '--:', '--:', '--:', '--:', '--:', '--:']),
    ...lines.map(row),
    '',
    row(['network', 'build', 'threads', 'frame', ...PARTS.map((part) => `${part} ms`), 'total ms']),
    row(['---', '---', '--:', '--:', ...PARTS.map(() => '--:'), '--:']),
    ...pathRows(paths).map(row),
    '',
    ...sentences(entries),
    ...pathSentences(paths),
  ].join('\n');
}

/** A row for each network and size of frame that was measured. */
function pathRows(paths: readonly Path[]): string[][] {
  return paths.flatMap(({ name, build, threads, sizes }) =>
    sizes.flatMap((size) => {
      const medians = mediansOf(size);
      if (!medians) return [];
      const { width, height } = size.source;
      const times = [...PARTS, 'total' as const].map((part) => figure(medians[part]));
      return [[name, String(build), String(threads), `${width}×${height}`, ...times]];
    }),
  );
}

/** Describes the device and the page, as far as the browser tells. */
export function deviceText(words = text): string {
  return words.bench.opening.cores(navigator.hardwareConcurrency, crossOriginIsolated);
}
