/** What `bench/fit.js` found with five photos when it was last run, which README tells too. */
export const FIT_MEASURED = {
  /** The number of frames that verified each choice. */
  frames: 418,
  /** By how much more or less the choices agreed than expected. Points, per cent */
  agreement: { less: 3.0, more: 4.5 },
  /** V3-Small, then V2: its agreement with V2, per cent, and its share of V2’s time. */
  pair: { agreement: 89.5, time: 0.65 },
};

export type FitMeasured = typeof FIT_MEASURED;
