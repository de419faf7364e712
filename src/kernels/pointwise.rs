//! The 1x1 convolution: 95 % of V1's multiplications.

use super::epilogue::{Accumulate, Clamp, HardSwish};
use super::layout::BLOCK;
use super::tile::{self, Tiles};
use crate::arch::Activation;
use crate::simd::F32x4;
use std::ops::Range;

/// Values from one packed panel of 8 output channels to the next: see [`super::pack::pointwise`].
#[must_use]
pub const fn panel(in_channels: usize) -> usize {
    BLOCK + in_channels * BLOCK
}

/// A 1x1 convolution with its memory.
#[derive(Clone, Copy, Debug)]
pub struct Pointwise {
    /// Input in blocks.
    pub input: *const f32,
    /// Values from one block of the input to the next.
    pub input_plane: usize,
    /// Input channels.
    pub in_channels: usize,
    /// Packed panels: see [`super::pack::pointwise`].
    pub weights: *const f32,
    /// How many panels there are in all.
    pub panels: usize,
    /// Output in blocks.
    pub output: *mut f32,
    /// Values from one block of the output to the next.
    pub output_plane: usize,
    /// What is applied to the sums: linear, ReLU, ReLU6 or h-swish.
    pub activation: Activation,
    /// Adds the sums to what the output holds, with no activation.
    pub accumulate: bool,
    /// See [`super::epilogue::constants`].
    pub constants: *const f32,
}

/// Computes the output panels `panels` at the pixels `pixels`.
///
/// # Safety
/// The pointers are valid for those panels and pixels, and nothing else touches that output meanwhile.
pub unsafe fn pointwise<V: F32x4>(conv: &Pointwise, panels: Range<usize>, pixels: Range<usize>) {
    let split = tile::split::<V>(pixels.len());
    for index in panels {
        let next = (index + 1) % conv.panels;
        // SAFETY: the caller's promise.
        unsafe {
            let tiles = Tiles {
                input: conv.input.add(pixels.start * BLOCK),
                run_stride: conv.input_plane,
                depth: conv.in_channels,
                panel: conv.weights.add(index * panel(conv.in_channels)),
                next_panel: conv.weights.add(next * panel(conv.in_channels)),
                output: conv.output.add(index * conv.output_plane + pixels.start * BLOCK),
                constants: conv.constants,
            };
            match (conv.accumulate, conv.activation) {
                (true, _) => tile::pixels::<V, Accumulate, BLOCK, BLOCK>(tiles, split),
                (false, Activation::HardSwish) => {
                    tile::pixels::<V, HardSwish, BLOCK, BLOCK>(tiles, split);
                }
                (false, _) => tile::pixels::<V, Clamp, BLOCK, BLOCK>(tiles, split),
            }
        }
    }
}
