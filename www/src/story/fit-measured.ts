/** What `bench/fit.js` found with five photos when it was last run, which README tells too. */
export const FIT_MEASURED = {
  /** The number of frames that verified each choice. */
  frames: 418,
  /** By how much more or less the choices agreed than expected. Points, per cent */
  agreement: { less: 3.3, more: 2.9 },
  /** V3-Small, then V2: its agreement with V2, per cent, and its share of V2’s time. */
  pair: { agreement: 88.8, time: 0.64 },
};

export type FitMeasured = typeof FIT_MEASURED;
