import { text } from '../text';

/** How much is measured of each network in each build. */
export interface Effort {
  label: string;
  runs: number;
  /** Of the profile; `undefined` leaves it to the package. */
  profileRuns: number | undefined;
}

/** More would take hours. */
const MOST_RUNS = 1000;

const EFFORTS: Effort[] = [
  { label: text.bench.opening.quick(25), runs: 25, profileRuns: undefined },
  { label: text.bench.opening.thorough(200), runs: 200, profileRuns: undefined },
];

/** The efforts on offer, the one to begin with first: `?runs=` in the page's address asks for a number of its own. */
export function efforts(search: string): Effort[] {
  const runs = Number(new URLSearchParams(search).get('runs'));
  if (!Number.isInteger(runs) || runs < 1 || runs > MOST_RUNS) return EFFORTS;
  const label = text.bench.opening.asked(runs);
  // Who asks for few wants to be done soon.
  return [{ label, runs, profileRuns: runs < EFFORTS[0].runs ? runs : undefined }, ...EFFORTS];
}
