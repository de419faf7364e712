import type { ArchitectureBlock } from 'mobilenet-wasm';

/** What a universal inverted bottleneck can become, by which of its two depthwise convolutions it has. */
export type Kind = 'inverted' | 'convnext' | 'extra' | 'feedforward';

export function kindOf(start: boolean, middle: boolean): Kind {
  if (start) return middle ? 'extra' : 'convnext';
  return middle ? 'inverted' : 'feedforward';
}

/** `null` for a block that is none: a full convolution. */
export function kindOfBlock({ start, expand, depthwise }: ArchitectureBlock): Kind | null {
  if (!expand || expand.kind !== 'pointwise') return null;
  return kindOf(start !== null, depthwise !== null);
}
