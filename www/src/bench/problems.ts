import { type BuildName, MobileNetError } from 'mobilenet-wasm';
import { list, text } from '../text';
import { textOf } from '../messages';
import type { Entry, Problem } from './entry';
import type { Path } from './path';

/** The problem of a build. */
export function problemOf(error: unknown, build: BuildName): Problem {
  // If a build doesn't start, the package's message names it before the reason.
  const reason = textOf(error).replace(new RegExp(`^.*${build}: `), '');
  switch (error instanceof MobileNetError ? error.code : undefined) {
    case 'UNSUPPORTED':
      return { kind: 'unavailable', reason };
    case 'CRASHED':
      return { kind: 'failed', reason: text.bench.results.crashed(reason) };
    case 'OUT_OF_MEMORY':
      return { kind: 'failed', reason: text.bench.results.memory };
    default:
      return { kind: 'failed', reason };
  }
}

/** A sentence for each problem; one for all networks if a build can't run in this browser or page. */
export function sentences(entries: readonly Entry[]): string[] {
  const unavailable = new Map<string, Set<BuildName>>();
  const failed: string[] = [];
  for (const { problem, name, build } of entries) {
    if (problem?.kind === 'unavailable') {
      unavailable.set(problem.reason, (unavailable.get(problem.reason) ?? new Set()).add(build));
    } else if (problem) {
      failed.push(text.bench.results.broken(name, build, problem.reason));
    }
  }
  const missing = [...unavailable].map(([reason, builds]) => text.bench.results.notMeasured(list([...builds]), reason));
  return [...missing, ...failed];
}

/** A sentence for each network whose path could not be measured with every size of frame. */
export function pathSentences(paths: readonly Path[]): string[] {
  return paths.flatMap(({ problem, name }) => (problem ? [text.bench.path.failed(name, problem)] : []));
}
