//! The full convolution over all channels.

use super::{Description, Operation};
use crate::kernels::{TileShape, Window, convolution, layout};
use crate::plan::grid::{Grid, Part, SHARED_PIXELS};
use crate::plan::packed::Packed;
use crate::plan::tensor::{Memory, Tensor};
use crate::simd::F32x4;
use std::sync::Arc;

/// A 3x3 convolution.
#[derive(Debug)]
pub struct Convolution {
    pub packed: Arc<Packed>,
    pub window: Window,
    pub input: Tensor,
    pub output: Tensor,
}

impl Operation for Convolution {
    fn tensors(&self) -> Vec<Tensor> {
        vec![self.input, self.output]
    }

    fn describe(&self) -> Description {
        Description::convolution(&self.packed.conv, &self.window)
    }

    fn scratch(&self, _shape: TileShape) -> usize {
        convolution::scratch(self.packed.conv.in_channels, self.window.kernel)
    }

    fn grid(&self, threads: usize) -> Grid {
        let pixels = self.window.output_pixels();
        let blocks = layout::blocks(self.packed.conv.out_channels);
        let work = self.packed.conv.macs(pixels);
        let blocks = if pixels < SHARED_PIXELS { blocks } else { 1 };
        Grid::new(threads, work, blocks, pixels / convolution::STRIP)
    }

    unsafe fn run<V: F32x4>(&self, memory: Memory<'_>, part: Part, thread: usize) {
        let (conv, window) = (&self.packed.conv, self.window);
        // SAFETY: the tensors have room for the window's inputs and outputs, and the thread's scratch memory has room
        // for a strip of gathered inputs.
        unsafe {
            let conv = convolution::Convolution {
                input: memory.at(self.input),
                input_plane: layout::plane(window.pixels()),
                in_channels: conv.in_channels,
                window,
                weights: self.packed.as_ptr(),
                panels: layout::blocks(conv.out_channels),
                scratch: memory.scratch(thread),
                output: memory.at(self.output),
                output_plane: layout::plane(window.output_pixels()),
                finish: self.packed.finish,
                shape: memory.shape,
            };
            let pixels = part.span(window.output_pixels(), convolution::STRIP);
            convolution::convolution::<V>(&conv, part.panels(conv.panels, conv.shape), pixels);
        }
    }
}
