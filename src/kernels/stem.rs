//! The first layer: a full 3x3 convolution with stride 2 on the RGB picture.
//!
//! The picture is stored in rows of `[x][3]` values with a border of one zero pixel on all sides. So the 27 inputs of
//! an output are three runs of 9 adjacent values, and the register tile of [`super::pointwise`] can compute it.

use super::Window;
use super::epilogue::{Finish, with_epilogue};
use super::layout::{BLOCK, blocks};
use super::tile::Tiles;
use super::wide::{self, TileShape};
use crate::simd::F32x4;
use std::ops::Range;

/// Values per RGB pixel.
pub const RGB: usize = 3;
/// Inputs of one output.
pub const DEPTH: usize = 9 * RGB;
/// Width of the border of zeros around the picture, in pixels.
pub const BORDER: usize = 1;

/// Values from one row of a picture of `width` pixels to the next.
#[must_use]
pub const fn row(width: usize) -> usize {
    (width + 2 * BORDER) * RGB
}

/// The arguments of [`stem`].
#[derive(Clone, Copy, Debug)]
pub struct Stem {
    /// The picture's first pixel, inside the border.
    pub input: *const f32,
    /// Values from one row to the next: see [`row`].
    pub input_row: usize,
    /// The position of the filter: 3x3, stride 2.
    pub window: Window,
    /// Packed panels: see [`super::pack::stem`].
    pub weights: *const f32,
    /// Output in blocks.
    pub output: *mut f32,
    /// Values from one block of the output to the next.
    pub output_plane: usize,
    /// Output channels.
    pub out_channels: usize,
    /// What is applied to the sums.
    pub finish: Finish,
    /// The shape of the register tiles.
    pub shape: TileShape,
}

/// Computes the output rows `rows`.
///
/// # Safety
/// The pointers are valid for those rows, and nothing else accesses that output meanwhile.
///
/// # Panics
/// If the activation is hard-sigmoid.
pub unsafe fn stem<V: F32x4>(conv: &Stem, rows: Range<usize>) {
    let Window { above, left, output_width, .. } = conv.window;
    for y in rows {
        let tiles = |panel: usize| {
            // SAFETY: the pointers are valid for this row, and the border makes row and column -1 valid.
            unsafe {
                let weights = conv.weights.add(panel * super::pointwise::panel(DEPTH));
                Tiles {
                    input: conv
                        .input
                        .add(2 * y * conv.input_row)
                        .sub(above * conv.input_row + left * RGB),
                    run_stride: conv.input_row,
                    depth: DEPTH,
                    panel: weights,
                    // No prefetch, since all panels stay in the cache: there are 2 or 4, of less than a kilobyte each.
                    next_panel: weights,
                    output: conv.output.add(panel * conv.output_plane + y * output_width * BLOCK),
                    constants: conv.finish.constants(),
                }
            }
        };
        let (shape, panels) = (conv.shape, 0..blocks(conv.out_channels));
        with_epilogue!(convolution, conv.finish, E => {
            // SAFETY: the pointers are valid for this row of each panel.
            unsafe { wide::panels::<V, E, { 2 * RGB }, { 3 * RGB }>(shape, panels, output_width, tiles) }
        });
    }
}
