//! Quantises a map, for a pointwise convolution on 8 bits.

use super::{Description, Operation};
use crate::kernels::int8::{self, RANGE};
use crate::kernels::layout;
use crate::plan::grid::{Grid, Part};
use crate::plan::tensor::{Extent, Memory, Tensor};
use crate::simd::F32x4;

/// Parts begin at multiples of 32 pixels, which start a cache line of the ranges and of each block of bytes.
const STRIP: usize = 32;

/// A quantised map.
#[derive(Clone, Copy, Debug)]
pub struct Bytes {
    /// The bytes: see [`int8`].
    pub bytes: Tensor,
    /// Scale and least value of each pixel.
    pub ranges: Tensor,
}

impl Bytes {
    /// Size of the bytes of a map of this extent, in `f32` values.
    pub fn values(extent: Extent) -> usize {
        layout::blocks(extent.channels) * int8::plane(extent.pixels()) / size_of::<f32>()
    }

    /// Size of its ranges, in `f32` values.
    pub fn ranges(extent: Extent) -> usize {
        extent.pixels() * RANGE
    }
}

/// The quantisation of a map.
#[derive(Debug)]
pub struct Quantise {
    pub extent: Extent,
    pub input: Tensor,
    /// Whether there may be negative values in the input.
    pub signed: bool,
    pub output: Bytes,
}

impl Operation for Quantise {
    fn tensors(&self) -> Vec<Tensor> {
        vec![self.input, self.output.bytes, self.output.ranges]
    }

    fn describe(&self) -> Description {
        Description::plain(self.extent, self.extent)
    }

    fn grid(&self, threads: usize) -> Grid {
        let pixels = self.extent.pixels();
        Grid::new(threads, (pixels * self.extent.channels) as u64, 1, pixels.div_ceil(STRIP))
    }

    unsafe fn run<V: F32x4>(&self, memory: Memory<'_>, part: Part, _thread: usize) {
        let pixels = self.extent.pixels();
        // SAFETY: the tensors have room for the extent's values, bytes and ranges; planes have room for an even number
        // of pixels, and parts begin at even ones.
        unsafe {
            let tensor = int8::Quantise {
                input: memory.at(self.input),
                input_plane: layout::plane(pixels),
                blocks: layout::blocks(self.extent.channels),
                signed: self.signed,
                output: memory.at(self.output.bytes).cast(),
                output_plane: int8::plane(pixels),
                ranges: memory.at(self.output.ranges),
            };
            int8::quantise::<V::PairDots>(&tensor, part.span(pixels, STRIP));
        }
    }
}
