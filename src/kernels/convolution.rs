//! The full convolution over many channels: MobileNetV4's 3x3 with stride 2.
//!
//! It runs as a 1x1 convolution with `kernel * kernel` times the channels (im2col). For one strip of outputs at a time,
//! `gather` copies the inputs of every tap to scratch memory, with zeros outside the map, and the register tile of
//! [`super::pointwise`] runs over them. So the tile needs no code for borders and strides. Gathering takes 12 % of the
//! time of 32 to 32 channels at 112x112, and 4 % of 32 to 128.

use super::Window;
use super::epilogue::Finish;
use super::layout::{BLOCK, blocks, plane};
use super::pointwise::{self, Pointwise};
use super::wide::TileShape;
use crate::simd::{F32x4, LANES};
use std::ops::Range;

/// Outputs of a strip: a multiple of the tile sizes 5 and 6. The gathered inputs of 32 channels take 71 kB. Strips of
/// 30 to 112 took the same time within 3 %.
pub const STRIP: usize = 60;

/// The arguments of [`convolution`].
#[derive(Clone, Copy, Debug)]
pub struct Convolution {
    /// Input in blocks. Padding channels hold finite values, since zero weights multiply them.
    pub input: *const f32,
    /// Values from one block of the input to the next.
    pub input_plane: usize,
    /// Input channels.
    pub in_channels: usize,
    /// The position of the filter.
    pub window: Window,
    /// Packed panels: see [`super::pack::convolution`].
    pub weights: *const f32,
    /// Number of panels in `weights`.
    pub panels: usize,
    /// Scratch memory of [`scratch`] values.
    pub scratch: *mut f32,
    /// Output in blocks.
    pub output: *mut f32,
    /// Values from one block of the output to the next.
    pub output_plane: usize,
    /// What is applied to the sums.
    pub finish: Finish,
    /// The shape of the register tiles.
    pub shape: TileShape,
}

/// Products summed in one output: one for each tap and input channel, including padding channels.
#[must_use]
pub const fn depth(in_channels: usize, kernel: usize) -> usize {
    blocks(in_channels) * kernel * kernel * BLOCK
}

/// Values of scratch memory that a call needs.
#[must_use]
pub const fn scratch(in_channels: usize, kernel: usize) -> usize {
    blocks(in_channels) * kernel * kernel * plane(STRIP)
}

/// Computes the output panels `panels` at the output pixels `pixels`.
///
/// # Safety
/// The pointers are valid for those panels, those pixels and their inputs; nothing else accesses that output or
/// the scratch memory meanwhile.
pub unsafe fn convolution<V: F32x4>(
    conv: &Convolution,
    panels: Range<usize>,
    mut pixels: Range<usize>,
) {
    while !pixels.is_empty() {
        let strip = pixels.start..pixels.end.min(pixels.start + STRIP);
        // SAFETY: the caller's pointers are valid for these pixels. The scratch memory has room for a strip, and
        // `gather` writes all of it that `pointwise` reads.
        unsafe {
            gather::<V>(conv, strip.clone());
            let gathered = Pointwise {
                input: conv.scratch,
                input_plane: plane(STRIP),
                in_channels: depth(conv.in_channels, conv.window.kernel),
                weights: conv.weights,
                panels: conv.panels,
                output: conv.output.add(strip.start * BLOCK),
                output_plane: conv.output_plane,
                finish: conv.finish,
                accumulate: false,
                shape: conv.shape,
            };
            pointwise::pointwise::<V>(&gathered, panels.clone(), 0..strip.len());
        }
        pixels.start = strip.end;
    }
}

/// Copies the inputs of the output pixels `strip` to the scratch memory, in planes `[block][ky][kx]` of a strip each.
///
/// # Safety
/// See [`convolution`]; `strip` has at most [`STRIP`] pixels.
unsafe fn gather<V: F32x4>(conv: &Convolution, strip: Range<usize>) {
    let Window { kernel, output_width, .. } = conv.window;
    let mut done = 0;
    while done < strip.len() {
        let pixel = strip.start + done;
        let (y, x) = (pixel / output_width, pixel % output_width);
        let columns = x..output_width.min(x + strip.len() - done);
        for block in 0..blocks(conv.in_channels) {
            for tap in 0..kernel * kernel {
                let offset = (block * kernel * kernel + tap) * plane(STRIP) + done * BLOCK;
                // SAFETY: the plane of this block and tap has room for a strip, and these columns are part of it.
                unsafe { row::<V>(conv, block, tap, y, columns.clone(), conv.scratch.add(offset)) }
            }
        }
        done += columns.len();
    }
}

/// Copies the inputs of one tap for the columns `columns` of the output row `y`, 8 channels each.
///
/// # Safety
/// See [`convolution`], for these pixels; `to` has room for them.
#[inline(never)]
unsafe fn row<V: F32x4>(
    conv: &Convolution,
    block: usize,
    tap: usize,
    y: usize,
    columns: Range<usize>,
    mut to: *mut f32,
) {
    let Window { height, width, kernel, stride, above, left, .. } = conv.window;
    let (ky, kx) = (tap / kernel, tap % kernel);
    let input_row = (y * stride + ky).checked_sub(above).filter(|&row| row < height);
    for x in columns {
        let input_column = (x * stride + kx).checked_sub(left).filter(|&column| column < width);
        // SAFETY: the row and the column lie in the input.
        unsafe {
            let (a, b) = if let (Some(row), Some(column)) = (input_row, input_column) {
                let from =
                    conv.input.add(block * conv.input_plane + (row * width + column) * BLOCK);
                (V::load(from), V::load(from.add(LANES)))
            } else {
                (V::splat(0.0), V::splat(0.0))
            };
            a.store(to);
            b.store(to.add(LANES));
            to = to.add(BLOCK);
        }
    }
}
