//! A matrix times a vector.

use super::{Description, Operation};
use crate::kernels::{dense, layout};
use crate::plan::grid::{Grid, Part};
use crate::plan::packed::{Format, Packed};
use crate::plan::tensor::{Extent, Memory, Tensor};
use crate::simd::F32x4;
use std::sync::Arc;

/// A dense layer.
#[derive(Debug)]
pub struct Dense {
    pub packed: Arc<Packed>,
    pub input: Tensor,
    pub output: Tensor,
}

impl Operation for Dense {
    fn tensors(&self) -> Vec<Tensor> {
        vec![self.input, self.output]
    }

    fn describe(&self) -> Description {
        let conv = &self.packed.conv;
        Description::by_pixel(conv, Extent::vector(conv.in_channels))
    }

    fn grid(&self, threads: usize) -> Grid {
        let conv = &self.packed.conv;
        Grid::new(threads, conv.macs(1), layout::blocks(conv.out_channels), 1)
    }

    unsafe fn run<V: F32x4>(&self, memory: Memory<'_>, part: Part, _thread: usize) {
        let conv = &self.packed.conv;
        // SAFETY: the tensors are vectors of the layer's input and output channels.
        unsafe {
            let layer = dense::Dense {
                input: memory.at(self.input),
                in_channels: conv.in_channels,
                weights: self.packed.as_ptr(),
                words: self.packed.format == Format::Words,
                output: memory.at(self.output),
                finish: self.packed.finish,
            };
            dense::dense::<V>(&layer, part.blocks(layout::blocks(conv.out_channels)));
        }
    }
}
