//! The execution plan: a network as a list of fused steps over one piece of memory.
//!
//! A step is a convolution with its bias, activation and residual, or one of the few things that cannot
//! be fused into one: pooling, and the scaling of squeeze-and-excite. All sizes and offsets are settled
//! when the plan is built, so that running it allocates nothing and checks nothing but its input.

mod arena;
mod build;
mod profile;
mod step;
mod team;

use crate::arch::Network;
use crate::buffer::Buffer;
use crate::error::Error;
use crate::kernels::stem;
use crate::simd::F32x4;
use crate::weights::WeightSource;
use std::marker::PhantomData;
use step::{Memory, Step};
use team::{Team, Work};

pub use profile::{Extent, MAX_RUNS, Profile, StepInfo, StepKind, StepTime, Time};
pub use team::MAX_THREADS;

/// A network that is ready to run.
#[derive(Debug)]
pub struct Plan {
    team: Team,
    steps: Vec<Step>,
    /// What each step does.
    infos: Vec<StepInfo>,
    arena: Buffer,
    /// Memory of each thread's own, one after the other.
    scratch: Buffer,
    /// Values of one thread's.
    scratch_plane: usize,
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
        self.write(input)?;
        Ok(self.run_picture::<V>())
    }

    /// Writes `input` to [`Plan::picture`].
    fn write(&mut self, input: &[f32]) -> Result<(), Error> {
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
        Ok(())
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
        let steps = 0..self.steps.len();
        let (walk, team) = self.walk::<V>();
        team.run(&walk, steps);
        &self.arena[self.logits..][..self.classes]
    }

    /// A run, and who runs it.
    fn walk<V: F32x4>(&mut self) -> (Walk<'_, V>, &mut Team) {
        let memory = Memory::new(&mut self.arena, &mut self.scratch, self.scratch_plane);
        let threads = self.team.threads();
        (Walk { steps: &self.steps, threads, memory, simd: PhantomData }, &mut self.team)
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
    pub fn set_threads(&mut self, threads: usize) -> Result<(), Error> {
        self.team = Team::new(threads)?;
        self.scratch = Buffer::zeros(threads * self.scratch_plane);
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
        self.arena.bytes() + self.scratch.bytes()
    }
}

/// One run of the steps on an instruction set.
struct Walk<'a, V> {
    steps: &'a [Step],
    threads: usize,
    memory: Memory,
    simd: PhantomData<fn() -> V>,
}

impl<V: F32x4> Work for Walk<'_, V> {
    fn parts(&self, step: usize) -> usize {
        self.steps[step].parts(self.threads)
    }

    fn run(&self, step: usize, part: usize, thread: usize) {
        // SAFETY: the builder made the steps for this memory, which is borrowed for as long
        // as the plan runs; the team runs each part once, and no step before the one ahead is done.
        unsafe { self.steps[step].run::<V>(self.memory, part, thread, self.threads) }
    }
}
