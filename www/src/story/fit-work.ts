import { textOf } from '../messages';
import { text } from '../text';
import { line, make } from './elements';

/** The controls of a long task: they start it, cancel it and show its progress. */
export class WorkBar {
  readonly start = make('button', 'primary');
  readonly cancel = make('button', 'small', text.page.column.cancel);
  readonly progress = make('progress');
  readonly status = line();

  /** @param label the label of the progress bar */
  constructor(label: string) {
    for (const button of [this.start, this.cancel]) button.type = 'button';
    this.status.setAttribute('role', 'status');
    this.progress.setAttribute('aria-label', label);
  }
}

/** Runs long tasks, one at a time, which the visitor can cancel. */
export class Works {
  #working: { bar: WorkBar; controller: AbortController } | null = null;

  /** @param onChange called when a task begins or ends */
  constructor(private readonly onChange: () => void) {}

  get busy(): boolean {
    return this.#working !== null;
  }

  /** Connects a bar's cancel button. */
  add({ cancel }: WorkBar): void {
    cancel.addEventListener('click', () => this.#working?.controller.abort());
  }

  /** Updates a bar. */
  show(bar: WorkBar): void {
    bar.cancel.hidden = bar.progress.hidden = this.#working?.bar !== bar;
  }

  /**
   * Runs a task. A task that fails or is cancelled changes nothing.
   * @param told the element that reports a failure or a cancellation
   */
  async do(bar: WorkBar, told: HTMLElement, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const controller = new AbortController();
    const focused = document.activeElement;
    this.#working = { bar, controller };
    bar.progress.removeAttribute('value');
    this.onChange();
    // A disabled button loses the focus, and the keyboard would begin again at the top of the page.
    bar.cancel.focus({ preventScroll: true });
    const { cancelled, failed } = text.figures.fit;
    try {
      await work(controller.signal);
    } catch (error) {
      told.textContent = controller.signal.aborted ? cancelled : failed(textOf(error));
    }
    const waited = document.activeElement === bar.cancel;
    this.#working = null;
    this.onChange();
    if (!waited) return;
    if (focused instanceof HTMLButtonElement && !focused.disabled) focused.focus({ preventScroll: true });
    else bar.start.focus({ preventScroll: true });
  }
}
