//! One step of a plan: which kernel, on what part of the arena.

use crate::arch::{Activation, Conv};
use crate::buffer::Buffer;
use crate::kernels::dense::{self, Dense};
use crate::kernels::depthwise::{self, Depthwise};
use crate::kernels::epilogue::{self, Constants};
use crate::kernels::layout::{blocks, plane};
use crate::kernels::pointwise::{self, Pointwise};
use crate::kernels::pool::{self, Pool};
use crate::kernels::scale::{self, Scale};
use crate::kernels::stem::{self, Stem};
use crate::simd::F32x4;
use std::ptr;

/// Inputs of the pointwise kernel that it goes over again for each 8 output channels, in bytes: they
/// stay in a second-level cache of 256 KiB.
const CACHED_INPUT: usize = 192 << 10;

/// The memory that steps work on.
#[derive(Clone, Copy)]
pub struct Memory {
    arena: *mut f32,
    zeros: *const f32,
}

impl Memory {
    /// The memory behind `arena` and `zeros`.
    pub fn new(arena: &mut Buffer, zeros: &Buffer) -> Self {
        Self { arena: arena.as_mut_ptr(), zeros: zeros.as_ptr() }
    }

    /// # Safety
    /// `offset` lies in the arena.
    unsafe fn at(self, offset: usize) -> *mut f32 {
        // SAFETY: the caller's promise.
        unsafe { self.arena.add(offset) }
    }
}

/// Height and width in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Height.
    pub height: usize,
    /// Width.
    pub width: usize,
}

impl Size {
    /// Pixels.
    pub fn pixels(self) -> usize {
        self.height * self.width
    }
}

/// A convolution's packed weights and the constants of its activation.
#[derive(Debug)]
pub struct Packed {
    /// See [`crate::kernels::pack`].
    pub weights: Buffer,
    /// What is applied to the output.
    pub activation: Activation,
    /// Its constants.
    pub constants: Constants,
}

impl Packed {
    /// Packed weights of `conv`.
    pub fn new(conv: &Conv, weights: Buffer) -> Self {
        let activation = conv.activation;
        Self { weights, activation, constants: epilogue::constants(activation) }
    }
}

/// A kernel and its operands; `input`, `output` and the like are offsets into the arena.
#[derive(Debug)]
pub enum Step {
    Stem {
        packed: Packed,
        input: usize,
        row: usize,
        above: usize,
        left: usize,
        output: usize,
        size: Size,
        out_channels: usize,
    },
    Pointwise {
        packed: Packed,
        input: usize,
        in_channels: usize,
        output: usize,
        out_channels: usize,
        pixels: usize,
        accumulate: bool,
    },
    Depthwise {
        packed: Packed,
        input: usize,
        size: Size,
        kernel: usize,
        stride: usize,
        above: usize,
        left: usize,
        output: usize,
        output_size: Size,
        channels: usize,
        row_sums: Option<usize>,
    },
    Pool {
        input: usize,
        plane: usize,
        values: usize,
        pixels: usize,
        output: usize,
        channels: usize,
    },
    Dense {
        packed: Packed,
        input: usize,
        in_channels: usize,
        output: usize,
        out_channels: usize,
    },
    Scale {
        gates: usize,
        tensor: usize,
        pixels: usize,
        channels: usize,
    },
}

impl Step {
    /// Replaces tensor numbers by the offsets of those tensors; gives the bytes of the step's weights.
    pub fn place(&mut self, offsets: &[usize]) -> usize {
        let (packed, tensors): (Option<&Packed>, Vec<&mut usize>) = match self {
            Self::Stem { packed, input, output, .. }
            | Self::Pointwise { packed, input, output, .. }
            | Self::Dense { packed, input, output, .. } => (Some(packed), vec![input, output]),
            Self::Depthwise { packed, input, output, row_sums, .. } => {
                (Some(packed), [input, output].into_iter().chain(row_sums).collect())
            }
            Self::Pool { input, output, .. } => (None, vec![input, output]),
            Self::Scale { gates, tensor, .. } => (None, vec![gates, tensor]),
        };
        for tensor in tensors {
            *tensor = offsets[*tensor];
        }
        packed.map_or(0, |packed| packed.weights.bytes())
    }

