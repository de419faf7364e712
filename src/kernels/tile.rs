//! The register tile of every convolution that sums over channels: up to 6 pixels x 8 output channels.
//!
//! The tile broadcasts each input value and multiplies it by 8 weights. The sums stay in registers over the whole
//! depth. The pointwise convolution and the stem differ only in where the inputs of a pixel lie in memory.

use super::epilogue::Epilogue;
use super::layout::BLOCK;
use crate::buffer::LINE;
use crate::simd::{F32x4, LANES};
use std::ops::Range;

/// Number of tiles that prefetch the next panel. A panel has 4 cache lines for each run of 8 inputs, and a tile reads
/// one line per run, so four tiles read nearly the whole panel.
const FETCHING: usize = 4;

/// The arguments of a call: where it reads and writes, and how much. All distances are in values.
///
/// The `depth` inputs of a pixel lie in runs of `RUN` adjacent values, which are `run_stride` apart. Neighbouring
/// pixels are `STEP` apart.
#[derive(Clone, Copy)]
pub struct Tiles {
    /// The first pixel's first input.
    pub input: *const f32,
    /// Distance between a pixel's runs.
    pub run_stride: usize,
    /// Inputs per pixel, at least 1.
    pub depth: usize,
    /// `{bias[8]; weight[depth][8]}`.
    pub panel: *const f32,
    /// The panel of the next call, or this one. The kernel prefetches it.
    pub next_panel: *const f32,
    /// The first pixel's first output; the next pixel's is 8 further.
    pub output: *mut f32,
    /// See [`super::epilogue::Finish::constants`].
    pub constants: *const f32,
}

/// A number of pixels as a sum of tiles: `(pixels per tile, number of such tiles)`.
pub type Split = [(usize, usize); 4];

/// Computes the neighbouring pixels of `split` for one panel.
///
/// # Safety
/// All pointers of `tiles` are valid for the pixels, and nothing else accesses the output meanwhile.
pub unsafe fn pixels<V: F32x4, E: Epilogue, const STEP: usize, const RUN: usize>(
    mut tiles: Tiles,
    split: Split,
) {
    let mut done = 0;
    for (size, count) in split {
        if count == 0 {
            continue;
        }
        let indices = done..done + count;
        // SAFETY: the sizes sum to the caller's pixels, and each call begins where the last one ended.
        unsafe {
            match size {
                6 if V::FUSED => run::<V, E, 6, STEP, RUN>(tiles, indices),
                5 => run::<V, E, 5, STEP, RUN>(tiles, indices),
                4 => run::<V, E, 4, STEP, RUN>(tiles, indices),
                1 => run::<V, E, 1, STEP, RUN>(tiles, indices),
                _ => unreachable!("`split` has no tiles of {size} pixels"),
            }
            tiles.input = tiles.input.add(count * size * STEP);
            tiles.output = tiles.output.add(count * size * BLOCK);
        }
        done += count;
    }
}

/// Pixels of the largest tile for the instruction set `V`.
///
/// A tile of 6 pixels x 8 channels needs 12 sums, 2 weights and 1 input: the 15 XMM registers that V8 allocates on
/// x86-64. Without a fused multiply-add the product needs a register too, so only 5 pixels fit.
const fn largest<V: F32x4>() -> usize {
    if V::FUSED { 6 } else { 5 }
}

/// Splits `pixels` into tiles for the instruction set `V`, so that every tile is full: 49 is 6 x 6 + 5 + 2 x 4. With
/// tiles of 6, only maps of 1, 2, 3 and 7 pixels need single pixels.
pub fn split<V: F32x4>(pixels: usize) -> Split {
    split_by(pixels, largest::<V>(), 4)
}

/// Splits `pixels` into tiles of `largest` pixels, which is 5 or 6, of `smallest` pixels, which is 4 or 5, those between, and
/// single pixels.
pub fn split_by(pixels: usize, largest: usize, smallest: usize) -> Split {
    let mut best = (usize::MAX, [(6, 0), (5, 0), (4, 0), (1, pixels)]);
    for fives in 0..=5 {
        for fours in 0..=if smallest == 4 { 4 } else { 0 } {
            let Some(rest) = pixels.checked_sub(fives * 5 + fours * 4) else { continue };
            let (sixes, fives, ones) = if largest == 6 {
                (rest / 6, fives, rest % 6)
            } else {
                (0, fives + rest / 5, rest % 5)
            };
            // A single pixel leaves 10 of 12 sums unused. Smaller tiles do more loads per multiplication.
            let cost = ones * 100 + fours * 2 + if largest == 6 { fives } else { 0 };
            if cost < best.0 {
                best = (cost, [(6, sixes), (5, fives), (4, fours), (1, ones)]);
            }
        }
    }
    best.1
}

