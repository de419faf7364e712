//! The pointwise (1x1) convolution, and the residual if there is one.

use super::{Bytes, Description, Operation};
use crate::kernels::int8::{self, Products};
use crate::kernels::{TileShape, layout, pointwise};
use crate::plan::grid::{Grid, Part, SHARED_PIXELS};
use crate::plan::packed::Packed;
use crate::plan::tensor::{Extent, Memory, Tensor};
use crate::simd::F32x4;
use std::ops::Range;
use std::sync::Arc;

/// Bytes of input per kernel call. The kernel reads them again for every 8 output channels, so they must stay in a
/// second-level cache of 256 KiB.
const CACHED_INPUT: usize = 192 << 10;

/// Parts begin at multiples of 30 pixels: a multiple of both tile sizes and, with 8 channels, of a cache line.
const STRIP: usize = 30;

/// The input of a pointwise convolution.
#[derive(Clone, Copy, Debug)]
pub enum Input {
    Floats(Tensor),
    Bytes(Bytes),
}

impl Input {
    /// The tensors that hold it.
    pub fn tensors(self) -> Vec<Tensor> {
        match self {
            Self::Floats(tensor) => vec![tensor],
            Self::Bytes(Bytes { bytes, ranges }) => vec![bytes, ranges],
        }
    }

    /// The shape of the tiles of a convolution with this input. Those of bytes are narrow.
    pub(super) fn shape(self, memory: Memory<'_>) -> TileShape {
        match self {
            Self::Floats(_) => memory.shape,
            Self::Bytes(_) => TileShape::Narrow,
        }
    }

    /// Bytes per value.
    fn size(self) -> usize {
        match self {
            Self::Floats(_) => size_of::<f32>(),
            Self::Bytes(_) => size_of::<u8>(),
        }
    }
}

/// A 1x1 convolution.
#[derive(Debug)]
pub struct Pointwise {
    pub packed: Arc<Packed>,
    /// Shape of the input.
    pub extent: Extent,
    pub input: Input,
    pub output: Tensor,
    /// Whether to add to the values in the output instead of replacing them.
    pub accumulate: bool,
}

/// The kernel's arguments.
pub(super) enum Kernel {
    Floats(pointwise::Pointwise),
    Bytes(int8::Pointwise),
}

impl Kernel {
    /// The arguments for `pixels` pixels; the blocks of `output` are `output_plane` values apart.
    ///
    /// # Safety
    /// The tensors of `input` belong to the plan of `memory`.
    pub unsafe fn new<V: F32x4>(
        packed: &Packed,
        pixels: usize,
        memory: Memory<'_>,
        input: Input,
        output: *mut f32,
        output_plane: usize,
        accumulate: bool,
    ) -> Self {
        let in_channels = packed.conv.in_channels;
        let panels = layout::blocks(packed.conv.out_channels);
        let finish = packed.finish;
        // SAFETY: the tensors of `input` belong to the plan of `memory`, as the caller promises.
        unsafe {
            match input {
                Input::Floats(input) => Self::Floats(pointwise::Pointwise {
                    input: memory.at(input),
                    input_plane: layout::plane(pixels),
                    in_channels,
                    weights: packed.as_ptr(),
                    panels,
                    output,
                    output_plane,
                    finish,
                    accumulate,
                    shape: memory.shape,
                }),
                Input::Bytes(Bytes { bytes, ranges }) => Self::Bytes(int8::Pointwise {
                    input: memory.at(bytes).cast(),
                    input_plane: int8::plane(pixels),
                    ranges: memory.at(ranges),
                    in_channels,
                    weights: packed.as_ptr().cast(),
                    panels,
                    output,
                    output_plane,
                    finish,
                    accumulate,
                    products: Products::suited::<V>(),
                }),
            }
        }
    }

    /// The same, with the output of the panel `panel` where that of the first one was.
    pub fn beginning_at(&self, panel: usize) -> Self {
        match *self {
            Self::Floats(conv) => Self::Floats(pointwise::Pointwise {
                output: conv.output.wrapping_sub(panel * conv.output_plane),
                ..conv
            }),
            Self::Bytes(conv) => Self::Bytes(int8::Pointwise {
                output: conv.output.wrapping_sub(panel * conv.output_plane),
                ..conv
            }),
        }
    }

    /// # Safety
    /// The pointers of the arguments are valid for these panels and pixels, and nothing else accesses their outputs
    /// meanwhile.
    pub unsafe fn run<V: F32x4>(&self, panels: Range<usize>, pixels: Range<usize>) {
        // SAFETY: the caller promises that the pointers are valid and that nothing else accesses these outputs.
        unsafe {
            match self {
                Self::Floats(conv) => pointwise::pointwise::<V>(conv, panels, pixels),
                Self::Bytes(conv) => int8::pointwise::<V>(conv, panels, pixels),
            }
        }
    }
}

impl Operation for Pointwise {
    fn tensors(&self) -> Vec<Tensor> {
        self.input.tensors().into_iter().chain([self.output]).collect()
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
        let strip =
            (CACHED_INPUT / self.input.size() / self.extent.channels / STRIP).max(1) * STRIP;
        // SAFETY: input and output have the extent's pixels and the layer's channels.
        unsafe {
            let output = memory.at(self.output);
            let plane = layout::plane(pixels);
            let kernel = Kernel::new::<V>(
                &self.packed,
                pixels,
                memory,
                self.input,
                output,
                plane,
                self.accumulate,
            );
            let panels = layout::blocks(self.packed.conv.out_channels);
            let panels = part.panels(panels, self.input.shape(memory));
            let mut rest = part.span(pixels, STRIP);
            while !rest.is_empty() {
                let end = rest.end.min(rest.start + strip);
                kernel.run::<V>(panels.clone(), rest.start..end);
                rest.start = end;
            }
        }
    }
}
