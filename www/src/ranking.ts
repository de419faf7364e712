import type { Prediction } from 'mobilenet-wasm';
import { percent, shortLabel } from './format';

/** What a network says of the picture: a line for each answer, best first, whose bar is as long as its probability. */
export class Ranking {
  readonly #lines;

  constructor(list: Element, length: number) {
    this.#lines = Array.from({ length }, () => {
      const line = document.createElement('li');
      const [label, value] = ['label', 'value'].map((name) => {
        const part = line.appendChild(document.createElement('span'));
        part.className = name;
        return part;
      });
      return { line: list.appendChild(line), label, value };
    });
  }

  /** @param predictions as many as there are; the other lines are empty */
  show(predictions: readonly Prediction[]): void {
    for (const [i, { line, label, value }] of this.#lines.entries()) {
      const prediction = predictions.at(i);
      label.textContent = shortLabel(prediction?.label ?? '');
      label.title = prediction?.label ?? '';
      value.textContent = prediction ? percent(prediction.probability) : '';
      line.style.setProperty('--value', String(prediction?.probability ?? 0));
    }
  }
}
