import { element } from './element';
import type { Region, Stage } from './stage';
import { text } from './text';

/** The least side as a share of the picture's short side. A smaller part counts as a slip of the hand. */
const SMALLEST = 0.1;
/** The share of its side by which a key press moves or resizes a part. */
const STEP = 0.1;

interface Point {
  x: number;
  y: number;
}

/**
 * Lets the visitor choose a square part of the picture, with the pointer or the keyboard. A finger that moves over the picture scrolls
 * the page, except after a press of the button, which also shows the whole picture again: on a phone two taps zoom the page.
 */
export class RegionPicker {
  readonly #button = element<HTMLButtonElement>('region-choose');
  #from: Point | null = null;
  #before: Region | null = null;

  /** @param onChange called when another part is chosen */
  constructor(
    private readonly stage: Stage,
    private readonly onChange: () => void,
  ) {
    const { frame } = stage;
    frame.addEventListener('pointerdown', (event) => this.#begin(event));
    frame.addEventListener('pointermove', (event) => this.#drag(event));
    frame.addEventListener('pointerup', () => this.#end());
    // The browser scrolls instead of dragging.
    frame.addEventListener('pointercancel', () => {
      if (!this.#from) return;
      this.stage.region = this.#before;
      this.#from = null;
    });
    this.#button.addEventListener('click', () => {
      if (this.stage.region) this.#choose(null);
      else this.#choosing = !this.#choosing;
    });
    stage.onRegion = () => {
      const { choosePart, wholePicture } = text.page.picture;
      // While a finger draws, the button says what it did.
      if (!this.#from) this.#button.textContent = this.stage.region ? wholePicture : choosePart;
    };
    frame.addEventListener('dblclick', () => this.#choose(null));
    frame.addEventListener('keydown', (event) => {
      // These are the browser's shortcuts, such as its zoom.
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const region = this.#moved(event.key);
      if (region === undefined) return;
      event.preventDefault();
      this.#choose(region);
    });
  }

  /** Whether a finger on the picture chooses a part. */
  get #choosing(): boolean {
    return this.#button.getAttribute('aria-pressed') === 'true';
  }

  set #choosing(choosing: boolean) {
    this.#button.setAttribute('aria-pressed', String(choosing));
    this.stage.frame.classList.toggle('choosing', choosing);
  }

  #choose(region: Region | null): void {
    this.stage.region = region;
    this.onChange();
  }

  #begin(event: PointerEvent): void {
    if (event.button !== 0 || (event.pointerType === 'touch' && !this.#choosing)) return;
    this.stage.frame.setPointerCapture(event.pointerId);
    this.#from = this.#point(event);
    this.#before = this.stage.region;
  }

  #drag(event: PointerEvent): void {
    if (!this.#from) return;
    const region = this.#between(this.#from, this.#point(event));
    if (region) this.stage.region = region;
  }

  #end(): void {
    if (!this.#from) return;
    this.#from = null;
    if (this.stage.region === this.#before) return;
    this.stage.onRegion();
    this.#choosing = false;
    this.onChange();
  }

  /** The pointer's position in the picture's pixels. */
  #point({ clientX, clientY }: PointerEvent): Point | null {
    const { size, frame, mirrored } = this.stage;
    if (!size) return null;
    const box = frame.getBoundingClientRect();
    const x = (clientX - box.left) / box.width;
    return {
      x: size.width * Math.min(1, Math.max(0, mirrored ? 1 - x : x)),
      y: size.height * Math.min(1, Math.max(0, (clientY - box.top) / box.height)),
    };
  }

  /** The square with a corner at `from`, as large as the larger distance to `to`. */
  #between(from: Point, to: Point | null): Region | null {
    const { size } = this.stage;
    if (!size || !to) return null;
    const [right, down] = [to.x >= from.x, to.y >= from.y];
    const room = Math.min(right ? size.width - from.x : from.x, down ? size.height - from.y : from.y);
    const side = Math.min(room, Math.max(Math.abs(to.x - from.x), Math.abs(to.y - from.y)));
    if (side < SMALLEST * Math.min(size.width, size.height)) return null;
    return { left: right ? from.x : from.x - side, top: down ? from.y : from.y - side, side };
  }

  /** @returns `undefined` for a key without effect, `null` for the whole picture */
  #moved(key: string): Region | null | undefined {
    const { size, mirrored } = this.stage;
    if (!size) return undefined;
    const short = Math.min(size.width, size.height);
    const whole = { left: (size.width - short) / 2, top: (size.height - short) / 2, side: short };
    const { left, top, side } = this.stage.region ?? whole;
    const step = STEP * side;
    const sideways = mirrored ? -step : step;
    const within = (region: Region): Region => {
      const side = Math.max(SMALLEST * short, Math.min(short, region.side));
      const most = (room: number, at: number) => Math.max(0, Math.min(room - side, at));
      return { left: most(size.width, region.left), top: most(size.height, region.top), side };
    };
    switch (key) {
      case '+':
      case '=':
        return within({ left: left + step / 2, top: top + step / 2, side: side - step });
      case '-':
        return within({ left: left - step / 2, top: top - step / 2, side: side + step });
      case 'ArrowLeft':
        return within({ left: left - sideways, top, side });
      case 'ArrowRight':
        return within({ left: left + sideways, top, side });
      case 'ArrowUp':
        return within({ left, top: top - step, side });
      case 'ArrowDown':
        return within({ left, top: top + step, side });
      case 'Escape':
        return null;
      default:
        return undefined;
    }
  }
}
