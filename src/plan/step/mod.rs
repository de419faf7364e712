//! The steps of a plan, one file each: a kernel, the tensors that it reads and writes, and how threads share it.

mod add;
mod convolution;
mod dense;
mod depthwise;
mod expand_depthwise;
mod pointwise;
mod pool;
mod quantise;
mod scale;
mod stem;

pub use add::Add;
pub use convolution::Convolution;
pub use dense::Dense;
pub use depthwise::Depthwise;
pub use expand_depthwise::ExpandDepthwise;
pub use pointwise::{Input, Pointwise};
pub use pool::Pool;
pub use quantise::{Bytes, Quantise};
pub use scale::Scale;
pub use stem::Stem;

use super::grid::{Grid, Part};
use super::profile::StepInfo;
use super::tensor::{Extent, Memory, Tensor};
use crate::arch::Conv;
use crate::kernels::{TileShape, Window};
use crate::simd::F32x4;
use std::fmt;

/// The operation of a step.
pub trait Operation {
    /// The tensors that it reads and writes.
    fn tensors(&self) -> Vec<Tensor>;

    /// Its shapes and cost, for a profile.
    fn describe(&self) -> Description;

    /// Scratch memory per thread, in values.
    fn scratch(&self, _shape: TileShape) -> usize {
        0
    }

    /// Splits it into parts for `threads` threads.
    fn grid(&self, threads: usize) -> Grid;

    /// Does one part of it on the thread number `thread`.
    ///
    /// # Safety
    /// The step was made for the tensors of `memory`, and the thread has scratch memory there. Meanwhile nobody writes
    /// what the step reads, and nobody else accesses the output of this part or the scratch memory of this thread.
    unsafe fn run<V: F32x4>(&self, memory: Memory<'_>, part: Part, thread: usize);
}

/// What a step reads, writes and computes.
#[derive(Clone, Copy)]
pub struct Description {
    pub input: Extent,
    pub output: Extent,
    /// Side of the filter in pixels; 1 without a filter.
    pub kernel: usize,
    /// Stride in pixels; 1 without a filter.
    pub stride: usize,
    /// Multiply-accumulates.
    pub macs: u64,
}

impl Description {
    /// Describes a convolution that moves over a map.
    fn convolution(conv: &Conv, window: &Window) -> Self {
        let &Window { height, width, output_height, output_width, .. } = window;
        Self {
            input: Extent { height, width, channels: conv.in_channels },
            output: Extent {
                height: output_height,
                width: output_width,
                channels: conv.out_channels,
            },
            kernel: conv.kernel,
            stride: conv.stride,
            macs: conv.macs(window.output_pixels()),
        }
    }

    /// Describes a layer that works on each pixel independently.
    fn by_pixel(conv: &Conv, input: Extent) -> Self {
        let macs = conv.macs(input.pixels());
        Self { macs, ..Self::plain(input, Extent { channels: conv.out_channels, ..input }) }
    }

    /// Describes a step without weights.
    fn plain(input: Extent, output: Extent) -> Self {
        Self { input, output, kernel: 1, stride: 1, macs: 0 }
    }
}

/// Defines [`Step`], an enum that forwards each call to its [`Operation`], and [`StepKind`] with the names of the
/// kinds.
macro_rules! steps {
    ($($(#[$doc:meta])* $operation:ident: $name:literal),* $(,)?) => {
        /// The kernel behind a step.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum StepKind {
            $($(#[$doc])* $operation),*
        }

        impl fmt::Display for StepKind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $(Self::$operation => $name),* })
            }
        }

        /// One step.
        #[derive(Debug)]
        pub enum Step {
            $($operation($operation)),*
        }

        $(impl From<$operation> for Step {
            fn from(operation: $operation) -> Self {
                Self::$operation(operation)
            }
        })*

        impl Step {
            /// See [`Operation::tensors`].
            pub fn tensors(&self) -> Vec<Tensor> {
                match self { $(Self::$operation(operation) => operation.tensors()),* }
            }

            /// Its [`StepInfo`] under the name `name`.
            pub fn info(&self, name: String) -> StepInfo {
                match self {
                    $(Self::$operation(operation) => {
                        StepInfo::new(name, StepKind::$operation, operation.describe())
                    })*
                }
            }

            /// See [`Operation::scratch`].
            pub fn scratch(&self, shape: TileShape) -> usize {
                match self { $(Self::$operation(operation) => operation.scratch(shape)),* }
            }

            /// Number of parts for `threads` threads.
            pub fn parts(&self, threads: usize) -> usize {
                self.grid(threads).parts()
            }

            fn grid(&self, threads: usize) -> Grid {
                match self { $(Self::$operation(operation) => operation.grid(threads)),* }
            }

            /// Does part `part` of the [`Step::parts`] for `threads` threads, on the thread number `thread`.
            ///
            /// # Safety
            /// See [`Operation::run`].
            pub unsafe fn run<V: F32x4>(
                &self,
                memory: Memory<'_>,
                part: usize,
                thread: usize,
                threads: usize,
            ) {
                let part = self.grid(threads).part(part);
                match self {
                    $(Self::$operation(operation) => {
                        // SAFETY: the caller promises that the step belongs to `memory`, and that nothing else
                        // accesses this part's output or this thread's scratch memory.
                        unsafe { operation.run::<V>(memory, part, thread) }
                    })*
                }
            }
        }
    };
}

steps![
    /// The 3x3 convolution on the image.
    Stem: "stem",
    /// A 3x3 convolution over all channels.
    Convolution: "convolution",
    /// A 1x1 convolution, and the residual if there is one.
    Pointwise: "pointwise",
    /// Converts a map to bytes, for a pointwise convolution on 8 bits.
    Quantise: "quantise",
    /// One filter for each channel.
    Depthwise: "depthwise",
    /// A block's expansion and depthwise convolution, fused.
    ExpandDepthwise: "expand-depthwise",
    /// The mean over all pixels.
    Pool: "pool",
    /// A matrix times a vector.
    Dense: "dense",
    /// Multiplies each channel by its gate: the last step of squeeze-and-excite.
    Scale: "scale",
    /// The sum of two maps.
    Add: "add",
];
