/** What is shown, and what the networks look at: the camera's picture or a still one. */
export type Picture = { kind: 'still'; bitmap: ImageBitmap } | { kind: 'live' };

const DISPLAYED_SIDE = 1280;

export class Stage {
  readonly video = element<HTMLVideoElement>('video');
  readonly #canvas = element<HTMLCanvasElement>('canvas');
  readonly #frame = element<HTMLDivElement>('view-frame');
  readonly #view = element<HTMLElement>('view');
  #picture: Picture | null = null;

  constructor() {
    // The size of a camera's picture changes when a phone is turned.
    this.video.addEventListener('resize', () => this.#setRatio(this.video.videoWidth, this.video.videoHeight));
  }

  get picture(): Picture | null {
    return this.#picture;
  }

  showCamera(mirrored: boolean): void {
    this.#replace({ kind: 'live' });
    this.video.hidden = false;
    this.#canvas.hidden = true;
    this.video.classList.toggle('mirrored', mirrored);
    this.#setRatio(this.video.videoWidth, this.video.videoHeight);
  }

  /** @param bitmap owned by the stage from now on */
  showStill(bitmap: ImageBitmap, name: string): void {
    this.#replace({ kind: 'still', bitmap });
    const scale = Math.min(1, DISPLAYED_SIDE / Math.max(bitmap.width, bitmap.height));
    this.#canvas.width = Math.max(1, Math.round(bitmap.width * scale));
    this.#canvas.height = Math.max(1, Math.round(bitmap.height * scale));
    const context = this.#canvas.getContext('2d');
    if (context) {
      context.imageSmoothingQuality = 'high';
      context.drawImage(bitmap, 0, 0, this.#canvas.width, this.#canvas.height);
    }
    this.#canvas.setAttribute('aria-label', name);
    this.#canvas.hidden = false;
    this.video.hidden = true;
    this.#setRatio(bitmap.width, bitmap.height);
  }

  clear(): void {
    this.#replace(null);
    this.#frame.hidden = true;
  }

  /** Marks the centre square that the networks cut out, as a share of the short side. */
  markCrop(share: number): void {
    this.#view.style.setProperty('--crop', String(share));
  }

  #replace(picture: Picture | null): void {
    if (this.#picture?.kind === 'still') this.#picture.bitmap.close();
    this.#picture = picture;
    this.#frame.hidden = false;
  }

  #setRatio(width: number, height: number): void {
    if (width === 0 || height === 0) return;
    this.#view.style.setProperty('--ratio', String(width / height));
    this.#frame.classList.toggle('portrait', height > width);
  }
}

export function element<E extends HTMLElement>(id: string): E {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found as E;
}
