//! How threads share a step: its output is cut into parts, across the channel blocks and across the pixels or rows, never
//! across the inputs that one output sums.

use std::ops::Range;

/// Parts of a step for each thread that shares it. More than one, since a thread may be held up by other
/// work of the machine and the rest then goes to the others.
const PARTS_PER_THREAD: usize = 6;

/// Multiplications, or values moved, that are worth a part of their own: about a microsecond.
const LEAST_PART: u64 = 32 << 10;

/// Multiplications after which a part should end, where its step can be cut so finely: some 20
/// microseconds. When one thread has found nothing left to take the others are still at their last parts,
/// and it should not fall asleep over that.
const LARGEST_PART: u64 = 640 << 10;

/// A part's number has 16 bits, and a grid may have twice the parts that it was asked for.
const MOST_PARTS: u64 = 1 << 14;

/// From this many pixels on, 28 x 28, threads share a step's pixels or rows, and each reads all the weights.
/// Below, where there are more weights than inputs, they share the output channels.
pub const SHARED_PIXELS: usize = 28 * 28;

/// The parts of a step.
#[derive(Clone, Copy)]
pub struct Grid {
    /// Cuts across the channel blocks.
    channels: usize,
    /// Cuts across the pixels or rows.
    spans: usize,
}

impl Grid {
    /// Cuts `work`, counted in multiplications or values moved, for `threads` threads: across at most `blocks` channel
    /// blocks, and as far as those don't suffice across at most `spans` pieces of the map.
    pub fn new(threads: usize, work: u64, blocks: usize, spans: usize) -> Self {
        let wanted = match threads {
            1 => 1,
            _ => (work / LEAST_PART)
                .clamp(1, (threads * PARTS_PER_THREAD) as u64)
                .max((work / LARGEST_PART).min(MOST_PARTS)) as usize,
        };
        Self::cut(wanted, blocks, spans)
    }

    /// About `wanted` parts.
    fn cut(wanted: usize, blocks: usize, spans: usize) -> Self {
        let channels = wanted.min(blocks);
        Self { channels, spans: wanted.div_ceil(channels).clamp(1, spans.max(1)) }
    }

    /// How many parts there are.
    pub fn parts(self) -> usize {
        self.channels * self.spans
    }

    /// One of them.
    pub fn part(self, index: usize) -> Part {
        Part { grid: self, index }
    }
}

/// One part of a step.
#[derive(Clone, Copy)]
pub struct Part {
    grid: Grid,
    index: usize,
}

impl Part {
    /// The part's channel blocks, of `blocks`.
    pub fn blocks(self, blocks: usize) -> Range<usize> {
        share(blocks, self.index / self.grid.spans, self.grid.channels, 1)
    }

    /// The part's rows or pixels, of `total`, cut at multiples of `unit`.
    pub fn span(self, total: usize, unit: usize) -> Range<usize> {
        share(total, self.index % self.grid.spans, self.grid.spans, unit)
    }
}

/// The `index`th of `count` nearly equal shares of `0..total`, cut at multiples of `unit`.
fn share(total: usize, index: usize, count: usize, unit: usize) -> Range<usize> {
    let units = total.div_ceil(unit);
    let cut = |index: usize| total.min(units * index / count * unit);
    cut(index)..cut(index + 1)
}

#[cfg(test)]
mod tests {
    use super::{Grid, share};

    /// The parts of every grid cover every block and pixel once.
    #[test]
    fn parts_are_disjoint_and_complete() {
        for (wanted, blocks, pixels, unit) in
            [(1, 1, 1, 1), (12, 5, 196, 30), (12, 1, 12544, 30), (24, 4, 7, 1), (6, 64, 49, 30)]
        {
            let grid = Grid::cut(wanted, blocks, pixels / unit);
            let mut covered = vec![0; blocks * pixels];
            for part in (0..grid.parts()).map(|index| grid.part(index)) {
                for block in part.blocks(blocks) {
                    for pixel in part.span(pixels, unit) {
                        covered[block * pixels + pixel] += 1;
                    }
                }
            }
            assert!(covered.iter().all(|&times| times == 1), "{wanted} {blocks} {pixels} {unit}");
            assert!(grid.parts() >= wanted.min(blocks), "{wanted} {blocks} {pixels} {unit}");
        }
    }

    #[test]
    fn shares_are_cut_at_units() {
        assert_eq!(
            (0..3).map(|index| share(100, index, 3, 30)).collect::<Vec<_>>(),
            [0..30, 30..60, 60..100]
        );
        assert!(share(1, 0, 2, 1).is_empty());
    }
}
