//! The depthwise convolution: one 3x3 or 5x5 filter per channel.
//!
//! One register tile serves every filter size and stride: see `tile`, and `wide` for engines that pair vectors.

mod tile;
mod wide;

use super::epilogue::{Epilogue, Finish, with_epilogue};
use super::pointwise::panel;
use super::{TileShape, Window};
use crate::simd::{F32x4, LANES};
use std::ops::Range;

/// The arguments of [`depthwise`].
#[derive(Clone, Copy, Debug)]
pub struct Depthwise {
    /// Input in blocks.
    pub input: *const f32,
    /// Values from one block of the input to the next.
    pub input_plane: usize,
    /// The position of the filter: 3x3 or 5x5, stride 1 or 2.
    pub window: Window,
    /// Packed taps: see [`super::pack::depthwise`].
    pub weights: *const f32,
    /// Output in blocks.
    pub output: *mut f32,
    /// Values from one block of the output to the next.
    pub output_plane: usize,
    /// What is applied to the sums.
    pub finish: Finish,
    /// Receives the sum of each output row, `[channels / 8][output_height][8]`, for the squeeze of squeeze-and-excite.
    /// The kernel sums while the outputs are in registers. Null if the block has no squeeze-and-excite.
    pub row_sums: *mut f32,
    /// Values from one block of the row sums to the next.
    pub row_sums_plane: usize,
    /// The shape of the register tiles.
    pub shape: TileShape,
}

/// One block of the input and output, or half of one.
#[derive(Clone, Copy)]
struct Map {
    /// The first pixel's channels; the next pixel is 8 values further.
    input: *const f32,
    /// The position of the filter.
    window: Window,
    /// The channels' biases, and 8 values further the first tap; the next tap is 8 values further.
    weights: *const f32,
    /// The first pixel's channels.
    output: *mut f32,
    /// See [`super::epilogue::Finish::constants`].
    constants: *const f32,
    /// The first row's sums; the next row's are 8 values further. May be null.
    row_sums: *mut f32,
}

impl Map {
    /// The first or second half of a block.
    ///
    /// # Safety
    /// The pointers are valid for the block.
    unsafe fn half(self, index: usize) -> Self {
        let lane = index * LANES;
        // SAFETY: a block has two halves.
        unsafe {
            Self {
                input: self.input.add(lane),
                weights: self.weights.add(lane),
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
/// The pointers are valid for that block, and nothing else accesses those output rows meanwhile.
///
/// # Panics
/// If the activation is hard-sigmoid, or the filter is not 3x3 or 5x5 with stride 1 or 2.
pub unsafe fn depthwise<V: F32x4>(conv: &Depthwise, block: usize, rows: Range<usize>) {
    // SAFETY: the pointers are valid for this block, whose output rows are ours.
    unsafe {
        let map = Map {
            input: conv.input.add(block * conv.input_plane),
            window: conv.window,
            weights: conv.weights.add(block * panel(conv.window.kernel.pow(2))),
            output: conv.output.add(block * conv.output_plane),
            constants: conv.finish.constants(),
            row_sums: if conv.row_sums.is_null() {
                conv.row_sums
            } else {
                conv.row_sums.add(block * conv.row_sums_plane)
            },
        };
        with_epilogue!(convolution, conv.finish, E => by_window::<V, E>(&map, conv.shape, rows));
    }
}

/// # Safety
/// See [`depthwise`].
unsafe fn by_window<V: F32x4, E: Epilogue>(map: &Map, shape: TileShape, rows: Range<usize>) {
    let wide = shape == TileShape::Wide && wide::fits(&map.window);
    // SAFETY: the pointers of `map` are valid, and the output rows are ours. The wide tile fits the window.
    unsafe {
        match (map.window.kernel, map.window.stride) {
            (3, 1) if wide => wide::rows::<V, E, 3, 1>(map, rows),
            (3, 2) if wide => wide::rows::<V, E, 3, 2>(map, rows),
            (5, 1) if wide => wide::rows::<V, E, 5, 1>(map, rows),
            (5, 2) if wide => wide::rows::<V, E, 5, 2>(map, rows),
            (3, 1) => tile::rows::<V, E, 3, 1>(map, rows),
            (3, 2) => tile::rows::<V, E, 3, 2>(map, rows),
            (5, 1) => tile::rows::<V, E, 5, 1>(map, rows),
            (5, 2) => tile::rows::<V, E, 5, 2>(map, rows),
            (kernel, stride) => {
                unreachable!("Network::check allows no {kernel}x{kernel} filter of stride {stride}")
            }
        }
    }
}
