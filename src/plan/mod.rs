//! The execution plan: a network as a list of fused steps over one piece of memory.
//!
//! A step is a convolution with its bias, activation and residual, or one of the few things that cannot
//! be fused into one: pooling, and the scaling of squeeze-and-excite. All sizes and offsets are settled,
//! and the network is checked, when the plan is built, so that running it allocates nothing and checks nothing but its
//! input.

mod arena;
mod build;
mod grid;
mod inspect;
mod packed;
mod precision;
mod profile;
mod step;
mod team;
mod tensor;
mod threads;

use crate::arch::Network;
use crate::buffer::Buffer;
use crate::error::Error;
use crate::kernels::stem;
use crate::simd::F32x4;
use crate::weights::WeightSource;
use build::{Keep, Kept, Layers, Weights};
use std::marker::PhantomData;
use step::Step;
use tensor::{Memory, Tensor};

pub use crate::kernels::int8::Products;
pub use inspect::{ActivationMap, Filters, Gates, Inspector, NamedTensor};
pub use precision::Precision;
pub use profile::{MAX_RUNS, Profile, StepInfo, StepTime, Time};
pub use step::StepKind;
pub use team::MAX_THREADS;
pub(crate) use team::Work;
pub use tensor::Extent;
pub use threads::Threads;

/// A network that is ready to run.
#[derive(Debug)]
pub struct Plan {
    threads: Threads,
    network: Network,
    precision: Precision,
    layers: Layers,
    steps: Vec<Step>,
    /// What each step does.
    infos: Vec<StepInfo>,
    /// The tensors that outlive a run.
    kept: Vec<Kept>,
    arena: Buffer,
    /// Where each tensor begins in the arena.
    offsets: Vec<usize>,
    /// Memory of each thread's own, one after the other.
    scratch: Buffer,
    /// Values of one thread's.
    scratch_plane: usize,
    /// The bordered picture.
    picture: Tensor,
    /// What the classifier takes.
    features: Tensor,
    logits: Tensor,
}

impl Plan {
    /// Checks `network`, packs its weights and plans its memory.
    ///
    /// # Errors
    /// Those of [`Network::check`], whatever `weights` reports, and [`Error::WeightLength`] if it gives tensors of the
    /// wrong length.
    pub fn new(
        network: &Network,
        weights: &mut dyn WeightSource,
        precision: Precision,
    ) -> Result<Self, Error> {
        build::build(network, Weights::Source(weights, precision), Keep::Logits)
    }

    /// What its pointwise convolutions compute with.
    #[must_use]
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// The architecture.
    #[must_use]
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// Runs the network on `input`, `[y][x][rgb]`, normalised; gives the logits.
    ///
    /// # Errors
    /// [`Error::InputLength`] and [`Error::InputValue`].
    pub fn run<V: F32x4>(&mut self, input: &[f32]) -> Result<&[f32], Error> {
        self.write(input)?;
        Ok(self.run_picture::<V>())
    }

    /// Writes `input` to [`Plan::picture`].
    pub(crate) fn write(&mut self, input: &[f32]) -> Result<(), Error> {
        let expected = self.network.resolution * self.network.resolution * stem::RGB;
        if input.len() != expected {
            return Err(Error::InputLength { expected, got: input.len() });
        }
        check_finite(input)?;
        let width = self.network.resolution * stem::RGB;
        let row_stride = stem::row(self.network.resolution);
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
        let resolution = self.network.resolution;
        let row = stem::row(resolution);
        let bordered = (resolution + 2 * stem::BORDER) * row;
        let memory = &mut self.arena[self.offsets[self.picture.0]..][..bordered];
        let (before, picture) = memory.split_at_mut(stem::BORDER * (row + stem::RGB));
        before.fill(0.0);
        let (rows, below) = picture.split_at_mut(resolution * row);
        below.fill(0.0);
        for row in rows.chunks_exact_mut(row) {
            row[resolution * stem::RGB..].fill(0.0);
        }
        picture
    }

    /// Runs the network on what was written to [`Plan::picture`] since it was last called; gives the
    /// logits.
    pub fn run_picture<V: F32x4>(&mut self) -> &[f32] {
        let steps = 0..self.steps.len();
        let (walk, threads) = self.walk::<V>();
        threads.run(&walk, steps);
        self.logits()
    }

    /// The logits of the last run; zeros before the first.
    #[must_use]
    pub fn logits(&self) -> &[f32] {
        self.values(self.logits, self.network.classes())
    }

    /// What the classifier took in the last run: the pooled features, or the head's output in a network that has one.
    /// Zeros before the first.
    #[must_use]
    pub fn features(&self) -> &[f32] {
        self.values(self.features, self.network.classifier.in_channels)
    }

    /// The first `len` values of a tensor.
    fn values(&self, tensor: Tensor, len: usize) -> &[f32] {
        &self.arena[self.offsets[tensor.0]..][..len]
    }

    /// A run, and who runs it.
    fn walk<V: F32x4>(&mut self) -> (Walk<'_, V>, &Threads) {
        let memory =
            Memory::new(&mut self.arena, &self.offsets, &mut self.scratch, self.scratch_plane);
        let threads = self.threads.count();
        (Walk { steps: &self.steps, threads, memory, simd: PhantomData }, &self.threads)
    }

    /// The threads that run the plan.
    #[must_use]
    pub fn threads(&self) -> &Threads {
        &self.threads
    }

    /// Has these threads run the plan from now on. The logits are the same bits for every number of them.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`]; the plan then keeps those it has.
    pub fn set_threads(&mut self, threads: &Threads) -> Result<(), Error> {
        self.scratch = Buffer::zeros(threads.count() * self.scratch_plane)?;
        self.threads = threads.clone();
        Ok(())
    }

    /// Bytes of the packed weights.
    #[must_use]
    pub fn weight_bytes(&self) -> usize {
        self.layers.bytes()
    }

    /// Bytes of the activations, the input among them.
    #[must_use]
    pub fn activation_bytes(&self) -> usize {
        self.arena.bytes() + self.scratch.bytes()
    }
}

/// Looks for NaN and infinities: ReLU6 would make numbers of them, and the logits would look like any others. All values
/// are looked at before the first wrong one is searched for, as the compiler makes vectors of a loop without an exit: in
/// WebAssembly, copying 150528 values and this took 0.04 ms together, of V3-Small's run of 1.9.
fn check_finite(input: &[f32]) -> Result<(), Error> {
    const EXPONENT: u32 = f32::INFINITY.to_bits();
    let is_wrong = |value: f32| value.to_bits() & EXPONENT == EXPONENT;
    if !input.iter().fold(false, |any, &value| any | is_wrong(value)) {
        return Ok(());
    }
    match input.iter().position(|&value| is_wrong(value)) {
        Some(index) => Err(Error::InputValue { index, value: input[index] }),
        None => Ok(()),
    }
}

/// One run of the steps on an instruction set.
struct Walk<'a, V> {
    steps: &'a [Step],
    threads: usize,
    memory: Memory<'a>,
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
