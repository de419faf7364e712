//! The full convolution on the picture.

use super::{Description, Operation};
use crate::kernels::{Window, layout, stem};
use crate::plan::grid::{Grid, Part};
use crate::plan::packed::Packed;
use crate::plan::tensor::{Memory, Tensor};
use crate::simd::F32x4;
use std::sync::Arc;

/// The first layer of a network.
#[derive(Debug)]
pub struct Stem {
    pub packed: Arc<Packed>,
    pub window: Window,
    /// The picture with its border, in rows of [`stem::row`] values.
    pub input: Tensor,
    pub output: Tensor,
}

impl Operation for Stem {
    fn tensors(&self) -> Vec<Tensor> {
        vec![self.input, self.output]
    }

    fn describe(&self) -> Description {
        Description::convolution(&self.packed.conv, &self.window)
    }

    fn grid(&self, threads: usize) -> Grid {
        let work = self.packed.conv.macs(self.window.output_pixels());
        Grid::new(threads, work, 1, self.window.output_height)
    }

    unsafe fn run<V: F32x4>(&self, memory: Memory<'_>, part: Part, _thread: usize) {
        let Window { width, output_height, .. } = self.window;
        let row = stem::row(width);
        // SAFETY: the input has room for the picture and its border, the output for the window's outputs.
        unsafe {
            let conv = stem::Stem {
                input: memory.at(self.input).add(stem::BORDER * (row + stem::RGB)),
                input_row: row,
                window: self.window,
                weights: self.packed.as_ptr(),
                output: memory.at(self.output),
                output_plane: layout::plane(self.window.output_pixels()),
                out_channels: self.packed.conv.out_channels,
                finish: self.packed.finish,
                shape: memory.shape,
            };
            stem::stem::<V>(&conv, part.span(output_height, 1));
        }
    }
}
