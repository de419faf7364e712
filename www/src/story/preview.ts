import { type Still, sizeOf } from './still';

/** The longer side. Pixels. */
const SIDE = 320;

/** Draws the picture that a figure looks at, since the one at the top of the page is out of sight. */
export function drawPreview(canvas: HTMLCanvasElement, source: Still, mirrored: boolean): void {
  const { width, height } = sizeOf(source);
  const scale = Math.min(1, SIDE / Math.max(width, height));
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  canvas.getContext('2d')?.drawImage(source, 0, 0, canvas.width, canvas.height);
  canvas.classList.toggle('mirrored', mirrored);
  canvas.hidden = false;
}
