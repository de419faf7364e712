import type { ArchitectureBlock } from 'mobilenet-wasm';

/** The forms of a universal inverted bottleneck, by which of its two depthwise convolutions it has. */
export type Kind = 'inverted' | 'convnext' | 'extra' | 'feedforward';

export function kindOf(start: boolean, middle: boolean): Kind {
  if (start) return middle ? 'extra' : 'convnext';
  return middle ? 'inverted' : 'feedforward';
}

/** `null` for a block of another kind: a full convolution. */
export function kindOfBlock({ start, expand, depthwise }: ArchitectureBlock): Kind | null {
  if (!expand || expand.kind !== 'pointwise') return null;
  return kindOf(start !== null, depthwise !== null);
}
