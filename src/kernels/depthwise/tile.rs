//! The register tile of the depthwise convolution: up to 7 neighbouring outputs of 4 channels.
//!
//! The sums stay in registers over the whole filter, and the taps (at most 5) over one row of it. Each input column is
//! loaded once and multiplied into all outputs that it belongs to. 7 sums, 5 taps and a column take 13 of the 15 vector
//! registers that V8 has on x86-64. A tile of 7 fits, because every map of a 224-pixel picture is 7 times a power of
//! two wide.

use super::Map;
use crate::kernels::Window;
use crate::kernels::epilogue::Epilogue;
use crate::kernels::layout::BLOCK;
use crate::kernels::unroll::each;
use crate::simd::F32x4;
use std::ops::Range;

/// Outputs of the largest tile.
const LARGEST: usize = 7;

/// Computes the output rows `rows` of one block.
///
/// # Safety
/// Every pointer of `map` is valid, and nothing else accesses those output rows meanwhile.
#[inline(never)]
pub(super) unsafe fn rows<V: F32x4, E: Epilogue, const K: usize, const STRIDE: usize>(
    map: &Map,
    rows: Range<usize>,
) {
    // Tiles of nearly equal sizes: a row of 8 becomes 4 and 4.
    let output_width = map.window.output_width;
    let tiles = output_width.div_ceil(LARGEST);
    let (size, larger) = (output_width / tiles, output_width % tiles);
    for y in rows {
        // Both halves of a row run together, since they share cache lines.
        for half_block in 0..2 {
            // SAFETY: the pointers are valid for both halves.
            let map = &unsafe { map.half(half_block) };
            let mut x = 0;
            let mut total = V::splat(0.0);
            for index in 0..tiles {
                let size = size + usize::from(index < larger);
                // SAFETY: the tiles' sizes add up to the row.
                let sum: V = unsafe {
                    match size {
                        7 => tile::<V, E, K, STRIDE, 7>(map, y, x),
                        6 => tile::<V, E, K, STRIDE, 6>(map, y, x),
                        5 => tile::<V, E, K, STRIDE, 5>(map, y, x),
                        4 => tile::<V, E, K, STRIDE, 4>(map, y, x),
                        _ => {
                            let mut sum = tile::<V, E, K, STRIDE, 1>(map, y, x);
                            for x in x + 1..x + size {
                                sum = sum.add(tile::<V, E, K, STRIDE, 1>(map, y, x));
                            }
                            sum
                        }
                    }
                };
                total = total.add(sum);
                x += size;
            }
            if !map.row_sums.is_null() {
                // SAFETY: there are sums for every row, and this one's are ours.
                unsafe { total.store(map.row_sums.add(y * BLOCK)) };
            }
        }
    }
}

/// Computes `SIZE` outputs of row `y` from column `x` on; returns their sum.
///
/// # Safety
/// See [`rows`]; the outputs are in the row.
#[inline(always)]
unsafe fn tile<V: F32x4, E: Epilogue, const K: usize, const STRIDE: usize, const SIZE: usize>(
    map: &Map,
    y: usize,
    x: usize,
) -> V {
    let columns = (SIZE - 1) * STRIDE + K;
    let Window { above, left, height, width, output_width, .. } = map.window;
    // SAFETY: the outputs are in the row, and rows and columns outside the input are skipped.
    unsafe {
        // `skipped` columns of the tile lie left of the map, and those from `end` on right of it.
        let start = x * STRIDE;
        let skipped = left.saturating_sub(start);
        let end = columns.min(width + left - start);
        let ky = above.saturating_sub(y * STRIDE)..K.min(height + above - y * STRIDE);
        let mut row = map.input.wrapping_add(
            ((y * STRIDE + ky.start).wrapping_sub(above).wrapping_mul(width))
                .wrapping_add(start)
                .wrapping_sub(left)
                .wrapping_mul(BLOCK),
        );
        let mut sums = [V::load(map.weights); SIZE];
        for ky in ky {
            let weights = map.weights.add((1 + ky * K) * BLOCK);
            let mut taps = [V::splat(0.0); K];
            for (kx, tap) in taps.iter_mut().enumerate() {
                *tap = V::load(weights.add(kx * BLOCK));
            }
            'row: {
                each!(column in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 => {
                    if column < columns && (column >= K || column >= skipped) {
                        // Only the last columns of a tile can lie right of it. But for 5 taps, a branch at every column
                        // keeps the compiler from grouping the multiply-adds of one sum, for which there are not
                        // enough registers: without it 5x5 with stride 2 took 8 % longer.
                        if (K == 5 || column + K > columns) && column == end {
                            break 'row;
                        }
                        let value = V::load(row.wrapping_add(column * BLOCK));
                        for (output, sum) in sums.iter_mut().enumerate() {
                            if column >= output * STRIDE && column - output * STRIDE < K {
                                *sum = sum.madd(value, taps[column - output * STRIDE]);
                            }
                        }
                    }
                });
            }
            row = row.wrapping_add(width * BLOCK);
        }
        let output = map.output.add((y * output_width + x) * BLOCK);
        let mut total = V::splat(0.0);
        for (index, sum) in sums.into_iter().enumerate() {
            let at = output.add(index * BLOCK);
            let sum = E::finish(sum, map.constants, at);
            sum.store(at);
            total = total.add(sum);
        }
        total
    }
}
