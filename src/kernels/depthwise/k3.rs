//! A row of the 3x3 depthwise convolution: 9 taps and the sums of the outputs in flight fill the
//! registers; a column's three values are loaded once and go into every output they belong to.

use super::{HALF, Row};
use crate::kernels::epilogue::Epilogue;
use crate::kernels::layout::BLOCK;
use crate::simd::F32x4;

/// Computes one output row and gives the sum over it.
///
/// # Safety
/// Every pointer of `row` is valid for it, and each of `input` for `row.width` pixels.
pub(super) unsafe fn row<V: F32x4, E: Epilogue, const STRIDE: usize>(
    row: &Row,
    input: [*const f32; 3],
) -> V {
    // SAFETY: the caller's promise.
    unsafe { if STRIDE == 1 { stride1::<V, E>(row, input) } else { stride2::<V, E>(row, input) } }
}

/// The taps, `[kx][ky]`.
///
/// # Safety
/// `weights` points to `{bias[4]; tap[9][4]}`.
#[inline(always)]
unsafe fn taps<V: F32x4>(weights: *const f32) -> [[V; 3]; 3] {
    // SAFETY: the caller's promise.
    [0, 1, 2]
        .map(|kx| [0, 1, 2].map(|ky| unsafe { V::load(weights.add((1 + ky * 3 + kx) * HALF)) }))
}

/// The three values of the column `x`.
///
/// # Safety
/// Each of `input` is valid for more than `x` pixels.
#[inline(always)]
unsafe fn column<V: F32x4>(input: [*const f32; 3], x: usize) -> [V; 3] {
    // SAFETY: the caller's promise.
    input.map(|row| unsafe { V::load(row.add(x * BLOCK)) })
}

/// `sum` plus a column times the taps that meet it.
#[inline(always)]
fn add<V: F32x4>(sum: V, column: [V; 3], taps: [V; 3]) -> V {
    sum.madd(column[0], taps[0]).madd(column[1], taps[1]).madd(column[2], taps[2])
}

/// # Safety
/// See [`row`].
#[inline(never)]
unsafe fn stride1<V: F32x4, E: Epilogue>(row: &Row, input: [*const f32; 3]) -> V {
    let Row { weights, width, mut output, constants, .. } = *row;
    // SAFETY: the caller's promise.
    unsafe {
        let taps = taps::<V>(weights);
        let mut total = V::splat(0.0);
        // Before column x: `here` lacks the columns x and x + 1 of output x, `next` is output x + 1's.
        let first = column::<V>(input, 0);
        let mut here = add(V::load(weights), first, taps[1]);
        let mut next = add(V::load(weights), first, taps[0]);
        for x in 1..width {
            let column = column::<V>(input, x);
            let done = E::finish(add(here, column, taps[2]), constants, output);
            done.store(output);
            output = output.add(BLOCK);
            total = total.add(done);
            here = add(next, column, taps[1]);
            next = add(V::load(weights), column, taps[0]);
        }
        let done = E::finish(here, constants, output);
        done.store(output);
        total.add(done)
    }
}

/// # Safety
/// See [`row`].
#[inline(never)]
unsafe fn stride2<V: F32x4, E: Epilogue>(row: &Row, input: [*const f32; 3]) -> V {
    let Row { weights, width, left, mut output, constants, .. } = *row;
    // SAFETY: the caller's promise.
    unsafe {
        let taps = taps::<V>(weights);
        let mut total = V::splat(0.0);
        let mut here = V::load(weights);
        // `x` is the middle column of the next output.
        let mut x = 1 - left;
        if left == 0 {
            here = add(here, column(input, 0), taps[0]);
        }
        while x + 1 < width {
            let right = column::<V>(input, x + 1);
            let sum = add(add(here, column(input, x), taps[1]), right, taps[2]);
            let done = E::finish(sum, constants, output);
            done.store(output);
            output = output.add(BLOCK);
            total = total.add(done);
            here = add(V::load(weights), right, taps[0]);
            x += 2;
        }
        if x < width {
            let done = E::finish(add(here, column(input, x), taps[1]), constants, output);
            done.store(output);
            total = total.add(done);
        }
        total
    }
}
