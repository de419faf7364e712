//! Splits a step's output into parts for several threads: by channel blocks, and by pixels or rows. The sum of one
//! output is never split, so the number of threads doesn't change it.

use crate::kernels::TileShape;
use std::ops::Range;

/// Parts of a step per thread. With more than one, the other threads can take over parts of a thread that the system
/// has interrupted.
const PARTS_PER_THREAD: usize = 6;

/// The smallest part, in multiplications or values moved: about a microsecond.
const LEAST_PART: u64 = 32 << 10;

/// The largest part in multiplications, if the step can be split so finely: about 20 microseconds. A thread that finds
/// no part left waits while the others finish theirs, and that wait must be too short for it to fall asleep.
const LARGEST_PART: u64 = 640 << 10;

/// The largest request: a part's number has 16 bits, and a grid may have twice as many parts as requested.
const MOST_PARTS: u64 = 1 << 14;

/// On maps of at least this many pixels (28 x 28) threads share the pixels or rows, and each thread reads all weights.
/// On smaller maps, which have fewer inputs than weights, they share the output channels.
pub const SHARED_PIXELS: usize = 28 * 28;

/// The parts of a step.
#[derive(Clone, Copy)]
pub struct Grid {
    /// Parts along the channel blocks.
    channels: usize,
    /// Parts along the pixels or rows.
    spans: usize,
}

impl Grid {
    /// Splits `work`, in multiplications or values moved, for `threads` threads: along at most `blocks` channel blocks,
    /// and if those don't suffice, along at most `spans` pieces of the map.
    pub fn new(threads: usize, work: u64, blocks: usize, spans: usize) -> Self {
        let wanted = match threads {
            1 => 1,
            _ => (work / LEAST_PART)
                .clamp(1, (threads * PARTS_PER_THREAD) as u64)
                .max((work / LARGEST_PART).min(MOST_PARTS)) as usize,
        };
        Self::cut(wanted, blocks, spans)
    }

    /// Splits into about `wanted` parts.
    fn cut(wanted: usize, blocks: usize, spans: usize) -> Self {
        let channels = wanted.min(blocks);
        Self { channels, spans: wanted.div_ceil(channels).clamp(1, spans.max(1)) }
    }

    /// Number of parts.
    pub fn parts(self) -> usize {
        self.channels * self.spans
    }

    /// The part of this index.
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
    /// The part's share of `blocks` channel blocks.
    pub fn blocks(self, blocks: usize) -> Range<usize> {
        share(blocks, self.index / self.grid.spans, self.grid.channels, 1)
    }

    /// The part's share of `panels` output panels, split where a tile of this shape ends. It may be empty.
    pub fn panels(self, panels: usize, shape: TileShape) -> Range<usize> {
        share(panels, self.index / self.grid.spans, self.grid.channels, shape.panels())
    }

    /// The part's share of `total` rows or pixels, split at multiples of `unit`.
    pub fn span(self, total: usize, unit: usize) -> Range<usize> {
        share(total, self.index % self.grid.spans, self.grid.spans, unit)
    }
}

/// The `index`th of `count` nearly equal shares of `0..total`, split at multiples of `unit`.
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
