//! A row of the 5x5 depthwise convolution, in up to five passes over the output row, one per input row:
//! 25 taps would not stay in registers, 5 do. Between the passes the sums wait in the output row itself,
//! which is in the first-level cache.

use super::{HALF, Row};
use crate::kernels::epilogue::Epilogue;
use crate::kernels::layout::BLOCK;
use crate::simd::F32x4;

/// Computes one output row and gives the sum over it.
///
/// # Safety
/// Every pointer of `row` is valid for it, and each row of `input` for `row.width` pixels; `None` is a
/// row outside the picture, and at least one row is inside.
pub(super) unsafe fn row<V: F32x4, E: Epilogue, const STRIDE: usize>(
    row: &Row,
    input: [Option<*const f32>; 5],
) -> V {
    let inside = |ky: &usize| input[*ky].is_some();
    let first = (0..5).find(inside);
    let last = (0..5).rfind(inside);
    let mut total = V::splat(0.0);
    for (ky, source) in input.into_iter().enumerate() {
        let Some(source) = source else { continue };
        // SAFETY: the caller's promise.
        unsafe {
            match (first == Some(ky), last == Some(ky)) {
                (true, true) => total = pass::<V, E, STRIDE, true, true>(row, source, ky),
                (true, false) => _ = pass::<V, E, STRIDE, true, false>(row, source, ky),
                (false, false) => _ = pass::<V, E, STRIDE, false, false>(row, source, ky),
                (false, true) => total = pass::<V, E, STRIDE, false, true>(row, source, ky),
            }
        }
    }
    total
}

/// Adds the input row that meets the taps of the filter's row `ky`; the first pass begins with the
/// bias, the last finishes the outputs and gives their sum.
///
/// # Safety
/// See [`row`]; `input` is valid for `row.width` pixels.
#[inline(never)]
unsafe fn pass<V: F32x4, E: Epilogue, const STRIDE: usize, const FIRST: bool, const LAST: bool>(
    row: &Row,
    input: *const f32,
    ky: usize,
) -> V {
    let Row { weights, width, left, mut output, output_width, constants } = *row;
    // SAFETY: the caller's promise.
    unsafe {
        let taps: [V; 5] = [0, 1, 2, 3, 4].map(|kx| V::load(weights.add((1 + ky * 5 + kx) * HALF)));
        let zero = V::splat(0.0);
        let column = |x: usize| if x < width { V::load(input.add(x * BLOCK)) } else { zero };
        let mut total = zero;
        let mut finish = |window: [V; 5]| {
            let mut sum = V::load(if FIRST { weights } else { output });
            for (column, tap) in window.into_iter().zip(taps) {
                sum = sum.madd(column, tap);
            }
            if LAST {
                sum = E::finish(sum, constants, output);
                total = total.add(sum);
            }
            sum.store(output);
            output = output.add(BLOCK);
        };

        // The columns that the first output shares with its left neighbour, those outside being zero.
        let kept = 5 - STRIDE;
        let mut window = [zero; 5];
        for (slot, value) in window[..kept].iter_mut().enumerate().skip(left) {
            *value = column(slot - left);
        }
        // Outputs whose five columns end inside the row, then those that hang over its end.
        let mut x = kept - left;
        let whole = if width >= x + STRIDE { (width - x) / STRIDE } else { 0 };
        for _ in 0..whole {
            for step in 0..STRIDE {
                window[kept + step] = V::load(input.add((x + step) * BLOCK));
            }
            finish(window);
            window.copy_within(STRIDE.., 0);
            x += STRIDE;
        }
        for _ in whole..output_width {
            for step in 0..STRIDE {
                window[kept + step] = column(x + step);
            }
            finish(window);
            window.copy_within(STRIDE.., 0);
            x += STRIDE;
        }
        total
    }
}
