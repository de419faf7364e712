import { make } from './elements';

export interface Holding {
  onPress: () => void;
  onRelease: () => void;
}

/** A button that acts as long as the visitor holds it, with a pointer or with Space or Enter. */
export class HoldButton {
  readonly element = make('button', 'small hold');
  #held = false;

  constructor(
    words: string,
    private readonly events: Holding,
  ) {
    const { element } = this;
    Object.assign(element, { type: 'button', textContent: words });
    element.addEventListener('pointerdown', ({ button, pointerId }) => {
      if (button !== 0) return;
      element.setPointerCapture(pointerId);
      this.#press();
    });
    for (const end of ['pointerup', 'pointercancel', 'lostpointercapture', 'blur']) {
      element.addEventListener(end, () => this.#release());
    }
    element.addEventListener('keydown', (event) => {
      if (event.key !== ' ' && event.key !== 'Enter') return;
      event.preventDefault();
      if (!event.repeat) this.#press();
    });
    element.addEventListener('keyup', (event) => {
      if (event.key !== ' ' && event.key !== 'Enter') return;
      event.preventDefault();
      this.#release();
    });
    // A press by a screen reader sends only a click.
    element.addEventListener('click', ({ detail }) => {
      if (detail > 0) return;
      this.#press();
      this.#release();
    });
    // A long touch would open the context menu.
    element.addEventListener('contextmenu', (event) => event.preventDefault());
  }

  #press(): void {
    if (this.#held) return;
    this.#held = true;
    this.element.classList.add('held');
    this.events.onPress();
  }

  #release(): void {
    if (!this.#held) return;
    this.#held = false;
    this.element.classList.remove('held');
    this.events.onRelease();
  }
}
