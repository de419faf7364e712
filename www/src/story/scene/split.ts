/**
 * The least number of neighbours that serve the same purpose. A camera's frames resemble their neighbours: a frame between two that
 * choose verifies little.
 */
const RUN = 4;

/** Splits frames into runs of neighbours that alternately choose and verify. */
export function split<T>(frames: readonly T[]): { chooseBy: T[]; verify: T[] } {
  const chooses = (index: number) => Math.floor(index / RUN) % 2 === 0;
  return {
    chooseBy: frames.filter((_, index) => chooses(index)),
    verify: frames.filter((_, index) => !chooses(index)),
  };
}

/** The indices of some frames, evenly spread over all. */
export function spread(frames: number, count: number): number[] {
  const some = Math.min(count, frames);
  return Array.from({ length: some }, (_, index) => Math.floor((index * frames) / some));
}
