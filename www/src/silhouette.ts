import type { Architecture, ArchitectureBlock } from 'mobilenet-wasm';
import { shortName } from './networks';
import { describe, shape } from './story/elements';
import { text } from './text';

const HEIGHT = 52;
const STROKE = 3.5;
const GAP = 2;
/** The channels of the widest layer: the last one of V2, V3-Large and V4. */
const MOST_CHANNELS = 1280;

/** A network as strokes about a centre line, one per layer of blocks; area would lie, so the height goes by the root. */
export function silhouette({ name, stem, blocks, last, head }: Architecture): SVGSVGElement {
  const strokes: SVGElement[] = [];
  let x = 0;
  const stroke = (channels: number, kind: string): number => {
    const height = HEIGHT * Math.sqrt(channels / MOST_CHANNELS);
    strokes.push(shape('rect', { class: kind, x, y: (HEIGHT - height) / 2, width: STROKE, height }));
    const centre = x + STROKE / 2;
    x += STROKE + GAP;
    return centre;
  };
  stroke(stem.outChannels, 'solid');
  for (const block of blocks) {
    const inside = channelsInside(block);
    if (inside > 0) {
      const centre = stroke(inside, 'pale');
      if (block.squeezeExcite) strokes.push(shape('circle', { class: 'dot', cx: centre, cy: HEIGHT / 2, r: 1.6 }));
    }
    stroke(block.project.outChannels, 'solid');
  }
  for (const layer of [last, head]) if (layer) stroke(layer.outChannels, 'solid');
  const end = head ?? last ?? blocks[blocks.length - 1].project;
  const size = { width: x - GAP, height: HEIGHT };
  const svg = shape('svg', { viewBox: `0 0 ${size.width} ${size.height}`, ...size }, ...strokes);
  describe(svg, text.page.column.silhouette(shortName(name), blocks.length, stem.outChannels, end.outChannels));
  return svg;
}

/** The channels of the widest layer before the block's last one; 0 if there is none. */
function channelsInside({ start, expand, depthwise }: ArchitectureBlock): number {
  return Math.max(0, ...[start, expand, depthwise].map((layer) => layer?.outChannels ?? 0));
}
