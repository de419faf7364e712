//! A block's expansion and depthwise convolution, fused: the expansion writes the channels of one tile at a time to the
//! thread's scratch memory, where they stay in the cache, and the depthwise convolution reads them. The whole expanded
//! tensor never exists.

use super::pointwise::Kernel;
use super::{Description, Input, Operation, depthwise};
use crate::kernels::{self, TileShape, Window, layout};
use crate::plan::grid::{Grid, Part};
use crate::plan::packed::Packed;
use crate::plan::tensor::{Extent, Memory, Tensor};
use crate::simd::F32x4;
use std::sync::Arc;

/// A 1x1 expansion and the depthwise convolution after it.
#[derive(Debug)]
pub struct ExpandDepthwise {
    pub expand: Arc<Packed>,
    pub depthwise: Arc<Packed>,
    /// The position of the depthwise filter.
    pub window: Window,
    pub input: Input,
    pub output: Tensor,
    /// Receives the sum of each output row, for squeeze-and-excite.
    pub row_sums: Option<Tensor>,
}

impl Operation for ExpandDepthwise {
    fn tensors(&self) -> Vec<Tensor> {
        self.input.tensors().into_iter().chain([self.output]).chain(self.row_sums).collect()
    }

    fn describe(&self) -> Description {
        let depthwise = Description::convolution(&self.depthwise.conv, &self.window);
        let input = Extent { channels: self.expand.conv.in_channels, ..depthwise.input };
        let expand = Description::by_pixel(&self.expand.conv, input);
        Description { input, macs: expand.macs + depthwise.macs, ..depthwise }
    }

    fn scratch(&self, shape: TileShape) -> usize {
        shape.panels() * layout::plane(self.window.pixels())
    }

    fn grid(&self, threads: usize) -> Grid {
        let work = self.expand.conv.macs(self.window.pixels())
            + depthwise::work(&self.depthwise, &self.window);
        Grid::new(threads, work, layout::blocks(self.depthwise.conv.out_channels), 1)
    }

    unsafe fn run<V: F32x4>(&self, memory: Memory<'_>, part: Part, thread: usize) {
        let pixels = self.window.pixels();
        // SAFETY: the input has the window's input pixels, the other tensors have room for its outputs and a sum for
        // each output row, and the thread's scratch memory has room for a tile's blocks of the window's inputs.
        unsafe {
            let scratch = memory.scratch(thread);
            let row_sums = self.row_sums.map(|tensor| memory.at(tensor));
            let output = memory.at(self.output);
            let plane = layout::plane(pixels);
            let expand =
                Kernel::new::<V>(&self.expand, pixels, memory, self.input, scratch, plane, false);
            let depthwise = depthwise::kernel(
                &self.depthwise,
                self.window,
                scratch,
                output,
                row_sums,
                memory.shape,
            );
            let shape = self.input.shape(memory);
            let mut blocks = part.panels(layout::blocks(self.expand.conv.out_channels), shape);
            while !blocks.is_empty() {
                let tile = blocks.start..blocks.end.min(blocks.start + shape.panels());
                expand.beginning_at(tile.start).run::<V>(tile.clone(), 0..pixels);
                for (place, block) in tile.clone().enumerate() {
                    let input = scratch.add(place * plane);
                    let depthwise =
                        kernels::depthwise::Depthwise { input, input_plane: 0, ..depthwise };
                    let rows = 0..self.window.output_height;
                    kernels::depthwise::depthwise::<V>(&depthwise, block, rows);
                }
                blocks.start = tile.end;
            }
        }
    }
}
