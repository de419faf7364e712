import { DrawableStill, type Still, sizeOf } from '../still';
import { make } from './elements';

/** The longer side. Pixels. */
const SIDE = 320;

/** The picture that a figure looks at, since the one at the top of the page is out of sight. */
export class Preview {
  readonly element = make('canvas', 'preview');
  readonly #drawable = new DrawableStill();

  /** @param label the label for screen readers */
  constructor(label: string) {
    this.element.hidden = true;
    this.element.setAttribute('role', 'img');
    this.element.setAttribute('aria-label', label);
  }

  async draw(source: Still, mirrored: boolean): Promise<void> {
    const { width, height } = sizeOf(source);
    const scale = Math.min(1, SIDE / Math.max(width, height));
    const drawable = await this.#drawable.of(source);
    this.element.width = Math.max(1, Math.round(width * scale));
    this.element.height = Math.max(1, Math.round(height * scale));
    this.element.getContext('2d')?.drawImage(drawable, 0, 0, this.element.width, this.element.height);
    this.element.classList.toggle('mirrored', mirrored);
    this.element.hidden = false;
  }
}
