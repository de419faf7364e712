import { textOf } from '../messages';
import { text } from '../text';
import { line, make } from './elements';

/** What begins something that takes a while, ends it, and shows how far it is. */
export class WorkBar {
  readonly start = make('button', 'primary');
  readonly cancel = make('button', 'small', text.page.column.cancel);
  readonly progress = make('progress');
  readonly status = line();

  /** @param label of the progress */
  constructor(label: string) {
    for (const button of [this.start, this.cancel]) button.type = 'button';
    this.status.setAttribute('role', 'status');
    this.progress.setAttribute('aria-label', label);
  }
}

/** Does one thing at a time that takes a while, which the visitor can cancel. */
export class Works {
  #working: { bar: WorkBar; controller: AbortController } | null = null;

  /** @param onChange something begins or ends */
  constructor(private readonly onChange: () => void) {}

  get busy(): boolean {
    return this.#working !== null;
  }

  /** Has a bar cancel what is done by it. */
  add({ cancel }: WorkBar): void {
    cancel.addEventListener('click', () => this.#working?.controller.abort());
  }

  /** Shows a bar as it is now. */
  show(bar: WorkBar): void {
    bar.cancel.hidden = bar.progress.hidden = this.#working?.bar !== bar;
  }

  /**
   * What goes wrong, or is cancelled, changes nothing.
   * @param told where that is said
   */
  async do(bar: WorkBar, told: HTMLElement, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const controller = new AbortController();
    const focused = document.activeElement;
    this.#working = { bar, controller };
    bar.progress.removeAttribute('value');
    this.onChange();
    // A button that is disabled loses the focus, and the keyboard would begin at the top of the page.
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
