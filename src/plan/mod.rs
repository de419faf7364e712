//! The execution plan: a network as a list of fused steps over one piece of memory.
//!
//! A step is a convolution with its bias, activation and residual, or one of the few things that cannot
//! be fused into one: pooling, and the scaling of squeeze-and-excite. All sizes and offsets are settled
//! when the plan is built, so that running it allocates nothing and checks nothing but its input.

mod arena;
mod barrier;
mod build;
mod step;
mod team;

use crate::arch::Network;
use crate::buffer::Buffer;
use crate::error::Error;
use crate::kernels::stem;
use crate::simd::F32x4;
use crate::weights::WeightSource;
use step::{Memory, Step};
use team::Team;

/// The most threads that a plan takes: beyond the cores of any device the barrier only costs time.
pub const MAX_THREADS: usize = 64;

/// A network that is ready to run.
#[derive(Debug)]
pub struct Plan {
    steps: Vec<Step>,
    team: Team,
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

    /// Where the picture goes, from its first pixel on; rows are [`stem::row`] values apart. Whatever
    /// stood in the memory is cleared, since other tensors of the network have used it.
    pub fn picture(&mut self) -> &mut [f32] {
        let row = stem::row(self.resolution);
        let bordered = (self.resolution + 2 * stem::BORDER) * row;
        let memory = &mut self.arena[self.input..][..bordered];
        memory.fill(0.0);
        &mut memory[stem::BORDER * (row + stem::RGB)..]
    }

    /// Runs the network on what was written to [`Plan::picture`] since it was last called; gives the
    /// logits.
    pub fn run_picture<V: F32x4>(&mut self) -> &[f32] {
        let memory = Memory::new(&mut self.arena, &self.zeros);
        let steps = &self.steps;
        let threads = self.team.threads();
        let parts = |step: usize| steps[step].parts(threads);
        let run = |step: usize, part| {
            // SAFETY: the builder made the steps for this arena and these zeros, and nobody else has
            // either meanwhile; the team runs each part once, and no step before its predecessor is done.
            unsafe { steps[step].run::<V>(memory, part, threads) }
        };
        self.team.walk(parts, run, |_| ());
        &self.arena[self.logits..][..self.classes]
    }

    /// How many threads run the plan.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.team.threads()
    }

    /// Has `threads` threads run the plan from now on, the calling one among them. The logits are the
    /// same bits for every number.
    ///
    /// # Errors
    /// [`Error::Threads`] for none or more than [`MAX_THREADS`], and when the system refuses; the plan
    /// then keeps those it has.
    #[cfg(feature = "threads")]
    pub fn set_threads(&mut self, threads: usize) -> Result<(), Error> {
        if !(1..=MAX_THREADS).contains(&threads) {
            let reason = format!("from 1 to {MAX_THREADS} are possible");
            return Err(Error::Threads { threads, reason });
        }
        self.team = Team::new(self.steps.len(), threads)?;
        Ok(())
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
