//! The 1x1 convolution, with the residual where there is one.

use super::{Description, Operation};
use crate::kernels::{layout, pointwise};
use crate::plan::grid::{Grid, Part, SHARED_PIXELS};
use crate::plan::packed::Packed;
use crate::plan::tensor::{Extent, Memory, Tensor};
use crate::simd::F32x4;
use std::sync::Arc;

/// Inputs of the pointwise kernel that it goes over again for each 8 output channels, in bytes: they
/// stay in a second-level cache of 256 KiB.
const CACHED_INPUT: usize = 192 << 10;

/// Cut every 30 pixels: a multiple of both tile sizes and of a cache line.
const STRIP: usize = 30;

/// A 1x1 convolution.
#[derive(Debug)]
pub struct Pointwise {
    pub packed: Arc<Packed>,
    /// Of the input.
    pub extent: Extent,
    pub input: Tensor,
    pub output: Tensor,
    /// Adds to what the output holds, in place of replacing it.
    pub accumulate: bool,
}

/// The kernel for `pixels` pixels.
pub(super) fn kernel(
    packed: &Packed,
    pixels: usize,
    input: *const f32,
    output: *mut f32,
) -> pointwise::Pointwise {
    pointwise::Pointwise {
        input,
        input_plane: layout::plane(pixels),
        in_channels: packed.conv.in_channels,
        weights: packed.as_ptr(),
        panels: layout::blocks(packed.conv.out_channels),
        output,
        output_plane: layout::plane(pixels),
        finish: packed.finish,
        accumulate: false,
    }
}

impl Operation for Pointwise {
    fn tensors(&self) -> Vec<Tensor> {
        vec![self.input, self.output]
    }

    fn describe(&self) -> Description {
        Description::by_pixel(&self.packed.conv, self.extent)
    }

    fn grid(&self, threads: usize) -> Grid {
        let pixels = self.extent.pixels();
        let blocks = layout::blocks(self.packed.conv.out_channels);
        let work = self.packed.conv.macs(pixels);
        Grid::new(threads, work, if pixels < SHARED_PIXELS { blocks } else { 1 }, pixels / STRIP)
    }

    unsafe fn run<V: F32x4>(&self, memory: Memory<'_>, part: Part, _thread: usize) {
        let pixels = self.extent.pixels();
        let strip = (CACHED_INPUT / size_of::<f32>() / self.extent.channels / STRIP).max(1) * STRIP;
        // SAFETY: both tensors have the extent's pixels, and the layer's channels.
        unsafe {
            let (input, output) = (memory.at(self.input), memory.at(self.output));
            let conv = pointwise::Pointwise {
                accumulate: self.accumulate,
                ..kernel(&self.packed, pixels, input, output)
            };
            let panels = part.blocks(conv.panels);
            let mut rest = part.span(pixels, STRIP);
            while !rest.is_empty() {
                let end = rest.end.min(rest.start + strip);
                pointwise::pointwise::<V>(&conv, panels.clone(), rest.start..end);
                rest.start = end;
            }
        }
    }
}
