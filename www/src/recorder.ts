import type { Classification } from 'mobilenet-wasm';

/** How long a recording is. ms */
export const LENGTH = 60_000;

const COLUMNS = [
  'seconds',
  'network',
  'weights',
  'class',
  'label',
  'probability',
  'inference_ms',
  'preprocess_ms',
  'total_ms',
];

/** Records every answer for some time, as lines of a CSV file. */
export class Recorder {
  readonly #lines = [COLUMNS.join(',')];
  readonly #start = performance.now();

  /** The remaining time. ms */
  get left(): number {
    return Math.max(0, LENGTH - (performance.now() - this.#start));
  }

  add(network: string, weights: string, { predictions, timing }: Classification): void {
    const [first] = predictions;
    const fields = [
      ((performance.now() - this.#start) / 1000).toFixed(3),
      network,
      weights,
      // Untrained networks have no labels.
      ...(first.label === null ? ['', '', ''] : [first.index, first.label, first.probability.toFixed(4)]),
      timing.inference.toFixed(3),
      timing.preprocess.toFixed(3),
      timing.total.toFixed(3),
    ];
    this.#lines.push(fields.map(quoted).join(','));
  }

  get csv(): string {
    return `${this.#lines.join('\r\n')}\r\n`;
  }
}

/** Quotes a field as in RFC 4180. */
function quoted(field: string | number): string {
  const words = String(field);
  return /[",\r\n]/.test(words) ? `"${words.replaceAll('"', '""')}"` : words;
}
