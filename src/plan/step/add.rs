//! The sum of two maps: a residual that is not fused into its projection, as in a plan that keeps every tensor.

use super::{Description, Operation};
use crate::kernels::{add, layout};
use crate::plan::grid::{Grid, Part};
use crate::plan::tensor::{Extent, Memory, Tensor};
use crate::simd::F32x4;

/// Adds two maps.
#[derive(Debug)]
pub struct Add {
    /// Shape of all three maps.
    pub extent: Extent,
    pub inputs: [Tensor; 2],
    pub output: Tensor,
}

impl Operation for Add {
    fn tensors(&self) -> Vec<Tensor> {
        vec![self.inputs[0], self.inputs[1], self.output]
    }

    fn describe(&self) -> Description {
        Description::plain(self.extent, self.extent)
    }

    fn grid(&self, threads: usize) -> Grid {
        let Extent { channels, .. } = self.extent;
        Grid::new(threads, (self.extent.pixels() * channels) as u64, layout::blocks(channels), 1)
    }

    unsafe fn run<V: F32x4>(&self, memory: Memory<'_>, part: Part, _thread: usize) {
        let pixels = self.extent.pixels();
        let [first, second] = self.inputs;
        // SAFETY: all three maps have the extent.
        unsafe {
            let step = add::Add {
                inputs: [memory.at(first).cast_const(), memory.at(second).cast_const()],
                output: memory.at(self.output),
                plane: layout::plane(pixels),
                pixels,
            };
            add::add::<V>(&step, part.blocks(layout::blocks(self.extent.channels)));
        }
    }
}
