//! One 3x3 or 5x5 filter per channel.
//!
//! One register tile serves every filter and stride: [`tile`] says how.

mod tile;

use super::epilogue::{Clamp, Epilogue, HardSwish};
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

/// A block, or half of one.
#[derive(Clone, Copy)]
struct Map {
    /// The first pixel's 4 channels; the next pixel is 8 values further.
    input: *const f32,
    /// Input height in pixels.
    height: usize,
    /// Input width in pixels.
    width: usize,
    /// Padding above the input.
    above: usize,
    /// Padding left of the input.
    left: usize,
    /// `{bias[4]; tap[kernel * kernel][4]}`.
    weights: *const f32,
    /// The first pixel's 4 channels.
    output: *mut f32,
    /// Output width in pixels.
    output_width: usize,
    /// See [`super::epilogue::constants`].
    constants: *const f32,
    /// The first row's sums; the next row's are 8 further. Or null.
    row_sums: *mut f32,
}

impl Map {
    /// The first or second half of a block.
    ///
    /// # Safety
    /// The pointers are valid for the block.
    unsafe fn half(self, index: usize, kernel: usize) -> Self {
        let lane = index * HALF;
        // SAFETY: the caller's promise.
        unsafe {
            Self {
                input: self.input.add(lane),
                weights: self.weights.add(index * half(kernel)),
                output: self.output.add(lane),
                row_sums: if self.row_sums.is_null() {
                    self.row_sums
                } else {
                    self.row_sums.add(lane)
                },
                ..self
            }
        }
    }
}

/// Computes the rows `rows` of the channel block `block`.
///
/// # Safety
/// The pointers are valid for that block, and nothing else touches those output rows meanwhile.
pub unsafe fn depthwise<V: F32x4>(conv: &Depthwise, block: usize, rows: Range<usize>) {
    // SAFETY: the caller's promise.
    unsafe {
        let map = Map {
            input: conv.input.add(block * conv.input_plane),
            height: conv.height,
            width: conv.width,
            above: conv.above,
            left: conv.left,
            weights: conv.weights.add(block * 2 * half(conv.kernel)),
            output: conv.output.add(block * conv.output_plane),
            output_width: conv.output_width,
            constants: conv.constants,
            row_sums: if conv.row_sums.is_null() {
                conv.row_sums
            } else {
                conv.row_sums.add(block * conv.row_sums_plane)
            },
        };
        match conv.activation {
            Activation::HardSwish => by_shape::<V, HardSwish>(conv, &map, rows),
            Activation::Linear | Activation::Relu | Activation::Relu6 | Activation::HardSigmoid => {
                by_shape::<V, Clamp>(conv, &map, rows)
            }
        }
    }
}

/// # Safety
/// See [`depthwise`].
unsafe fn by_shape<V: F32x4, E: Epilogue>(conv: &Depthwise, map: &Map, rows: Range<usize>) {
    // SAFETY: the caller's promise.
    unsafe {
        match (conv.kernel, conv.stride) {
            (3, 1) => tile::rows::<V, E, 3, 1>(map, rows),
            (3, _) => tile::rows::<V, E, 3, 2>(map, rows),
            (_, 1) => tile::rows::<V, E, 5, 1>(map, rows),
            (_, _) => tile::rows::<V, E, 5, 2>(map, rows),
        }
    }
}
