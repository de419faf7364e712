import type { ClassifySource } from 'mobilenet-wasm';

/** The longer side. Pixels. */
const SIDE = 320;

/** Draws the picture that a figure looks at, since the one at the top of the page is out of sight. */
export function drawPreview(canvas: HTMLCanvasElement, source: ClassifySource, mirrored: boolean): void {
  if (!(source instanceof ImageBitmap)) return;
  const scale = Math.min(1, SIDE / Math.max(source.width, source.height));
  canvas.width = Math.max(1, Math.round(source.width * scale));
  canvas.height = Math.max(1, Math.round(source.height * scale));
  canvas.getContext('2d')?.drawImage(source, 0, 0, canvas.width, canvas.height);
  canvas.classList.toggle('mirrored', mirrored);
  canvas.hidden = false;
}
