//! The pointwise (1x1) convolution: 95 % of V1's multiplications.

use super::epilogue::{Accumulate, Finish, with_epilogue};
use super::layout::BLOCK;
use super::tile::Tiles;
use super::wide::{self, TileShape};
use crate::simd::F32x4;
use std::ops::Range;

/// Values from one packed panel of 8 output channels to the next: see [`super::pack::pointwise`].
#[must_use]
pub const fn panel(in_channels: usize) -> usize {
    BLOCK + in_channels * BLOCK
}

/// The arguments of [`pointwise`].
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
    /// Number of panels in `weights`.
    pub panels: usize,
    /// Output in blocks.
    pub output: *mut f32,
    /// Values from one block of the output to the next.
    pub output_plane: usize,
    /// What is applied to the sums.
    pub finish: Finish,
    /// Whether to add the sums to the values in the output, without an activation.
    pub accumulate: bool,
    /// The shape of the register tiles.
    pub shape: TileShape,
}

/// Computes the output panels `panels` at the pixels `pixels`.
///
/// # Safety
/// The pointers are valid for those panels and pixels, and nothing else accesses that output meanwhile.
///
/// # Panics
/// If the activation is hard-sigmoid.
pub unsafe fn pointwise<V: F32x4>(conv: &Pointwise, panels: Range<usize>, pixels: Range<usize>) {
    let tiles = |index: usize| {
        let next = (index + 1) % conv.panels;
        // SAFETY: the pointers are valid for this panel and these pixels, and the next panel is one of `conv.panels`.
        unsafe {
            Tiles {
                input: conv.input.add(pixels.start * BLOCK),
                run_stride: conv.input_plane,
                depth: conv.in_channels,
                panel: conv.weights.add(index * panel(conv.in_channels)),
                next_panel: conv.weights.add(next * panel(conv.in_channels)),
                output: conv.output.wrapping_add(index * conv.output_plane + pixels.start * BLOCK),
                constants: conv.finish.constants(),
            }
        }
    };
    let (shape, count) = (conv.shape, pixels.len());
    // SAFETY: the arguments are valid for these panels and pixels, by the caller's promise.
    unsafe {
        if conv.accumulate {
            wide::panels::<V, Accumulate, BLOCK, BLOCK>(shape, panels, count, tiles);
        } else {
            with_epilogue!(convolution, conv.finish, E => {
                wide::panels::<V, E, BLOCK, BLOCK>(shape, panels, count, tiles);
            });
        }
    }
}
