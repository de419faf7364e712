/** An axis begins and ends at one of these times. ms */
const TICKS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000];

/** A logarithmic axis of times. ms */
export interface TimeAxis {
  ticks: number[];
  /** The position of a time on the axis, from 0 to 1. */
  share(ms: number): number;
  /** The time at a position. */
  at(share: number): number;
}

/** An axis that contains both times. */
export function timeAxis(least: number, most: number): TimeAxis {
  const from = TICKS.findLast((tick) => tick <= least) ?? TICKS[0];
  const to = TICKS.find((tick) => tick >= most) ?? TICKS[TICKS.length - 1];
  const span = Math.log(to / from);
  return {
    ticks: TICKS.filter((tick) => tick >= from && tick <= to),
    // With a coarse clock a time may be 0.
    share: (ms) => Math.max(0, Math.log(ms / from) / span),
    at: (share) => from * Math.exp(share * span),
  };
}
