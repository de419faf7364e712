/** ms. An axis begins and ends at one of these. */
const TICKS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000];

/** A logarithmic axis of times. ms */
export interface TimeAxis {
  ticks: number[];
  /** Where on the axis a time is, from 0 to 1. */
  share(ms: number): number;
  /** The time there. */
  at(share: number): number;
}

/** An axis that has both times on it. */
export function timeAxis(least: number, most: number): TimeAxis {
  const from = TICKS.findLast((tick) => tick <= least) ?? TICKS[0];
  const to = TICKS.find((tick) => tick >= most) ?? TICKS[TICKS.length - 1];
  const span = Math.log(to / from);
  return {
    ticks: TICKS.filter((tick) => tick >= from && tick <= to),
    // A coarse clock may have seen no time pass at all.
    share: (ms) => Math.max(0, Math.log(ms / from) / span),
    at: (share) => from * Math.exp(share * span),
  };
}
