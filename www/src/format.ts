/** Formats numbers for the page. */

export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

export function millions(count: number): string {
  return `${(count / 1e6).toFixed(count < 100e6 ? 1 : 0)} M`;
}

export function percent(probability: number): string {
  return `${(probability * 100).toFixed(probability < 0.0995 ? 1 : 0)} %`;
}

export function milliseconds(ms: number): string {
  return ms.toFixed(ms < 100 ? 1 : 0);
}
