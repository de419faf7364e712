/** Formats numbers for the figures. */

/** Two or three significant digits. */
export function digits(value: number): string {
  return value >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(value < 1 ? 2 : 3)));
}

export function duration(microseconds: number): string {
  return microseconds < 1000 ? `${digits(microseconds)} µs` : `${digits(microseconds / 1000)} ms`;
}

export function kilobytes(bytes: number): string {
  return bytes < 1e6 ? `${Math.round(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/** Gives numbers a minus sign in place of the hyphen. */
export function written(numbers: number | string): string {
  return String(numbers).replaceAll('-', '−');
}
