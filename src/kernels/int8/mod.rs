//! The 1x1 convolution on 8 bits: signed weights of 8 bits, with a scale for each output channel, and inputs of 7 bits,
//! with a scale and an offset for each pixel, taken from its values as it is run ([`quantise`]).
//!
//! The sums are whole numbers, exact in any order. What they stand for is computed in `f32`: with the bytes `q` of a
//! pixel of scale `s` and least value `l`, and the bytes `w` of an output channel of scale `t`,
//!
//! ```text
//! sum of (s q + l) (t w) + bias = s t (sum of q w) + l (t sum of w) + bias
//! ```
//!
//! The inputs have 7 bits since then every engine gives the same sums: what WebAssembly's dot product makes of an eighth
//! is left to the engine. Bytes lie as floats do ([`super::layout`]), in blocks of 8 channels, and a panel is
//! `{scale[8]; scaled sum of weights[8]; bias[8]; ones; weight[in / 4][8][4]}`.

mod quantise;
mod tile;

pub use quantise::{Quantise, quantise};

use super::epilogue::{Accumulate, Finish, with_epilogue};
use super::layout::{BLOCK, blocks};
use crate::simd::{ByteDot, F32x4, LANES};
use std::hint::black_box;
use std::ops::Range;
use tile::Tiles;

/// The largest weight. The least is its negative.
pub const WEIGHTS: f32 = 127.0;

/// The largest input.
pub const INPUTS: f32 = 127.0;

/// Inputs that one product with a lane of weights takes.
pub const GROUP: usize = 4;

/// Bytes of a panel before its weights: two cache lines.
pub const HEAD: usize = 128;

/// Where a panel has its ones.
pub const ONES: usize = 3 * BLOCK * size_of::<f32>();

/// Bytes in a cache line.
const LINE: usize = 64;

/// What scales the bytes of a pixel, `[scale, least]`.
pub const RANGE: usize = 2;

/// Bytes from one packed panel of 8 output channels to the next.
#[must_use]
pub const fn panel(in_channels: usize) -> usize {
    HEAD + blocks(in_channels) * BLOCK * BLOCK
}

/// Bytes from one block of `pixels` quantised pixels to the next: an odd number of cache lines, and so room for an even
/// number of pixels.
#[must_use]
pub const fn plane(pixels: usize) -> usize {
    ((pixels * BLOCK).div_ceil(LINE) | 1) * LINE
}

/// How bytes are multiplied. The sums are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Products {
    /// [`F32x4::PairDots`].
    Pairs,
    /// [`F32x4::Dots`].
    Dots,
}

impl Products {
    /// What suits the processor. An engine makes [`F32x4::Dots`] of instructions for pairs where the processor has no dot
    /// product, and then sums of pairs saturate that it promises nothing about.
    pub fn suited<V: F32x4>() -> Self {
        let (bytes, mut sums) = (black_box([[255u8; 16], [127; 16], [0; 16]]), [0.0; LANES]);
        // SAFETY: every array has 16 bytes.
        unsafe {
            let [inputs, weights, ones] =
                bytes.each_ref().map(|bytes| <V::Dots as ByteDot>::load(bytes.as_ptr()));
            V::Dots::zero().dot(weights, inputs, ones).to_floats().store(sums.as_mut_ptr());
        }
        let exact = [255.0, -1.0].map(|input| GROUP as f32 * 127.0 * input);
        if exact.contains(&sums[0]) { Self::Dots } else { Self::Pairs }
    }
}

/// A 1x1 convolution with its memory.
#[derive(Clone, Copy, Debug)]
pub struct Pointwise {
    /// Quantised input in blocks.
    pub input: *const u8,
    /// Bytes from one block of the input to the next.
    pub input_plane: usize,
    /// [`RANGE`] values for each pixel.
    pub ranges: *const f32,
    /// Input channels.
    pub in_channels: usize,
    /// Packed panels: see [`super::pack::int8`].
    pub weights: *const u8,
    /// How many panels there are in all.
    pub panels: usize,
    /// Output in blocks.
    pub output: *mut f32,
    /// Values from one block of the output to the next.
    pub output_plane: usize,
    /// What is applied to the sums.
    pub finish: Finish,
    /// Adds the sums to what the output holds, with no activation.
    pub accumulate: bool,
    /// The kernel.
    pub products: Products,
}

/// Computes the output panels `panels` at the pixels `pixels`.
///
/// # Safety
/// The pointers are valid for those panels and pixels, and nothing else touches that output meanwhile.
///
/// # Panics
/// With the activation hard-sigmoid.
pub unsafe fn pointwise<V: F32x4>(conv: &Pointwise, panels: Range<usize>, pixels: Range<usize>) {
    for index in panels {
        let next = (index + 1) % conv.panels;
        // SAFETY: the pointers are valid for this panel and these pixels, and the next panel is one of `conv.panels`.
        unsafe {
            let tiles = Tiles {
                input: conv.input.add(pixels.start * BLOCK),
                input_plane: conv.input_plane,
                groups: blocks(conv.in_channels) * BLOCK / GROUP,
                ranges: conv.ranges.add(pixels.start * RANGE),
                panel: conv.weights.add(index * panel(conv.in_channels)),
                next_panel: conv.weights.add(next * panel(conv.in_channels)),
                output: conv.output.add(index * conv.output_plane + pixels.start * BLOCK),
                constants: conv.finish.constants(),
            };
            let count = pixels.len();
            if conv.accumulate {
                tile::pixels::<V, Accumulate>(tiles, count, conv.products);
            } else {
                with_epilogue!(convolution, conv.finish, E => {
                    tile::pixels::<V, E>(tiles, count, conv.products);
                });
            }
        }
    }
}
