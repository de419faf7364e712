import type { TimedActivation } from 'mobilenet-wasm';
import type { text } from '../text';

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

/** Says how h-swish's time compares with swish's, both in µs. */
export function comparison(words: (typeof text)['figures']['hswish'], swish: number, hardSwish: number): string {
  if (hardSwish === 0) return words.noTime;
  return hardSwish > swish
    ? words.slower((hardSwish / swish).toFixed(1))
    : words.faster((swish / hardSwish).toFixed(1));
}
