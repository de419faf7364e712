/** Formats numbers for the tables. */

/** About three digits. */
export function figure(value: number): string {
  return value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0);
}

/** Stands for an unknown value. */
export const NONE = '–';

export function optional(value: number | null, write: (value: number) => string = figure): string {
  return value === null ? NONE : write(value);
}
