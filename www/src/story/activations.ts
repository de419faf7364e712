import type { TimedActivation } from 'mobilenet-wasm';

/** The three curves, as the engine computes them. */
export const CURVES: Record<TimedActivation, (x: number) => number> = {
  relu6: (x) => Math.min(Math.max(x, 0), 6),
  'hard-swish': (x) => (x * Math.min(Math.max(x + 3, 0), 6)) / 6,
  swish: (x) => x / (1 + Math.exp(-x)),
};

export const NAMES = Object.keys(CURVES) as TimedActivation[];

/** The difference between h-swish and swish, which it approximates. */
export function difference(x: number): number {
  return CURVES['hard-swish'](x) - CURVES.swish(x);
}
