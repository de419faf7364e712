import { element } from './element';
import { type Still, cut, stillOf } from './still';

/** The picture that is shown and that the networks look at: the camera's or a still one. */
export type Picture = { kind: 'still'; bitmap: ImageBitmap; name: string } | { kind: 'live' };

/** A square part of the picture. Pixels of the picture. */
export interface Region {
  left: number;
  top: number;
  side: number;
}

/** A source for a network. */
export interface Source {
  source: Still | HTMLVideoElement;
  /** Must be called after the network has taken the source. */
  release: () => void;
}

export interface Showing {
  mirrored?: boolean;
  /** Whether to keep the part that was chosen in the picture before. */
  keepRegion?: boolean;
}

const DISPLAYED_SIDE = 1280;

export class Stage {
  readonly video = element<HTMLVideoElement>('video');
  readonly frame = element<HTMLDivElement>('view-frame');
  readonly #canvas = element<HTMLCanvasElement>('canvas');
  readonly #mark = element('region');
  readonly #view = element<HTMLElement>('view');
  #picture: Picture | null = null;
  #region: Region | null = null;
  /** Called when another part of the picture is shown: by the mouse, a key, a button, or because the picture changed. */
  onRegion = () => {};

  constructor() {
    // The camera's size changes when a phone is turned.
    this.video.addEventListener('resize', () => this.#fit());
  }

  get picture(): Picture | null {
    return this.#picture;
  }

  /** The picture's size; `null` if there is none yet. Pixels. */
  get size(): { width: number; height: number } | null {
    const { width, height } =
      this.#picture?.kind === 'still'
        ? this.#picture.bitmap
        : { width: this.video.videoWidth, height: this.video.videoHeight };
    return this.#picture && width > 0 && height > 0 ? { width, height } : null;
  }

  get mirrored(): boolean {
    return this.frame.classList.contains('mirrored');
  }

  /** The part that the networks look at; `null` for the whole picture. */
  get region(): Region | null {
    return this.#region;
  }

  set region(region: Region | null) {
    this.#region = region;
    this.#showRegion();
  }

  /** The part of `picture` that the networks look at. Rejected if another picture came meanwhile. */
  async source(picture: Picture): Promise<Source> {
    if (!this.#region) return { source: picture.kind === 'live' ? this.video : picture.bitmap, release: () => {} };
    const part = await (picture.kind === 'live'
      ? stillOf(this.video, this.#region)
      : cut(picture.bitmap, this.#region));
    return { source: part, release: () => part.close() };
  }

  showCamera({ mirrored, keepRegion }: Showing): void {
    this.#replace({ kind: 'live' }, keepRegion);
    this.video.hidden = false;
    this.#canvas.hidden = true;
    this.frame.classList.toggle('mirrored', mirrored);
    this.#fit();
  }

  /** @param bitmap the stage closes it later */
  showStill(bitmap: ImageBitmap, name: string, { mirrored = false, keepRegion }: Showing = {}): void {
    this.#replace({ kind: 'still', bitmap, name }, keepRegion);
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
    this.frame.classList.toggle('mirrored', mirrored);
    this.#fit();
  }

  clear(): void {
    this.#replace(null);
    this.frame.hidden = true;
  }

  /** Marks the centre square that the networks cut out, as a share of the short side. */
  markCrop(share: number): void {
    this.#view.style.setProperty('--crop', String(share));
  }

  #replace(picture: Picture | null, keepRegion = false): void {
    if (this.#picture?.kind === 'still') this.#picture.bitmap.close();
    this.#picture = picture;
    if (!keepRegion) this.#region = null;
    this.frame.hidden = false;
  }

  #fit(): void {
    const { size } = this;
    if (!size) return;
    this.#view.style.setProperty('--ratio', String(size.width / size.height));
    const { left, top, side } = this.#region ?? { left: 0, top: 0, side: 0 };
    if (left + side > size.width || top + side > size.height) this.#region = null;
    this.#showRegion();
  }

  #showRegion(): void {
    this.onRegion();
    const { size } = this;
    if (!size) return;
    const { left, top, side } = this.#region ?? { left: 0, top: 0, side: 0 };
    const { width, height } = this.#region ? { width: side, height: side } : size;
    const { style } = this.#mark;
    style.left = `${(100 * (this.mirrored ? size.width - left - width : left)) / size.width}%`;
    style.top = `${(100 * top) / size.height}%`;
    style.width = `${(100 * width) / size.width}%`;
    style.height = `${(100 * height) / size.height}%`;
    this.#mark.classList.toggle('portrait', height > width);
  }
}
