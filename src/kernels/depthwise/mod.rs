//! One 3x3 or 5x5 filter per channel.
//!
//! A call computes one output row of half a block, 4 channels, and slides along it in steps of one
//! pixel with the taps in registers, so that a column of the input is loaded once for all the outputs
//! that need it.

mod k3;
mod k5;

use super::epilogue::{Clamp, Epilogue, HardSwish};
use super::layout::BLOCK;
use crate::arch::Activation;
use crate::simd::F32x4;
use std::ops::Range;

/// Channels of one call.
pub const HALF: usize = 4;

/// Values from one packed half block to the next: see [`super::pack::depthwise`].
#[must_use]
pub const fn half(kernel: usize) -> usize {
    (1 + kernel * kernel) * HALF
}

/// A depthwise convolution with its memory.
#[derive(Clone, Copy, Debug)]
pub struct Depthwise {
    /// Input in blocks.
    pub input: *const f32,
    /// Values from one block of the input to the next.
    pub input_plane: usize,
    /// Input height in pixels.
    pub height: usize,
    /// Input width in pixels.
    pub width: usize,
    /// Side of the filter, 3 or 5.
    pub kernel: usize,
    /// 1 or 2.
    pub stride: usize,
    /// Padding above the input.
    pub above: usize,
    /// Padding left of the input.
    pub left: usize,
    /// Packed taps: see [`super::pack::depthwise`].
    pub weights: *const f32,
    /// At least `width * 8` zeros: the rows above and below the input.
    pub zeros: *const f32,
    /// Output in blocks.
    pub output: *mut f32,
    /// Values from one block of the output to the next.
    pub output_plane: usize,
    /// Output height in pixels.
    pub output_height: usize,
    /// Output width in pixels.
    pub output_width: usize,
    /// What is applied to the sums: linear, ReLU, ReLU6 or h-swish.
    pub activation: Activation,
    /// See [`super::epilogue::constants`].
    pub constants: *const f32,
    /// Where the outputs' sums over each row go, `[channels / 8][output_height][8]`: the squeeze of
    /// squeeze-and-excite, taken while the outputs are in registers. Null where nobody wants them.
    pub row_sums: *mut f32,
    /// Values from one block of the row sums to the next.
    pub row_sums_plane: usize,
}

/// One row of half a block.
#[derive(Clone, Copy)]
struct Row {
    /// `{bias[4]; tap[kernel * kernel][4]}`.
    weights: *const f32,
    /// Input width in pixels.
    width: usize,
    /// Padding left of the input.
    left: usize,
    /// The output row.
    output: *mut f32,
    /// Output width in pixels.
    output_width: usize,
    /// See [`super::epilogue::constants`].
    constants: *const f32,
}

/// Computes the rows `rows` of the channel block `block`.
///
/// # Safety
/// The pointers are valid for that block, and nothing else touches those output rows meanwhile.
pub unsafe fn depthwise<V: F32x4>(conv: &Depthwise, block: usize, rows: Range<usize>) {
    // SAFETY: the caller's promise.
    unsafe {
        match (conv.activation, conv.stride) {
            (Activation::HardSwish, 1) => all::<V, HardSwish, 1>(conv, block, rows),
            (Activation::HardSwish, _) => all::<V, HardSwish, 2>(conv, block, rows),
            (_, 1) => all::<V, Clamp, 1>(conv, block, rows),
            (_, _) => all::<V, Clamp, 2>(conv, block, rows),
        }
    }
}

/// # Safety
/// See [`depthwise`].
unsafe fn all<V: F32x4, E: Epilogue, const STRIDE: usize>(
    conv: &Depthwise,
    block: usize,
    rows: Range<usize>,
) {
    for y in rows {
        for half_block in 0..2 {
            let lane = half_block * HALF;
            // SAFETY: the caller's promise; an input row outside the picture reads the zeros.
            unsafe {
                let input_row = |ky: usize| {
                    let inside =
                        (y * STRIDE + ky).checked_sub(conv.above).filter(|&row| row < conv.height);
                    inside.map(|row| {
                        conv.input.add(block * conv.input_plane + row * conv.width * BLOCK + lane)
                    })
                };
                let row = Row {
                    weights: conv.weights.add((block * 2 + half_block) * half(conv.kernel)),
                    width: conv.width,
                    left: conv.left,
                    output: conv
                        .output
                        .add(block * conv.output_plane + y * conv.output_width * BLOCK + lane),
                    output_width: conv.output_width,
                    constants: conv.constants,
                };
                let sum: V = if conv.kernel == 3 {
                    let rows = [0, 1, 2].map(|ky| input_row(ky).unwrap_or(conv.zeros));
                    k3::row::<V, E, STRIDE>(&row, rows)
                } else {
                    k5::row::<V, E, STRIDE>(&row, [0, 1, 2, 3, 4].map(input_row))
                };
                if !conv.row_sums.is_null() {
                    sum.store(conv.row_sums.add(block * conv.row_sums_plane + y * BLOCK + lane));
                }
            }
        }
    }
}
