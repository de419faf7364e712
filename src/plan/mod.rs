//! The execution plan: a network as a list of fused steps over one buffer.
//!
//! A step is a convolution with its bias, activation and residual, or an operation that can't be fused into one, such
//! as pooling and the scaling of squeeze-and-excite. Building the plan checks the network and computes all sizes and
//! offsets, so a run allocates nothing and checks only its input.

mod arena;
mod build;
mod grid;
mod inspect;
mod packed;
mod precision;
mod profile;
mod speedups;
mod step;
mod team;
mod tensor;
mod threads;

use crate::arch::Network;
use crate::buffer::Buffer;
use crate::error::Error;
use crate::kernels::{TileShape, stem};
use crate::simd::F32x4;
use crate::weights::WeightSource;
use build::{Keep, Kept, Layers, Weights};
use std::marker::PhantomData;
use step::Step;
use tensor::{Memory, Tensor};

pub use crate::kernels::int8::Products;
pub use inspect::{ActivationMap, Filters, Gates, Inspector, NamedTensor};
pub use precision::Precision;
pub(crate) use precision::{LEAST_WIDTH, gains};
pub use profile::{MAX_RUNS, Profile, StepInfo, StepTime, Time};
pub use speedups::Speedups;
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
    /// Offset of each tensor in the arena, in values.
    offsets: Vec<usize>,
    /// Scratch memory, one plane per thread.
    scratch: Buffer,
    /// Values of one thread's plane.
    scratch_plane: usize,
    shape: TileShape,
    /// The picture with its border.
    picture: Tensor,
    /// The classifier's input.
    features: Tensor,
    logits: Tensor,
}

impl Plan {
    /// Checks `network`, packs its weights and plans its memory.
    ///
    /// # Errors
    /// Those of [`Network::check`] and of `weights`, [`Error::WeightLength`] if `weights` returns a tensor of the wrong
    /// length, and [`Error::OutOfMemory`].
    pub fn new(
        network: &Network,
        weights: &mut dyn WeightSource,
        precision: Precision,
    ) -> Result<Self, Error> {
        build::build(network, Weights::Source(weights, precision), Keep::Logits)
    }

    /// The precision of its pointwise convolutions.
    #[must_use]
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// The architecture.
    #[must_use]
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// Runs the network on `input`, `[y][x][rgb]`, normalised, `resolution` x `resolution`; returns the logits.
    ///
    /// # Errors
    /// [`Error::InputLength`] and [`Error::InputValue`].
    pub fn run<V: F32x4>(&mut self, input: &[f32]) -> Result<&[f32], Error> {
        self.write(input)?;
        Ok(self.run_picture::<V>())
    }

    /// Checks `input` and copies it to [`Plan::picture`].
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

    /// The memory of the picture from its first pixel on; rows are [`stem::row`] values apart. The caller writes every
    /// pixel, because other tensors have used this memory. The border is cleared here.
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

    /// Runs the network on the pixels written to [`Plan::picture`] since its last call; returns the logits.
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

    /// The classifier's input in the last run: the pooled features, or the output of the head if the network has one.
    /// Zeros before the first run.
    #[must_use]
    pub fn features(&self) -> &[f32] {
        self.values(self.features, self.network.classifier.in_channels)
    }

    /// The first `len` values of a tensor.
    fn values(&self, tensor: Tensor, len: usize) -> &[f32] {
        &self.arena[self.offsets[tensor.0]..][..len]
    }

    /// A run, and the threads for it.
    fn walk<V: F32x4>(&mut self) -> (Walk<'_, V>, &Threads) {
        let memory = Memory::new(
            &mut self.arena,
            &self.offsets,
            &mut self.scratch,
            self.scratch_plane,
            self.shape,
        );
        let threads = self.threads.count();
        (Walk { steps: &self.steps, threads, memory, simd: PhantomData }, &self.threads)
    }

    /// The threads that run the plan.
    #[must_use]
    pub fn threads(&self) -> &Threads {
        &self.threads
    }

    /// Makes these threads run the plan. The number of threads doesn't change a bit of the logits.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`]; the plan then keeps its threads.
    pub fn set_threads(&mut self, threads: &Threads) -> Result<(), Error> {
        self.scratch = Buffer::zeros(threads.count() * self.scratch_plane)?;
        self.threads = threads.clone();
        Ok(())
    }

    /// The shape of its register tiles.
    #[must_use]
    pub fn shape(&self) -> TileShape {
        self.shape
    }

    /// Makes it use register tiles of this shape. The shape doesn't change a bit of the logits.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`]; the plan then keeps its shape.
    pub fn set_shape(&mut self, shape: TileShape) -> Result<(), Error> {
        let scratch_plane = scratch_plane(&self.steps, shape);
        self.scratch = Buffer::zeros(self.threads.count() * scratch_plane)?;
        (self.scratch_plane, self.shape) = (scratch_plane, shape);
        Ok(())
    }

    /// Bytes of the packed weights.
    #[must_use]
    pub fn weight_bytes(&self) -> usize {
        self.layers.bytes()
    }

    /// Bytes of the activations, including the input and scratch memory.
    #[must_use]
    pub fn activation_bytes(&self) -> usize {
        self.arena.bytes() + self.scratch.bytes()
    }
}

/// Values of scratch memory that each thread needs for these steps.
fn scratch_plane(steps: &[Step], shape: TileShape) -> usize {
    steps.iter().map(|step| step.scratch(shape)).max().unwrap_or(0)
}

/// Rejects NaN and infinities: ReLU6 would turn them into ordinary numbers, and the logits would look normal. A first
/// loop tests all values, because the compiler vectorises a loop only if it has no early exit; a second one finds the
/// index. In WebAssembly, copying 150528 values and this test took 0.04 ms together, of V3-Small's 1.9 ms.
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

/// One run of the steps with the instruction set `V`.
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
        // SAFETY: the builder made the steps for this memory, which stays borrowed during the run. The team runs each
        // part once, and starts no step before the previous one is done.
        unsafe { self.steps[step].run::<V>(self.memory, part, thread, self.threads) }
    }
}
