import { type BuildName, MobileNetError } from 'mobilenet-wasm';
import { textOf } from '../messages';
import type { Entry, Problem } from './entry';

/** What went wrong with a build, in a sentence. */
export function problemOf(error: unknown, build: BuildName): Problem {
  switch (error instanceof MobileNetError ? error.code : undefined) {
    case 'UNSUPPORTED':
      // The package names the build in front of its reason.
      return { kind: 'unavailable', message: `${textOf(error).split(`${build}: `).at(-1)}.` };
    case 'CRASHED':
      return { kind: 'failed', message: `The worker crashed: ${textOf(error)}.` };
    case 'OUT_OF_MEMORY':
      return { kind: 'failed', message: 'There is not enough memory. Close other tabs and measure again.' };
    case 'FETCH_FAILED':
      return { kind: 'failed', message: `The build could not be fetched: ${textOf(error)}.` };
    default:
      return { kind: 'failed', message: `It could not be measured: ${textOf(error)}.` };
  }
}

/** Why builds aren't there, each reason once for all builds and networks that it concerns. */
export function unavailable(entries: readonly Entry[]): { reason: string; builds: BuildName[] }[] {
  const builds = new Map<string, Set<BuildName>>();
  for (const { problem, build } of entries) {
    if (problem?.kind !== 'unavailable') continue;
    builds.set(problem.message, (builds.get(problem.message) ?? new Set()).add(build));
  }
  return [...builds].map(([reason, names]) => ({ reason, builds: [...names] }));
}
