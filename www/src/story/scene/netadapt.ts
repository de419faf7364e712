import type { Inside } from './insides';
import { type Channels, GROUP, type LatencyTable } from './latency';

/** One way to save time: removing channels of one inside. */
export interface Proposal {
  inside: Inside;
  /** The number of channels that stay. */
  count: number;
  /** The narrower network's time, as a share of the whole network's. */
  predicted: number;
  /** The additional loss in the block's output, divided by the share of time that is saved. */
  cost: number;
}

/**
 * Lists how many channels each inside keeps if it alone makes the network reach `goal`, the cheapest proposal first (NetAdapt,
 * Yang et al. 2018, arXiv 1804.03230). It leaves out insides that can't save enough.
 * @param losses the loss of a block's output by the number of removed channels: `losses[0]` after one
 * @param goal the wanted time, as a share of the whole network's
 */
export function proposals(
  channels: Channels,
  table: LatencyTable,
  losses: ReadonlyMap<Inside, readonly number[]>,
  goal: number,
): Proposal[] {
  const now = table.predict(channels);
  const found: Proposal[] = [];
  for (const [inside, count] of channels) {
    const lossAt = (left: number) => losses.get(inside)?.[inside.channels - left - 1] ?? 0;
    // `left` is a multiple of GROUP, even where the network's own count is none.
    for (let left = GROUP * (Math.ceil(count / GROUP) - 1); left >= GROUP; left -= GROUP) {
      const predicted = table.predict(new Map(channels).set(inside, left));
      if (predicted > goal) continue;
      found.push({ inside, count: left, predicted, cost: (lossAt(left) - lossAt(count)) / (now - predicted) });
      break;
    }
  }
  return found.sort((a, b) => a.cost - b.cost);
}
