import { architectureOf } from '../networks';
import type { text } from '../text';
import { digits } from './numbers';

/** A convolution of stride 1. */
export interface Shape {
  /** Side of the filter. Pixels. */
  kernel: number;
  inChannels: number;
  outChannels: number;
  /** Of the map. Pixels. */
  height: number;
  width: number;
}

/** Multiply-accumulates of a full convolution. */
export function fullMacs({ kernel, inChannels, outChannels, height, width }: Shape): number {
  return kernel ** 2 * inChannels * outChannels * height * width;
}

/** Multiply-accumulates of the depthwise convolution and the pointwise one that replace it. */
export function separableMacs({
  kernel,
  inChannels,
  outChannels,
  height,
  width,
}: Shape): [depthwise: number, pointwise: number] {
  const pixels = height * width;
  return [kernel ** 2 * inChannels * pixels, inChannels * outChannels * pixels];
}

/** The cost of the two over that of the full one (V1's paper, section 3.1). Input channels and map cancel out. */
export function ratio(kernel: number, outChannels: number): number {
  return 1 / outChannels + 1 / kernel ** 2;
}

/** How far time may be from the count to be said to follow it. */
const CLOSE = 1.15;

/**
 * How the time of the two forms compares with their count: it `follows` it, the full form takes longer than its count says
 * (`gathers`), or the separated one does (`differs`).
 * @param fewer how many times fewer multiply-adds the separated form has
 * @param faster how many times less time it takes
 */
export function compared(fewer: number, faster: number): 'follows' | 'gathers' | 'differs' {
  if (faster > fewer * CLOSE) return 'gathers';
  return faster * CLOSE > fewer ? 'follows' : 'differs';
}

/**
 * Says how the two forms compare, and whether the time follows the count.
 * @param faster how many times less time the separated form takes
 * @param depthwiseTime the depthwise part's share of that time
 * @returns sentences
 */
export function verdict(
  words: (typeof text)['figures']['depthwise']['costs'],
  shape: Shape,
  faster: number,
  depthwiseTime: number,
): string[] {
  const [depthwise, pointwise] = separableMacs(shape);
  const fewer = fullMacs(shape) / (depthwise + pointwise);
  const said = faster < 1 ? words.slower(digits(fewer), digits(1 / faster)) : words.both(digits(fewer), digits(faster));
  const comparison = compared(fewer, faster);
  if (comparison !== 'differs') return [said, words[comparison]];
  const percent = (share: number) => `${Math.round(100 * share)} %`;
  return [said, words.differs(percent(depthwise / (depthwise + pointwise)), percent(depthwiseTime))];
}

/** V1's blocks, all of which are such pairs. */
export function v1Pairs(): { block: number; kernel: number; inChannels: number; outChannels: number }[] {
  return architectureOf('v1').blocks.flatMap(({ depthwise, project }, block) =>
    depthwise
      ? [{ block, kernel: depthwise.kernel, inChannels: depthwise.inChannels, outChannels: project.outChannels }]
      : [],
  );
}
