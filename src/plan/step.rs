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

/// Multiplications after which a part should end, where its step can be cut so finely: some 20
/// microseconds. When one thread has found nothing left to take the others are still at their last parts,
/// and it should not fall asleep over that.
const LARGEST_PART: usize = 640 << 10;

/// A part's number has 16 bits, and a grid may have twice the parts that it was asked for.
const MOST_PARTS: usize = 1 << 14;

/// From this many pixels on, 28 x 28, threads share a step's pixels or rows, and each reads all the weights.
/// Below, where there are more weights than inputs, they share the output channels.
const SHARED_PIXELS: usize = 28 * 28;

/// The memory that steps work on.
#[derive(Clone, Copy)]
pub struct Memory {
    arena: *mut f32,
    scratch: *mut f32,
    scratch_plane: usize,
}

// SAFETY: whoever runs a step promises that no other thread touches what it writes: see `Step::run`.
unsafe impl Sync for Memory {}

impl Memory {
    /// The memory behind `arena`, and behind `scratch` of `scratch_plane` values for each thread.
    pub fn new(arena: &mut Buffer, scratch: &mut Buffer, scratch_plane: usize) -> Self {
        Self { arena: arena.as_mut_ptr(), scratch: scratch.as_mut_ptr(), scratch_plane }
    }

    /// # Safety
    /// `offset` lies in the arena.
    unsafe fn at(self, offset: usize) -> *mut f32 {
        // SAFETY: the caller's promise.
        unsafe { self.arena.add(offset) }
    }