    /// Runs the step.
    ///
    /// # Safety
    /// Every offset and size of the step lies in `memory`, which nobody else has meanwhile.
    pub unsafe fn run<V: F32x4>(&self, memory: Memory) {
        // SAFETY: the caller's promise.
        unsafe {
            match *self {
                Self::Stem { ref packed, input, row, above, left, output, size, out_channels } => {
                    let conv = Stem {
                        input: memory.at(input + stem::BORDER * (row + stem::RGB)),
                        input_row: row,
                        above,
                        left,
                        weights: packed.weights.as_ptr(),
                        output: memory.at(output),
                        output_plane: plane(size.pixels()),
                        output_width: size.width,
                        out_channels,
                        activation: packed.activation,
                        constants: packed.constants.as_ptr(),
                    };
                    stem::stem::<V>(&conv, 0..size.height);
                }
                Self::Pointwise {
                    ref packed,
                    input,
                    in_channels,
                    output,
                    out_channels,
                    pixels,
                    accumulate,
                } => {
                    let conv = Pointwise {
                        input: memory.at(input),
                        input_plane: plane(pixels),
                        in_channels,
                        weights: packed.weights.as_ptr(),
                        output: memory.at(output),
                        output_plane: plane(pixels),
                        activation: packed.activation,
                        accumulate,
                        constants: packed.constants.as_ptr(),
                    };
                    // Whole tiles of 6 and of 5 pixels.
                    let strip = (CACHED_INPUT / size_of::<f32>() / in_channels / 30).max(1) * 30;
                    for start in (0..pixels).step_by(strip) {
                        let strip = start..pixels.min(start + strip);
                        pointwise::pointwise::<V>(&conv, 0..blocks(out_channels), strip);
                    }
                }
                Self::Depthwise {
                    ref packed,
                    input,
                    size,
                    kernel,
                    stride,
                    above,
                    left,
                    output,
                    output_size,
                    channels,
                    row_sums,
                } => {
                    let conv = Depthwise {
                        input: memory.at(input),
                        input_plane: plane(size.pixels()),
                        height: size.height,
                        width: size.width,
                        kernel,
                        stride,
                        above,
                        left,
                        weights: packed.weights.as_ptr(),
                        zeros: memory.zeros,
                        output: memory.at(output),
                        output_plane: plane(output_size.pixels()),
                        output_height: output_size.height,
                        output_width: output_size.width,
                        activation: packed.activation,
                        constants: packed.constants.as_ptr(),
                        row_sums: row_sums.map_or(ptr::null_mut(), |offset| memory.at(offset)),
                        row_sums_plane: plane(output_size.height),
                    };
                    for block in 0..blocks(channels) {
                        depthwise::depthwise::<V>(&conv, block, 0..output_size.height);
                    }
                }
                Self::Pool { input, plane, values, pixels, output, channels } => {
                    let step = Pool {
                        input: memory.at(input),
                        input_plane: plane,
                        pixels: values,
                        factor: 1.0 / pixels as f32,
                        output: memory.at(output),
                    };
                    pool::pool::<V>(&step, 0..blocks(channels));
                }
                Self::Dense { ref packed, input, in_channels, output, out_channels } => {
                    let layer = Dense {
                        input: memory.at(input),
                        in_channels,
                        weights: packed.weights.as_ptr(),
                        output: memory.at(output),
                        activation: packed.activation,
                        constants: packed.constants.as_ptr(),
                    };
                    dense::dense::<V>(&layer, 0..blocks(out_channels));
                }
                Self::Scale { gates, tensor, pixels, channels } => {
                    let step = Scale {
                        gates: memory.at(gates),
                        tensor: memory.at(tensor),
                        plane: plane(pixels),
                        pixels,
                    };
                    scale::scale::<V>(&step, 0..blocks(channels));
                }
            }
        }
    }
}
