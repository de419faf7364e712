//! The depthwise convolution.

use super::{Description, Operation};
use crate::kernels::{TileShape, Window, depthwise, layout};
use crate::plan::grid::{Grid, Part, SHARED_PIXELS};
use crate::plan::packed::Packed;
use crate::plan::tensor::{Memory, Tensor};
use crate::simd::F32x4;
use std::ptr;
use std::sync::Arc;

/// A depthwise convolution.
#[derive(Debug)]
pub struct Depthwise {
    pub packed: Arc<Packed>,
    pub window: Window,
    pub input: Tensor,
    pub output: Tensor,
    /// Receives the sum of each output row, for squeeze-and-excite.
    pub row_sums: Option<Tensor>,
}

/// The kernel's arguments.
pub(super) fn kernel(
    packed: &Packed,
    window: Window,
    input: *const f32,
    output: *mut f32,
    row_sums: Option<*mut f32>,
    shape: TileShape,
) -> depthwise::Depthwise {
    depthwise::Depthwise {
        input,
        input_plane: layout::plane(window.pixels()),
        window,
        weights: packed.as_ptr(),
        output,
        output_plane: layout::plane(window.output_pixels()),
        finish: packed.finish,
        row_sums: row_sums.unwrap_or(ptr::null_mut()),
        row_sums_plane: layout::plane(window.output_height),
        shape,
    }
}

/// Number of multiplications.
pub(super) fn work(packed: &Packed, window: &Window) -> u64 {
    packed.conv.macs(window.output_pixels())
}

impl Operation for Depthwise {
    fn tensors(&self) -> Vec<Tensor> {
        [self.input, self.output].into_iter().chain(self.row_sums).collect()
    }

    fn describe(&self) -> Description {
        Description::convolution(&self.packed.conv, &self.window)
    }

    fn grid(&self, threads: usize) -> Grid {
        let shared_rows = self.window.output_pixels() >= SHARED_PIXELS;
        let blocks = layout::blocks(self.packed.conv.out_channels);
        let blocks = if shared_rows { 1 } else { blocks };
        Grid::new(threads, work(&self.packed, &self.window), blocks, self.window.output_height)
    }

    unsafe fn run<V: F32x4>(&self, memory: Memory<'_>, part: Part, _thread: usize) {
        // SAFETY: the tensors have room for the window's inputs, its outputs, and a sum for each output row.
        unsafe {
            let row_sums = self.row_sums.map(|tensor| memory.at(tensor));
            let (input, output) = (memory.at(self.input), memory.at(self.output));
            let conv = kernel(&self.packed, self.window, input, output, row_sums, memory.shape);
            let rows = part.span(self.window.output_height, 1);
            for block in part.blocks(layout::blocks(self.packed.conv.out_channels)) {
                depthwise::depthwise::<V>(&conv, block, rows.clone());
            }
        }
    }
}
