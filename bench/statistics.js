/**
 * @typedef {{ min: number, median: number, p95: number }} Summary
 */

/**
 * @param {number[]} values at least one
 * @returns {Summary}
 */
export function summary(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return { min: sorted[0], median: quantile(sorted, 0.5), p95: quantile(sorted, 0.95) };
}

/**
 * Interpolates linearly between the two nearest values, as NumPy does.
 * @param {number[]} sorted
 * @param {number} fraction
 */
function quantile(sorted, fraction) {
  const position = (sorted.length - 1) * fraction;
  const below = Math.floor(position);
  const above = Math.ceil(position);
  return sorted[below] + (sorted[above] - sorted[below]) * (position - below);
}

/**
 * @param {number} macs multiply-accumulates of one inference, two operations each
 * @param {number} ms
 */
export function gflops(macs, ms) {
  return (2 * macs) / (ms * 1e6);
}
