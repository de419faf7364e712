/** The ranks of values, from 1; equal values have the mean of their ranks. */
export function ranks(values: readonly number[]): number[] {
  return values.map((value) => {
    const below = values.filter((other) => other < value).length;
    const equal = values.filter((other) => other === value).length;
    return below + (equal + 1) / 2;
  });
}

/** Spearman's rank correlation: 1 for the same order, −1 for the opposite one. */
export function rankCorrelation(a: readonly number[], b: readonly number[]): number {
  const [first, second] = [centred(ranks(a)), centred(ranks(b))];
  const product = (x: readonly number[], y: readonly number[]) => x.reduce((sum, value, i) => sum + value * y[i], 0);
  return product(first, second) / Math.sqrt(product(first, first) * product(second, second));
}

function centred(values: readonly number[]): number[] {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.map((value) => value - mean);
}
