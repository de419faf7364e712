//! The execution plan: a network as a list of fused steps over one piece of memory.
//!
//! A step is a convolution with its bias, activation and residual, or one of the few things that cannot
//! be fused into one: pooling, and the scaling of squeeze-and-excite. All sizes and offsets are settled
//! when the plan is built, so that running it allocates nothing and checks nothing but its input.

mod arena;
mod build;
mod step;

use crate::arch::Network;
use crate::buffer::Buffer;
use crate::error::Error;
use crate::kernels::stem;
use crate::simd::F32x4;
use crate::weights::WeightSource;
use step::{Memory, Step};

/// A network that is ready to run.
#[derive(Debug)]
pub struct Plan {
    steps: Vec<Step>,
    arena: Buffer,
    /// A row of zeros, for the depthwise kernels at the upper and lower border.
    zeros: Buffer,
    resolution: usize,
    input: usize,
    logits: usize,
    classes: usize,
    weight_bytes: usize,
}

impl Plan {
    /// Packs the weights of `network` and plans its memory.
    ///
    /// # Errors
    /// Whatever `weights` reports, and [`Error::WeightLength`] if it gives tensors of the wrong length.
    pub fn new(network: &Network, weights: &mut dyn WeightSource) -> Result<Self, Error> {
        build::build(network, weights)
    }

    /// Runs the network on `input`, `[y][x][rgb]`, normalised; gives the logits.
    ///
    /// # Errors
    /// [`Error::InputLength`].
    pub fn run<V: F32x4>(&mut self, input: &[f32]) -> Result<&[f32], Error> {
        let expected = self.resolution * self.resolution * stem::RGB;
        if input.len() != expected {
            return Err(Error::InputLength { expected, got: input.len() });
        }
        let width = self.resolution * stem::RGB;
        let row_stride = stem::row(self.resolution);
        let picture = self.picture();
        for (row, pixels) in input.chunks_exact(width).enumerate() {
            picture[row * row_stride..][..width].copy_from_slice(pixels);
        }
        Ok(self.run_picture::<V>())
    }

    /// Where the picture goes, from its first pixel on; rows are [`stem::row`] values apart. Every pixel
    /// is to be written, since other tensors of the network have used the memory; the border is cleared
    /// here.
    pub fn picture(&mut self) -> &mut [f32] {
        let row = stem::row(self.resolution);
        let bordered = (self.resolution + 2 * stem::BORDER) * row;
        let memory = &mut self.arena[self.input..][..bordered];
        let (before, picture) = memory.split_at_mut(stem::BORDER * (row + stem::RGB));
        before.fill(0.0);
        let (rows, below) = picture.split_at_mut(self.resolution * row);
        below.fill(0.0);
        for row in rows.chunks_exact_mut(row) {
            row[self.resolution * stem::RGB..].fill(0.0);
        }
        picture
    }

    /// Runs the network on what was written to [`Plan::picture`] since it was last called; gives the
    /// logits.
    pub fn run_picture<V: F32x4>(&mut self) -> &[f32] {
        let memory = Memory::new(&mut self.arena, &self.zeros);
        for step in &self.steps {
            // SAFETY: the builder made the steps for this arena and these zeros, and nobody else has
            // either meanwhile.
            unsafe { step.run::<V>(memory) }
        }
        &self.arena[self.logits..][..self.classes]
    }

    /// Bytes of the packed weights.
    #[must_use]
    pub fn weight_bytes(&self) -> usize {
        self.weight_bytes
    }

    /// Bytes of the activations, the input among them.
    #[must_use]
    pub fn activation_bytes(&self) -> usize {
        self.arena.bytes() + self.zeros.bytes()
    }
}