/// Computes the tiles `indices` of the call, of `PIXELS` pixels each.
///
/// This function is never inlined. V8 optimises whole functions and can't replace one that is running, so a network in
/// a single function would run in the slow baseline tier for its whole first run.
///
/// # Safety
/// See [`pixels`], for these tiles' pixels.
#[inline(never)]
unsafe fn run<V: F32x4, E: Epilogue, const PIXELS: usize, const STEP: usize, const RUN: usize>(
    tiles: Tiles,
    indices: Range<usize>,
) {
    let Tiles { mut input, run_stride, depth, panel, next_panel, mut output, constants } = tiles;
    // SAFETY: `tiles` is valid for these tiles' pixels, and the next panel has as many lines as this one.
    unsafe {
        for index in indices {
            // WebAssembly has no prefetch instruction, but a load whose result is not used acts as one. Without it the
            // first tile of each panel waited for its weights: 8 % of the time of 160 to 960 channels at 7x7, where
            // there are few tiles per panel.
            let (mut ahead, line) = if index < FETCHING {
                (next_panel.add(index * (depth / RUN) * LINE), LINE)
            } else {
                (panel, 0)
            };
            let bias = [V::load(panel), V::load(panel.add(LANES))];
            let mut sums = [bias; PIXELS];
            let mut runs = input;
            let mut weights = panel.add(BLOCK);
            let mut left = depth;
            // The loop may end between any two steps, not only after a run. The branches also keep the compiler from
            // grouping the multiply-adds of one sum, which spilled ten registers per run and cost half the speed.
            'depth: loop {
                for step in 0..RUN {
                    let weight = [
                        V::load(weights.add(step * BLOCK)),
                        V::load(weights.add(step * BLOCK + LANES)),
                    ];
                    for (pixel, sum) in sums.iter_mut().enumerate() {
                        let value = V::load_splat(runs.add(pixel * STEP + step));
                        sum[0] = sum[0].madd(value, weight[0]);
                        sum[1] = sum[1].madd(value, weight[1]);
                    }
                    left -= 1;
                    if left == 0 {
                        break 'depth;
                    }
                }
                runs = runs.add(run_stride);
                weights = weights.add(RUN * BLOCK);
                ahead.read_volatile();
                ahead = ahead.add(line);
            }
            for (pixel, sum) in sums.iter().enumerate() {
                for (half, &x) in sum.iter().enumerate() {
                    let at = output.add(pixel * BLOCK + half * LANES);
                    E::finish(x, constants, at).store(at);
                }
            }
            input = input.add(PIXELS * STEP);
            output = output.add(PIXELS * BLOCK);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::split_by;

    #[test]
    fn splits_cover_every_count_without_idle_rows() {
        for [largest, smallest] in [[5, 4], [6, 4], [6, 5]] {
            for pixels in 1..2000 {
                let tiles = split_by(pixels, largest, smallest);
                assert_eq!(tiles.iter().map(|(size, count)| size * count).sum::<usize>(), pixels);
                let singles = tiles[3].1;
                let possible = match [largest, smallest] {
                    [6, 5] => pixels.div_ceil(6) <= pixels / 5,
                    [6, _] => !matches!(pixels, 1 | 2 | 3 | 7),
                    _ => !matches!(pixels, 1 | 2 | 3 | 6 | 7 | 11),
                };
                assert_eq!(singles == 0, possible, "{pixels} pixels: {tiles:?}");
                assert!(smallest == 4 || tiles[2].1 == 0, "{pixels} pixels: {tiles:?}");
            }
        }
        assert_eq!(split_by(49, 6, 4), [(6, 6), (5, 1), (4, 2), (1, 0)]);
        assert_eq!(split_by(49, 6, 5), [(6, 4), (5, 5), (4, 0), (1, 0)]);
        assert_eq!(split_by(196, 6, 4), [(6, 32), (5, 0), (4, 1), (1, 0)]);
    }
}
