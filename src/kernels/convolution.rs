//! The full convolution over many channels: MobileNetV4's 3x3 with stride 2.
//!
//! It is a 1x1 convolution of `kernel x kernel` times as many channels: a strip of outputs at a time, each
//! tap's inputs are gathered side by side in scratch memory, zeros for the border, and the register tile of
//! [`super::pointwise`] goes over them. Gathering a value costs about a hundredth of what is computed with
//! it for 96 outputs, and no border or stride is left for the tile to know of.

use super::Window;
use super::epilogue::{Finish, with_epilogue};
use super::layout::{BLOCK, blocks, plane};
use super::pointwise::panel;
use super::tile::{self, Tiles};
use crate::simd::{F32x4, LANES};
use std::ops::Range;

/// Outputs of a strip.
pub const STRIP: usize = 112;

/// A convolution with its memory.
#[derive(Clone, Copy, Debug)]
pub struct Convolution {
    /// Input in blocks, padding channels included.
    pub input: *const f32,
    /// Values from one block of the input to the next.
    pub input_plane: usize,
    /// Input channels.
    pub in_channels: usize,
    /// Where each output's inputs lie.
    pub window: Window,
    /// Packed panels: see [`super::pack::convolution`].
    pub weights: *const f32,
    /// How many panels there are in all.
    pub panels: usize,
    /// [`scratch`] values.
    pub scratch: *mut f32,
    /// Output in blocks.
    pub output: *mut f32,
    /// Values from one block of the output to the next.
    pub output_plane: usize,
    /// What is applied to the sums.
    pub finish: Finish,
}

/// Products behind one output: the taps of all channels, padding channels included.
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
/// The pointers are valid for those panels and pixels, and nothing else touches that output or the scratch
/// memory meanwhile.
pub unsafe fn convolution<V: F32x4>(
    conv: &Convolution,
    panels: Range<usize>,
    mut pixels: Range<usize>,
) {
    let depth = depth(conv.in_channels, conv.window.kernel);
    while !pixels.is_empty() {
        let strip = pixels.start..pixels.end.min(pixels.start + STRIP);
        let split = tile::split::<V>(strip.len());
        // SAFETY: the pointers are valid for the panels and pixels, and the strip is no longer than the scratch memory has room for.
        unsafe {
            gather::<V>(conv, strip.clone());
            for index in panels.clone() {
                let next = (index + 1) % conv.panels;
                let tiles = Tiles {
                    input: conv.scratch,
                    run_stride: plane(STRIP),
                    depth,
                    panel: conv.weights.add(index * panel(depth)),
                    next_panel: conv.weights.add(next * panel(depth)),
                    output: conv.output.add(index * conv.output_plane + strip.start * BLOCK),
                    constants: conv.finish.constants(),
                };
                with_epilogue!(convolution, conv.finish, E => {
                    tile::pixels::<V, E, BLOCK, BLOCK>(tiles, split);
                });
            }
        }
        pixels.start = strip.end;
    }
}

/// Writes the inputs of the output pixels `strip` to the scratch memory, `[block][ky][kx][pixel][8]`.
///
/// # Safety
/// See [`convolution`].
unsafe fn gather<V: F32x4>(conv: &Convolution, strip: Range<usize>) {
    let Window { kernel, output_width, .. } = conv.window;
    let mut done = 0;
    while done < strip.len() {
        let pixel = strip.start + done;
        let (y, x) = (pixel / output_width, pixel % output_width);
        let columns = x..output_width.min(x + strip.len() - done);
        for block in 0..blocks(conv.in_channels) {
            for tap in 0..kernel * kernel {
                // SAFETY: the scratch memory has a plane for each tap of each block, and the columns are part of the strip.
                unsafe {
                    let to = (block * kernel * kernel + tap) * plane(STRIP) + done * BLOCK;
                    row::<V>(conv, block, tap, y, columns.clone(), conv.scratch.add(to));
                }
            }
        }
        done += columns.len();
    }
}

/// Writes what one tap meets at the output pixels `columns` of row `y`.
///
/// # Safety
/// See [`convolution`]; `to` has room for those pixels.
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
    // The columns whose input is inside of the picture.
    let inside = match (y * stride + ky).checked_sub(above) {
        Some(row) if row < height => {
            let first = left.saturating_sub(kx).div_ceil(stride);
            let end = (width + left).saturating_sub(kx).div_ceil(stride);
            first.clamp(columns.start, columns.end)..end.clamp(columns.start, columns.end)
        }
        _ => columns.end..columns.end,
    };
    let inside = inside.start..inside.end.max(inside.start);
    // SAFETY: `to` has room for the columns, and an input inside of the picture is valid.
    unsafe {
        let mut zeros = |count: usize| {
            for _ in 0..count {
                V::splat(0.0).store(to);
                V::splat(0.0).store(to.add(LANES));
                to = to.add(BLOCK);
            }
        };
        zeros(inside.start - columns.start);
        if !inside.is_empty() {
            let first = (y * stride + ky - above) * width + inside.start * stride + kx - left;
            let mut from = conv.input.add(block * conv.input_plane + first * BLOCK);
            for _ in inside.clone() {
                V::load(from).store(to);
                V::load(from.add(LANES)).store(to.add(LANES));
                from = from.add(stride * BLOCK);
                to = to.add(BLOCK);
            }
        }
        for _ in inside.end..columns.end {
            V::splat(0.0).store(to);
            V::splat(0.0).store(to.add(LANES));
            to = to.add(BLOCK);
        }
    }
}
