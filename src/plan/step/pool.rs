//! The mean over all pixels.

use super::{Description, Operation};
use crate::kernels::{layout, pool};
use crate::plan::grid::{Grid, Part};
use crate::plan::tensor::{Extent, Memory, Tensor};
use crate::simd::F32x4;

/// Global average pooling, or the squeeze of squeeze-and-excite.
#[derive(Debug)]
pub struct Pool {
    /// Shape of the map that is averaged.
    pub extent: Extent,
    /// The map, or the sums of its rows.
    pub input: Tensor,
    /// Values per channel of the input.
    pub values: usize,
    pub output: Tensor,
}

impl Operation for Pool {
    fn tensors(&self) -> Vec<Tensor> {
        vec![self.input, self.output]
    }

    fn describe(&self) -> Description {
        Description::plain(self.extent, Extent::vector(self.extent.channels))
    }

    fn grid(&self, threads: usize) -> Grid {
        let channels = self.extent.channels;
        Grid::new(threads, (self.values * channels) as u64, layout::blocks(channels), 1)
    }

    unsafe fn run<V: F32x4>(&self, memory: Memory<'_>, part: Part, _thread: usize) {
        // SAFETY: per channel, the input has `values` values and the output has one.
        unsafe {
            let step = pool::Pool {
                input: memory.at(self.input),
                input_plane: layout::plane(self.values),
                pixels: self.values,
                factor: 1.0 / self.extent.pixels() as f32,
                output: memory.at(self.output),
            };
            pool::pool::<V>(&step, part.blocks(layout::blocks(self.extent.channels)));
        }
    }
}
