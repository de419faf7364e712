/** Formats numbers for the page. */

import { text } from './text';

export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/** A number of things: exact, or from a million on rounded as readers of the language count. */
export function count(value: number): string {
  return value >= 1e6 ? text.page.rounded(value) : value.toLocaleString('en-US');
}

export function percent(share: number): string {
  return `${percentage(share)} %`;
}

/** Per cent, without the sign. */
export function percentage(share: number): string {
  return (share * 100).toFixed(share > 0 && share < 0.0995 ? 1 : 0);
}

export function milliseconds(ms: number): string {
  return ms.toFixed(ms < 100 ? 1 : 0);
}