    /// # Safety
    /// There is scratch memory for this thread.
    unsafe fn scratch(self, thread: usize) -> *mut f32 {
        // SAFETY: the caller's promise.
        unsafe { self.scratch.add(thread * self.scratch_plane) }
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

/// A 1x1 convolution.
#[derive(Debug)]
pub struct PointwiseStep {
    pub packed: Packed,
    pub input: usize,
    pub in_channels: usize,
    pub output: usize,
    pub out_channels: usize,
    pub pixels: usize,
    pub accumulate: bool,
}

impl PointwiseStep {
    fn work(&self) -> usize {
        self.pixels * self.in_channels * self.out_channels
    }

    /// # Safety
    /// The step's tensors lie in `memory`.
    unsafe fn kernel(&self, memory: Memory) -> Pointwise {
        // SAFETY: the caller's promise.
        let (input, output) = unsafe { (memory.at(self.input), memory.at(self.output)) };
        Pointwise {
            input,
            input_plane: plane(self.pixels),
            in_channels: self.in_channels,
            weights: self.packed.weights.as_ptr(),
            panels: blocks(self.out_channels),
            output,
            output_plane: plane(self.pixels),
            activation: self.packed.activation,
            accumulate: self.accumulate,
            constants: self.packed.constants.as_ptr(),
        }
    }
}

/// A depthwise convolution.
#[derive(Debug)]
pub struct DepthwiseStep {
    pub packed: Packed,
    pub input: usize,
    pub size: Size,
    pub kernel: usize,
    pub stride: usize,
    pub above: usize,
    pub left: usize,
    pub output: usize,
    pub output_size: Size,
    pub channels: usize,
    pub row_sums: Option<usize>,
}

impl DepthwiseStep {
    fn work(&self) -> usize {
        self.output_size.pixels() * self.kernel * self.kernel * self.channels
    }

    /// # Safety
    /// The step's tensors lie in `memory`.
    unsafe fn kernel(&self, memory: Memory) -> Depthwise {
        // SAFETY: the caller's promise.
        let (input, output, row_sums) = unsafe {
            let row_sums = self.row_sums.map_or(ptr::null_mut(), |offset| memory.at(offset));
            (memory.at(self.input), memory.at(self.output), row_sums)
        };
        Depthwise {
            input,
            input_plane: plane(self.size.pixels()),
            height: self.size.height,
            width: self.size.width,
            kernel: self.kernel,
            stride: self.stride,
            above: self.above,
            left: self.left,
            weights: self.packed.weights.as_ptr(),
            output,
            output_plane: plane(self.output_size.pixels()),
            output_height: self.output_size.height,
            output_width: self.output_size.width,
            activation: self.packed.activation,
            constants: self.packed.constants.as_ptr(),
            row_sums,
            row_sums_plane: plane(self.output_size.height),
        }
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
    Pointwise(PointwiseStep),
    Depthwise(DepthwiseStep),
    /// A block's expansion and its depthwise convolution, one block of channels after the other: 8 expanded
    /// channels go from one kernel to the other in the cache, and the rest of them never exist. The
    /// expansion's output and the depthwise input are scratch memory.
    Expanded {
        expand: PointwiseStep,
        depthwise: DepthwiseStep,
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
        let (packed, tensors): ([Option<&Packed>; 2], Vec<&mut usize>) = match self {
            Self::Stem { packed, input, output, .. }
            | Self::Dense { packed, input, output, .. }
            | Self::Pointwise(PointwiseStep { packed, input, output, .. }) => {
                ([Some(packed), None], vec![input, output])
            }
            Self::Depthwise(DepthwiseStep { packed, input, output, row_sums, .. }) => {
                ([Some(packed), None], [input, output].into_iter().chain(row_sums).collect())
            }
            Self::Expanded {
                expand: PointwiseStep { packed: first, input, .. },
                depthwise: DepthwiseStep { packed, output, row_sums, .. },
            } => {
                ([Some(first), Some(packed)], [input, output].into_iter().chain(row_sums).collect())
            }
            Self::Pool { input, output, .. } => ([None, None], vec![input, output]),
            Self::Scale { gates, tensor, .. } => ([None, None], vec![gates, tensor]),
        };
        for tensor in tensors {
            *tensor = offsets[*tensor];
        }
        packed.into_iter().flatten().map(|packed| packed.weights.bytes()).sum()
    }

    /// Scratch memory that each thread needs, in values.
    pub fn scratch(&self) -> usize {
        match self {
            Self::Expanded { expand, .. } => plane(expand.pixels),
            Self::Stem { .. }
            | Self::Pointwise(_)
            | Self::Depthwise(_)
            | Self::Dense { .. }
            | Self::Pool { .. }
            | Self::Scale { .. } => 0,
        }
    }

    /// How many parts the step has for `threads` threads.
    pub fn parts(&self, threads: usize) -> usize {
        self.grid(threads).parts()
    }

    /// How the step is cut into parts.
    fn grid(&self, threads: usize) -> Grid {
        let wanted = |work: usize| match threads {
            1 => 1,
            _ => (work / LEAST_PART)
                .clamp(1, threads * PARTS_PER_THREAD)
                .max((work / LARGEST_PART).min(MOST_PARTS)),
        };
        match *self {
            Self::Stem { size, out_channels, .. } => {
                let work = size.pixels() * stem::DEPTH * out_channels;
                Grid::new(wanted(work), 1, size.height)
            }
            Self::Pointwise(ref step) => {
                let panels =
                    if step.pixels < SHARED_PIXELS { blocks(step.out_channels) } else { 1 };
                Grid::new(wanted(step.work()), panels, step.pixels / STRIP)
            }
            Self::Depthwise(ref step) => {
                let shared_rows = step.output_size.pixels() >= SHARED_PIXELS;
                let blocks = if shared_rows { 1 } else { blocks(step.channels) };
                Grid::new(wanted(step.work()), blocks, step.output_size.height)
            }
            Self::Expanded { ref expand, ref depthwise } => {
                let work = expand.work() + depthwise.work();
                Grid::new(wanted(work), blocks(depthwise.channels), 1)
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
    /// nobody else touches the output of this part, or the scratch memory of this `thread`.
    pub unsafe fn run<V: F32x4>(&self, memory: Memory, part: usize, thread: usize, threads: usize) {
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
                Self::Pointwise(ref step) => {
                    let conv = step.kernel(memory);
                    let panels = grid.channels(part, conv.panels);
                    let mut rest = grid.place(part, step.pixels, STRIP);
                    let strip =
                        (CACHED_INPUT / size_of::<f32>() / step.in_channels / STRIP).max(1) * STRIP;
                    while !rest.is_empty() {
                        let end = rest.end.min(rest.start + strip);
                        pointwise::pointwise::<V>(&conv, panels.clone(), rest.start..end);
                        rest.start = end;
                    }
                }
                Self::Depthwise(ref step) => {
                    let conv = step.kernel(memory);
                    for block in grid.channels(part, blocks(step.channels)) {
                        let rows = grid.place(part, conv.output_height, 1);
                        depthwise::depthwise::<V>(&conv, block, rows);
                    }
                }
                Self::Expanded { ref expand, ref depthwise } => {
                    let scratch = memory.scratch(thread);
                    // Every block of channels in the same place.
                    let first =
                        Pointwise { output: scratch, output_plane: 0, ..expand.kernel(memory) };
                    let second =
                        Depthwise { input: scratch, input_plane: 0, ..depthwise.kernel(memory) };
                    for block in grid.channels(part, first.panels) {
                        pointwise::pointwise::<V>(&first, block..block + 1, 0..expand.pixels);
                        depthwise::depthwise::<V>(&second, block, 0..second.output_height);
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
