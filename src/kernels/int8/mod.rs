//! The pointwise convolution on 8 bits. Weights are signed and have 8 bits and a scale for each output channel. Inputs
//! have 7 bits and a scale and an offset for each pixel, which [`quantise`] computes from the pixel's values at run
//! time (dynamic quantisation).
//!
//! The sums are integers, so their order doesn't matter. The result is computed in `f32`. With the bytes `q` of a pixel
//! of scale `s` and least value `l`, and the bytes `w` of an output channel of scale `t`, it is
//!
//! ```text
//! sum of (s q + l) (t w) + bias = s t (sum of q w) + l (t sum of w) + bias
//! ```
//!
//! The inputs have 7 bits, so that every engine computes the same sums: WebAssembly's relaxed dot product lets the
//! engine decide how to interpret an eighth bit. Bytes lie in memory as floats do ([`super::layout`]), in blocks of 8
//! channels, but within a block in another order: see [`place`]. A panel is
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

/// The largest quantised weight. The least is its negative.
pub const WEIGHTS: f32 = 127.0;

/// The largest quantised input. The least is 0.
pub const INPUTS: f32 = 127.0;

/// Adjacent inputs that one lane of a dot product sums.
pub const GROUP: usize = 4;

/// Bytes of a panel before its weights: two cache lines.
pub const HEAD: usize = 128;

/// Offset of a panel's ones in bytes. The dot product of pairs needs them as an operand.
pub const ONES: usize = 3 * BLOCK * size_of::<f32>();

/// Bytes in a cache line.
const LINE: usize = 64;

/// Values that scale the bytes of a pixel: `[scale, least]`.
pub const RANGE: usize = 2;

/// The place of a channel's byte among those of its pixel and block: of the channels 0 to 7 the places are 0, 2, 4, 6, 1,
/// 3, 5, 7, as [`ByteDot::store_bytes`] stores a block's halves.
#[must_use]
pub const fn place(channel: usize) -> usize {
    let channel = channel % BLOCK;
    channel % LANES * 2 + channel / LANES
}

/// Bytes from one packed panel of 8 output channels to the next.
#[must_use]
pub const fn panel(in_channels: usize) -> usize {
    HEAD + blocks(in_channels) * BLOCK * BLOCK
}

/// Bytes from one block of `pixels` quantised pixels to the next. An odd number of cache lines, for the reason of
/// [`super::layout::plane`]; the rounding also leaves room for an even number of pixels.
#[must_use]
pub const fn plane(pixels: usize) -> usize {
    ((pixels * BLOCK).div_ceil(LINE) | 1) * LINE
}

/// The instructions that multiply the bytes. Both give the same sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Products {
    /// [`F32x4::PairDots`].
    Pairs,
    /// [`F32x4::Dots`].
    Dots,
}

impl Products {
    /// Finds the faster kind for the processor. On a processor without a dot product, an engine emulates
    /// [`F32x4::Dots`] with instructions for pairs. Those saturate for inputs of 8 bits, and the wrong sum reveals
    /// them.
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

/// The arguments of [`pointwise`].
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
    /// The instructions to use.
    pub products: Products,
}

/// Computes the output panels `panels` at the pixels `pixels`.
///
/// # Safety
/// The pointers are valid for those panels and pixels, and nothing else accesses that output meanwhile.
///
/// # Panics
/// If the activation is hard-sigmoid.
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
                output: conv.output.wrapping_add(index * conv.output_plane + pixels.start * BLOCK),
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
