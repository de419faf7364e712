//! Multiplies each channel by its gate: the last step of squeeze-and-excite.

use super::{Description, Operation};
use crate::kernels::{layout, scale};
use crate::plan::grid::{Grid, Part};
use crate::plan::tensor::{Extent, Memory, Tensor};
use crate::simd::F32x4;

/// Multiplies a map by its gates.
#[derive(Debug)]
pub struct Scale {
    /// Shape of the map.
    pub extent: Extent,
    pub gates: Tensor,
    pub input: Tensor,
    /// The scaled map. May be the input, to scale in place.
    pub output: Tensor,
}

impl Operation for Scale {
    fn tensors(&self) -> Vec<Tensor> {
        vec![self.gates, self.input, self.output]
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
        // SAFETY: both maps have the extent's shape, and the gates have one value per channel.
        unsafe {
            let step = scale::Scale {
                gates: memory.at(self.gates),
                input: memory.at(self.input),
                output: memory.at(self.output),
                plane: layout::plane(pixels),
                pixels,
            };
            scale::scale::<V>(&step, part.blocks(layout::blocks(self.extent.channels)));
        }
    }
}
