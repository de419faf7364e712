//! One step of a plan: which kernel, on what part of the arena, and how threads share its work.

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
use std::ops::Range;
use std::ptr;

/// Inputs of the pointwise kernel that it goes over again for each 8 output channels, in bytes: they
/// stay in a second-level cache of 256 KiB.
const CACHED_INPUT: usize = 192 << 10;

/// Whole tiles of 6 and of 5 pixels, and whole cache lines: where a pointwise step is cut across its pixels.
const STRIP: usize = 30;

/// Parts of a step for each thread that shares it. More than one, since a thread may be held up by other
/// work of the machine and the rest then goes to the others.
const PARTS_PER_THREAD: usize = 6;

/// Multiplications, or values moved, that are worth a part of their own: about a microsecond.
const LEAST_PART: usize = 32 << 10;

/// From this many pixels on, 28 x 28, threads share a pointwise step's pixels, and each reads all the
/// weights. Below, where there are more weights than inputs, they share the output channels.
const SHARED_PIXELS: usize = 28 * 28;

/// The memory that steps work on.
#[derive(Clone, Copy)]
pub struct Memory {
    arena: *mut f32,
}

// SAFETY: whoever runs a step promises that no other thread touches what it writes: see `Step::run`.
unsafe impl Sync for Memory {}

impl Memory {
    /// The memory behind `arena`.
    pub fn new(arena: &mut Buffer) -> Self {
        Self { arena: arena.as_mut_ptr() }
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

    /// How many parts the step has for `threads` threads.
    pub fn parts(&self, threads: usize) -> usize {
        self.grid(threads).parts()
    }

    /// How the step is cut into parts.
    fn grid(&self, threads: usize) -> Grid {
        let wanted = |work: usize| match threads {
            1 => 1,
            _ => (work / LEAST_PART).clamp(1, threads * PARTS_PER_THREAD),
        };
        match *self {
            Self::Stem { size, out_channels, .. } => {
                let work = size.pixels() * stem::DEPTH * out_channels;
                Grid::new(wanted(work), 1, size.height)
            }
            Self::Pointwise { in_channels, out_channels, pixels, .. } => {
                let wanted = wanted(pixels * in_channels * out_channels);
                let panels = if pixels < SHARED_PIXELS { blocks(out_channels) } else { 1 };
                Grid::new(wanted, panels, pixels / STRIP)
            }
            Self::Depthwise { output_size, kernel, channels, .. } => {
                let work = output_size.pixels() * kernel * kernel * channels;
                Grid::new(wanted(work), blocks(channels), output_size.height)
            }
            Self::Pool { values, channels, .. } => {
                Grid::new(wanted(values * channels), blocks(channels), 1)
            }
            Self::Dense { in_channels, out_channels, .. } => {
                Grid::new(wanted(in_channels * out_channels), blocks(out_channels), 1)
            }
            Self::Scale { pixels, channels, .. } => {
                Grid::new(wanted(pixels * channels), blocks(channels), 1)
            }
        }
    }

    /// Runs one part of the step, of the [`Step::parts`] that it has for `threads` threads.
    ///
    /// # Safety
    /// Every offset and size of the step lies in `memory`. Meanwhile nobody writes what the step reads, and
    /// nobody else touches the output of this part.
    pub unsafe fn run<V: F32x4>(&self, memory: Memory, part: usize, threads: usize) {
        let grid = self.grid(threads);
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
                    stem::stem::<V>(&conv, grid.place(part, size.height, 1));
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
                    let panels = grid.channels(part, blocks(out_channels));
                    let mut rest = grid.place(part, pixels, STRIP);
                    let strip =
                        (CACHED_INPUT / size_of::<f32>() / in_channels / STRIP).max(1) * STRIP;
                    while !rest.is_empty() {
                        let end = rest.end.min(rest.start + strip);
                        pointwise::pointwise::<V>(&conv, panels.clone(), rest.start..end);
                        rest.start = end;
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
                        output: memory.at(output),
                        output_plane: plane(output_size.pixels()),
                        output_height: output_size.height,
                        output_width: output_size.width,
                        activation: packed.activation,
                        constants: packed.constants.as_ptr(),
                        row_sums: row_sums.map_or(ptr::null_mut(), |offset| memory.at(offset)),
                        row_sums_plane: plane(output_size.height),
                    };
                    for block in grid.channels(part, blocks(channels)) {
                        let rows = grid.place(part, output_size.height, 1);
                        depthwise::depthwise::<V>(&conv, block, rows);
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
                    pool::pool::<V>(&step, grid.channels(part, blocks(channels)));
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
                    dense::dense::<V>(&layer, grid.channels(part, blocks(out_channels)));
                }
                Self::Scale { gates, tensor, pixels, channels } => {
                    let step = Scale {
                        gates: memory.at(gates),
                        tensor: memory.at(tensor),
                        plane: plane(pixels),
                        pixels,
                    };
                    scale::scale::<V>(&step, grid.channels(part, blocks(channels)));
                }
            }
        }
    }
}

/// Parts of a step: its output cut across the channel blocks, and across the pixels or rows.
#[derive(Clone, Copy)]
struct Grid {
    channels: usize,
    places: usize,
}

impl Grid {
    /// About `wanted` parts: across at most `blocks` channel blocks, and as far as those don't suffice
    /// across at most `places`.
    fn new(wanted: usize, blocks: usize, places: usize) -> Self {
        let channels = wanted.min(blocks);
        Self { channels, places: wanted.div_ceil(channels).clamp(1, places.max(1)) }
    }

    fn parts(self) -> usize {
        self.channels * self.places
    }

    /// The channel blocks of a part, of `blocks`.
    fn channels(self, part: usize, blocks: usize) -> Range<usize> {
        share(blocks, part / self.places, self.channels, 1)
    }

    /// The pixels or rows of a part, of `places`, cut at multiples of `unit`.
    fn place(self, part: usize, places: usize, unit: usize) -> Range<usize> {
        share(places, part % self.places, self.places, unit)
    }
}

/// The `index`th of `count` nearly equal shares of `0..total`, cut at multiples of `unit`.
fn share(total: usize, index: usize, count: usize, unit: usize) -> Range<usize> {
    let units = total.div_ceil(unit);
    let cut = |index: usize| total.min(units * index / count * unit);
    cut(index)..cut(index + 1)
}

#[cfg(test)]
mod tests {
    use super::{Grid, share};

    /// The parts of every grid cover every block and place once.
    #[test]
    fn parts_are_disjoint_and_complete() {
        for (wanted, blocks, places, unit) in
            [(1, 1, 1, 1), (12, 5, 196, 30), (12, 1, 12544, 30), (24, 4, 7, 1), (6, 64, 49, 30)]
        {
            let grid = Grid::new(wanted, blocks, places / unit);
            let mut covered = vec![0; blocks * places];
            for part in 0..grid.parts() {
                for block in grid.channels(part, blocks) {
                    for place in grid.place(part, places, unit) {
                        covered[block * places + place] += 1;
                    }
                }
            }
            assert!(covered.iter().all(|&times| times == 1), "{wanted} {blocks} {places} {unit}");
            assert!(grid.parts() >= wanted.min(blocks), "{wanted} {blocks} {places} {unit}");
        }
    }

    #[test]
    fn shares_are_cut_at_units() {
        assert_eq!(
            (0..3).map(|index| share(100, index, 3, 30)).collect::<Vec<_>>(),
            [0..30, 30..60, 60..100]
        );
        assert!(share(1, 0, 2, 1).is_empty());
    }
}
