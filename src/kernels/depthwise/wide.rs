//! The register tile for engines that pair vectors: 7 neighbouring outputs of 8 channels. [`crate::kernels::wide`] tells
//! what such engines do.
//!
//! V8 pairs two instructions only if they are in the same piece of code without branches. So a column outside the map is
//! not skipped, as [`super::tile`] does: it is read from [`ZEROS`]. That changes no sum, except that a sum of -0 becomes
//! 0. In such an engine this tile takes 0.5 to 0.75 of the time of the narrow one (Zen 4, V8 14.6 and its flag).

use super::Map;
use crate::kernels::Window;
use crate::kernels::epilogue::Epilogue;
use crate::kernels::layout::BLOCK;
use crate::kernels::wide::hidden;
use crate::simd::{F32x4, LANES};
use std::hint::black_box;
use std::ops::Range;

/// Outputs of a tile. Every map of a 224-pixel picture is a multiple of it wide; others have narrow tiles.
const OUTPUTS: usize = 7;

/// What is read in place of a column outside the map.
static ZEROS: [f32; BLOCK] = [0.0; BLOCK];

/// The 8 channels of a pixel.
type Pair<V> = [V; 2];

/// Whether rows of the window's output are whole tiles, of which only the columns left of the first output's centre and
/// right of the last one's centre can lie outside the map.
pub(super) fn fits(window: &Window) -> bool {
    let &Window { kernel, stride, left, width, output_width, .. } = window;
    let columns = (output_width - 1) * stride + kernel;
    output_width.is_multiple_of(OUTPUTS)
        && left <= kernel / 2
        && columns <= left + width + kernel / 2
}

/// Computes the output rows `rows` of one block.
///
/// # Safety
/// Every pointer of `map` is valid, its window [`fits`], and nothing else accesses those output rows meanwhile.
#[inline(never)]
pub(super) unsafe fn rows<V: F32x4, E: Epilogue, const K: usize, const STRIDE: usize>(
    map: &Map,
    rows: Range<usize>,
) {
    let mask = black_box(usize::MAX);
    for y in rows {
        let mut total = [V::splat(0.0); 2];
        for x in (0..map.window.output_width).step_by(OUTPUTS) {
            let mut sum = [V::splat(0.0); 2];
            // SAFETY: the outputs are in the row.
            unsafe {
                // 7 sums, 5 taps and the 5 columns of an output are more than the registers.
                if K == 5 {
                    sum = tile::<V, E, K, STRIDE, 4>(map, y, x, mask, sum);
                    sum = tile::<V, E, K, STRIDE, 3>(map, y, x + 4, mask, sum);
                } else {
                    sum = tile::<V, E, K, STRIDE, 7>(map, y, x, mask, sum);
                }
            }
            total = added(total, sum);
        }
        if !map.row_sums.is_null() {
            // SAFETY: there are sums for every row, and this one's are ours.
            unsafe { store(total, map.row_sums.add(y * BLOCK)) };
        }
    }
}

/// Computes `SIZE` outputs of row `y` from column `x` on; returns their sum and `total`. `mask` has all bits set: see
/// [`hidden`].
///
/// # Safety
/// See [`rows`]; the outputs are in the row.
#[inline(always)]
unsafe fn tile<V: F32x4, E: Epilogue, const K: usize, const STRIDE: usize, const SIZE: usize>(
    map: &Map,
    y: usize,
    x: usize,
    mask: usize,
    mut total: Pair<V>,
) -> Pair<V> {
    let columns = (SIZE - 1) * STRIDE + K;
    let Window { above, left, height, width, output_width, .. } = map.window;
    // SAFETY: the outputs are in the row, rows outside the input are skipped, and columns outside are read elsewhere.
    unsafe {
        // `skipped` columns of the tile lie left of the map, and those from `end` on right of it.
        let start = x * STRIDE;
        let skipped = left.saturating_sub(start);
        let end = width + left - start;
        let ky = above.saturating_sub(y * STRIDE)..K.min(height + above - y * STRIDE);
        // The first column that is always inside.
        let mut row =
            map.input.add(((y * STRIDE + ky.start - above) * width + start + K / 2 - left) * BLOCK);
        let mut weights = map.weights.add((1 + ky.start * K) * BLOCK);
        let mut sums = [load::<V>(map.weights); SIZE];
        for _ in ky {
            let taps = hidden(weights, mask);
            let inside = hidden(row, mask);
            macro_rules! row {
                ($($tap:literal)*; $($column:literal)*) => {
                    let mut filter = [[V::splat(0.0); 2]; K];
                    $(if $tap < K {
                        filter[$tap] = load::<V>(taps.add($tap * BLOCK));
                    })*
                    $(if $column < columns {
                        let value = if $column < K / 2 {
                            let at = row.wrapping_sub((K / 2 - $column) * BLOCK);
                            load::<V>(hidden(if $column < skipped { ZEROS.as_ptr() } else { at }, mask))
                        } else if $column + K / 2 < columns {
                            load::<V>(inside.add(($column - K / 2) * BLOCK))
                        } else {
                            let at = row.wrapping_add(($column - K / 2) * BLOCK);
                            load::<V>(hidden(if $column < end { at } else { ZEROS.as_ptr() }, mask))
                        };
                        for (output, sum) in sums.iter_mut().enumerate() {
                            if $column >= output * STRIDE && $column - output * STRIDE < K {
                                let tap = filter[$column - output * STRIDE];
                                *sum = [sum[0].madd(value[0], tap[0]), sum[1].madd(value[1], tap[1])];
                            }
                        }
                    })*
                };
            }
            row!(0 1 2 3 4; 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14);
            row = row.wrapping_add(width * BLOCK);
            weights = weights.add(K * BLOCK);
        }
        let output = hidden(map.output.add((y * output_width + x) * BLOCK), mask).cast_mut();
        macro_rules! finish {
            ($($index:literal)*) => {
                $(if $index < SIZE {
                    let at = output.add($index * BLOCK);
                    let [a, b] = sums[$index];
                    sums[$index] = [E::finish(a, map.constants, at), E::finish(b, map.constants, at.add(LANES))];
                    total = added(total, sums[$index]);
                })*
                $(if $index < SIZE {
                    store(sums[$index], output.add($index * BLOCK));
                })*
            };
        }
        finish!(0 1 2 3 4 5 6);
        total
    }
}

/// # Safety
/// `at` points to 8 readable values.
#[inline(always)]
unsafe fn load<V: F32x4>(at: *const f32) -> Pair<V> {
    // SAFETY: the caller's pointer has 8 values.
    unsafe { [V::load(at), V::load(at.add(LANES))] }
}

/// Stores the upper half first, as V8 wants it.
///
/// # Safety
/// `at` points to 8 writable values.
#[inline(always)]
unsafe fn store<V: F32x4>([a, b]: Pair<V>, at: *mut f32) {
    // SAFETY: the caller's pointer has 8 values.
    unsafe {
        b.store(at.add(LANES));
        a.store(at);
    }
}

#[inline(always)]
fn added<V: F32x4>(a: Pair<V>, b: Pair<V>) -> Pair<V> {
    [a[0].add(b[0]), a[1].add(b[1])]
}
