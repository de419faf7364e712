export interface Summary {
  minimum: number;
  median: number;
  p95: number;
}

/** Returns `null` for an empty list. */
export function summary(values: readonly number[]): Summary | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  return { minimum: sorted[0], median: quantile(sorted, 0.5), p95: quantile(sorted, 0.95) };
}

/** @param values at least one */
export function median(values: readonly number[]): number {
  return summary(values)?.median ?? NaN;
}

/** Interpolates linearly between the two neighbouring values, as NumPy does. */
function quantile(sorted: readonly number[], fraction: number): number {
  const position = (sorted.length - 1) * fraction;
  const below = Math.floor(position);
  const above = Math.ceil(position);
  return sorted[below] + (sorted[above] - sorted[below]) * (position - below);
}

/** @returns GFLOP/s, two operations for each multiply-accumulate; `null` if a coarse clock didn't advance */
export function gflops(macs: number, ms: number): number | null {
  return ms > 0 ? (2 * macs) / (ms * 1e6) : null;
}
