import type { Generation } from './networks';

const SVG = 'http://www.w3.org/2000/svg';
const HEIGHT = 52;
const STROKE = 4;
const GAP = 2;
/** Of the widest layer of all, V2's and V3-Large's last. */
const MOST_CHANNELS = 1280;

/** A network as strokes about a centre line, one per layer of blocks; area would lie, so the height goes by the root. */
export function silhouette({ name, stem, blocks, head }: Generation): SVGSVGElement {
  const svg = document.createElementNS(SVG, 'svg');
  let x = 0;
  const stroke = (channels: number, kind: string): number => {
    const height = HEIGHT * Math.sqrt(channels / MOST_CHANNELS);
    draw('rect', { class: kind, x, y: (HEIGHT - height) / 2, width: STROKE, height });
    const centre = x + STROKE / 2;
    x += STROKE + GAP;
    return centre;
  };
  const draw = (element: string, attributes: Record<string, string | number>): void => {
    const shape = document.createElementNS(SVG, element);
    for (const [key, value] of Object.entries(attributes)) shape.setAttribute(key, String(value));
    svg.append(shape);
  };
  stroke(stem, 'solid');
  for (const block of blocks) {
    const centre = stroke(block.filtered, 'pale');
    if (block.squeezeExcite) draw('circle', { class: 'dot', cx: centre, cy: HEIGHT / 2, r: 1.6 });
    stroke(block.out, 'solid');
  }
  for (const channels of head) stroke(channels, 'solid');
  svg.setAttribute('viewBox', `0 0 ${x - GAP} ${HEIGHT}`);
  svg.setAttribute('width', String(x - GAP));
  svg.setAttribute('height', String(HEIGHT));
  svg.setAttribute('role', 'img');
  svg.setAttribute(
    'aria-label',
    `${name}: ${blocks.length} blocks, from ${stem} channels to ${head.at(-1) ?? blocks.at(-1)?.out}`,
  );
  return svg;
}
