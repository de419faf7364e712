import { text } from '../text';

/** The amount of measurements for each network in each build. */
export interface Effort {
  label: string;
  runs: number;
  /** The runs of the profile; `undefined` for the package's default. */
  profileRuns: number | undefined;
}

/** More would take hours. */
const MOST_RUNS = 1000;

const EFFORTS: Effort[] = [
  { label: text.bench.opening.quick(25), runs: 25, profileRuns: undefined },
  { label: text.bench.opening.thorough(200), runs: 200, profileRuns: undefined },
];

/** The choices of effort, the default first. `?runs=` in the page's address adds one. */
export function efforts(search: string): Effort[] {
  const runs = Number(new URLSearchParams(search).get('runs'));
  if (!Number.isInteger(runs) || runs < 1 || runs > MOST_RUNS) return EFFORTS;
  const label = text.bench.opening.asked(runs);
  // With few runs the profile is short too.
  return [{ label, runs, profileRuns: runs < EFFORTS[0].runs ? runs : undefined }, ...EFFORTS];
}
