import type { Inside } from './insides';
import { type Channels, GROUP, type LatencyTable } from './latency';

/** One way to save time: channels of one inside go. */
export interface Proposal {
  inside: Inside;
  /** Of channels that stay. */
  count: number;
  /** The whole network's time then, as a share of what it was at first. */
  predicted: number;
  /** What the block hands on loses more than before, for the time that is saved. */
  cost: number;
}

/**
 * What each inside could give up so that the network is as fast as is asked for (NetAdapt, Yang et al. 2018, arXiv 1804.03230),
 * the one that costs least first. Insides that can't save so much are left out.
 * @param losses of what a block hands on, after so many of the channels inside went: `losses[0]` after one
 * @param goal the share of the whole network's time
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
    // Whole groups, also where there weren't at first.
    for (let left = GROUP * (Math.ceil(count / GROUP) - 1); left >= GROUP; left -= GROUP) {
      const predicted = table.predict(new Map(channels).set(inside, left));
      if (predicted > goal) continue;
      found.push({ inside, count: left, predicted, cost: (lossAt(left) - lossAt(count)) / (now - predicted) });
      break;
    }
  }
  return found.sort((a, b) => a.cost - b.cost);
}
