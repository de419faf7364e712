import type { Prediction } from 'mobilenet-wasm';
import { shortLabel } from './class-names';
import { percent } from './format';

export interface RankingEvents {
  /** The pointer is on the line of a class; `null` if on none. */
  onPoint: (classIndex: number | null) => void;
  /** The line of a class was tapped. */
  onPick: (classIndex: number | null) => void;
}

/** A network's predictions: one line each, best first, with a bar as long as the probability. */
export class Ranking {
  /** Answers below this probability are shown but don't count. */
  threshold = 0;
  readonly #lines;
  #predictions: readonly Prediction[] = [];

  constructor(list: HTMLElement, length: number, events: RankingEvents) {
    this.#lines = Array.from({ length }, (_, i) => {
      const line = document.createElement('li');
      const bar = line.appendChild(document.createElement('i'));
      const [label, value] = ['label', 'value'].map((name) => {
        const part = line.appendChild(document.createElement('span'));
        part.className = name;
        return part;
      });
      const touched = () => this.#predictions.at(i)?.index ?? null;
      line.addEventListener('pointerenter', ({ pointerType }) => {
        if (pointerType === 'mouse') events.onPoint(touched());
      });
      line.addEventListener('click', () => events.onPick(touched()));
      return { line: list.appendChild(line), bar, label, value };
    });
    list.addEventListener('pointerleave', ({ pointerType }) => {
      if (pointerType === 'mouse') events.onPoint(null);
    });
  }

  /** @param predictions if there are fewer than lines, the others are empty */
  show(predictions: readonly Prediction[]): void {
    const before = this.#predictions;
    this.#predictions = predictions;
    for (const [i, { line, bar, label, value }] of this.#lines.entries()) {
      const prediction = predictions.at(i);
      line.classList.toggle('below', prediction !== undefined && prediction.probability < this.threshold);
      // A still picture is read several times and gives the same answer.
      const known = before.at(i);
      if (known?.label === prediction?.label && known?.probability === prediction?.probability) continue;
      label.textContent = prediction ? shortLabel(prediction.label ?? '', prediction.index) : '';
      label.title = prediction?.label ?? '';
      value.textContent = prediction ? percent(prediction.probability) : '';
      // A variable on the line would have the browser compute the styles of all that is in it, frame by frame.
      bar.style.transform = `scaleX(${prediction?.probability ?? 0})`;
    }
  }
}
