//! The resize, with the arithmetic of Pillow's `Image.resize` (`Resample.c`), restricted to the
//! pixels that the crop keeps.
//!
//! A separable filter: each picture row is resized horizontally, then each output row is a weighed
//! sum of such rows. As in Pillow, weights are fixed-point numbers of 22 fractional bits, and the
//! horizontal results are rounded to bytes before the vertical sum. Integer sums have no order, so
//! every build gives the same values.

use std::ops::Range;

use super::{CHANNELS, CropStart, Interpolation};

/// Fractional bits of a weight: 32, less 8 for the byte and 2 for sign and overshoot.
const PRECISION_BITS: u32 = 32 - 8 - 2;

/// One half in the accumulator, so that the shift at the end rounds.
const HALF: i32 = 1 << (PRECISION_BITS - 1);

/// Bytes of one source pixel.
const RGBA: usize = 4;

/// Values that the vertical sum works on at once: four vectors of four 32-bit sums.
const BLOCK: usize = 16;

/// One side of the picture on its way: its length, the length after the resize, and how much of
/// that the crop keeps, all in pixels.
#[derive(Debug, Clone, Copy)]
pub(super) struct Side {
    pub source: usize,
    pub resized: usize,
    pub crop: usize,
    pub crop_start: CropStart,
}

impl Side {
    /// Which resized pixels the crop keeps, and where the first of them stands in the crop.
    fn kept(self) -> (Range<usize>, usize) {
        if self.resized <= self.crop {
            (0..self.resized, (self.crop - self.resized) / 2)
        } else {
            let left_over = self.resized - self.crop;
            let start = match self.crop_start {
                CropStart::First => left_over / 2,
                // The half of 1, 5, 9, ... lies above an even pixel, that of 3, 7, ... below one.
                CropStart::Even => left_over / 2 + usize::from(left_over % 4 == 3),
            };
            (start..start + self.crop, 0)
        }
    }
}

/// The weights of one axis. Each kept output pixel is a weighed sum of `taps` neighbouring source
/// pixels; where the filter reaches less far the remaining weights are 0, so that every output
/// pixel takes the same path.
#[derive(Debug)]
struct Axis {
    /// Source pixels per output pixel.
    taps: usize,
    /// The first of them, for each kept output pixel. `start + taps` never passes the source's end.
    starts: Vec<usize>,
    /// `taps` weights for each kept output pixel.
    weights: Vec<i32>,
    /// Where in the crop the kept pixels stand.
    placed: Range<usize>,
}

impl Axis {
    fn new(side: Side, interpolation: Interpolation) -> Self {
        let (kept, offset) = side.kept();
        let scale = side.source as f64 / side.resized as f64;
        // A picture that shrinks gets a filter as much wider; one that grows, the filter itself.
        let filter_scale = scale.max(1.0);
        let support = filter_support(interpolation) * filter_scale;
        let window = |output: usize| {
            let centre = (output as f64 + 0.5) * scale;
            // The conversion to usize saturates at 0 and rounds down, as Pillow's clamp and cast.
            let first = (centre - support + 0.5) as usize;
            let end = ((centre + support + 0.5) as usize).min(side.source);
            (centre, first, end)
        };
        let taps = kept.clone().map(window).map(|(_, first, end)| end - first).max().unwrap_or(0);

        let mut starts = Vec::with_capacity(kept.len());
        let mut weights = vec![0; kept.len() * taps];
        let mut exact = Vec::with_capacity(taps);
        for (output, weights) in kept.clone().zip(weights.chunks_exact_mut(taps)) {
            let (centre, first, end) = window(output);
            exact.clear();
            exact.extend((first..end).map(|source| {
                filter(interpolation, (source as f64 - centre + 0.5) * (1.0 / filter_scale))
            }));
            let sum: f64 = exact.iter().sum();
            let start = first.min(side.source - taps);
            for (weight, exact) in weights[first - start..].iter_mut().zip(&exact) {
                *weight = (exact / sum * f64::from(1 << PRECISION_BITS)).round() as i32;
            }
            starts.push(start);
        }
        Self { taps, starts, weights, placed: offset..offset + kept.len() }
    }
}

/// How far a filter reaches to each side, in output pixels.
fn filter_support(interpolation: Interpolation) -> f64 {
    match interpolation {
        Interpolation::Bilinear => 1.0,
        Interpolation::Bicubic => 2.0,
    }
}

/// A filter's height at the distance `x`.
fn filter(interpolation: Interpolation, x: f64) -> f64 {
    let x = x.abs();
    match interpolation {
        Interpolation::Bilinear => (1.0 - x).max(0.0),
        Interpolation::Bicubic => {
            const A: f64 = -0.5;
            if x < 1.0 {
                ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0
            } else if x < 2.0 {
                (((x - 5.0) * x + 8.0) * x - 4.0) * A
            } else {
                0.0
            }
        }
    }
}

/// Tables and working rows for pictures of one size.
#[derive(Debug)]
pub(super) struct Resize {
    horizontal: Axis,
    vertical: Axis,
    /// The last `vertical.taps` horizontally resized rows: source row `y` is in slot `y % taps`.
    ring: Vec<u8>,
    /// Pixels of a picture row.
    source_width: usize,
    /// Bytes of a slot: three per kept column, up to a whole number of blocks.
    slot_length: usize,
    /// The first source row that is not in the ring yet.
    next_source_row: usize,
    /// The kept output row that comes next.
    next_output_row: usize,
}

impl Resize {
    pub(super) fn new(width: Side, height: Side, interpolation: Interpolation) -> Self {
        let horizontal = Axis::new(width, interpolation);
        let vertical = Axis::new(height, interpolation);
        let slot_length = (horizontal.starts.len() * CHANNELS).next_multiple_of(BLOCK);
        let ring = vec![0; vertical.taps * slot_length];
        Self {
            horizontal,
            vertical,
            ring,
            source_width: width.source,
            slot_length,
            next_source_row: 0,
            next_output_row: 0,
        }
    }

    /// The columns of the crop that the picture fills.
    pub(super) fn columns(&self) -> Range<usize> {
        self.horizontal.placed.clone()
    }

    /// The rows of the crop that the picture fills.
    pub(super) fn rows(&self) -> Range<usize> {
        self.vertical.placed.clone()
    }

    /// Starts a picture.
    pub(super) fn begin(&mut self) {
        self.next_source_row = 0;
        self.next_output_row = 0;
    }

    /// Writes the next of [`rows`](Self::rows): for each of [`columns`](Self::columns) three
    /// values, `byte * scale + bias`. `pixels` are the whole picture's.
    pub(super) fn next_row(
        &mut self,
        pixels: &[u8],
        scale: &[f32],
        bias: &[f32],
        output: &mut [f32],
    ) {
        let taps = self.vertical.taps;
        let start = self.vertical.starts[self.next_output_row];
        let weights = &self.vertical.weights[self.next_output_row * taps..][..taps];
        self.next_output_row += 1;

        let source_length = self.source_width * RGBA;
        for y in self.next_source_row.max(start)..start + taps {
            let row = &pixels[y * source_length..][..source_length];
            let slot = &mut self.ring[y % taps * self.slot_length..][..self.slot_length];
            horizontal_row(&self.horizontal, row, slot);
        }
        self.next_source_row = start + taps;

        // From slot `first` to the ring's end, then from its start: the rows in their order.
        let first = start % taps;
        let (wrapped, leading) = self.ring.split_at(first * self.slot_length);
        let (leading_weights, wrapped_weights) = weights.split_at(taps - first);
        let blocks = output.chunks_mut(BLOCK).zip(scale.chunks(BLOCK)).zip(bias.chunks(BLOCK));
        for (block, ((output, scale), bias)) in blocks.enumerate() {
            let mut sums = [HALF; BLOCK];
            for (slots, weights) in [(leading, leading_weights), (wrapped, wrapped_weights)] {
                add_rows(&mut sums, slots, self.slot_length, block * BLOCK, weights);
            }
            let values = sums.map(|sum| f32::from(to_byte(sum)));
            for (((output, value), scale), bias) in
                output.iter_mut().zip(values).zip(scale).zip(bias)
            {
                *output = value * scale + bias;
            }
        }
    }
}

/// Resizes one RGBA row to the kept columns, three bytes each.
fn horizontal_row(axis: &Axis, row: &[u8], output: &mut [u8]) {
    let columns = axis.starts.iter().zip(axis.weights.chunks_exact(axis.taps));
    for ((&start, weights), pixel) in columns.zip(output.chunks_exact_mut(CHANNELS)) {
        let window = &row[start * RGBA..][..axis.taps * RGBA];
        // Alpha is summed too: four lanes fill a vector, three would not.
        let mut sums = [HALF; RGBA];
        for (rgba, &weight) in window.chunks_exact(RGBA).zip(weights) {
            for (sum, &byte) in sums.iter_mut().zip(rgba) {
                *sum += i32::from(byte) * weight;
            }
        }
        for (byte, sum) in pixel.iter_mut().zip(sums) {
            *byte = to_byte(sum);
        }
    }
}

/// Adds to `sums` the weighed values of successive slots, at `offset` in each.
#[inline]
fn add_rows(
    sums: &mut [i32; BLOCK],
    slots: &[u8],
    slot_length: usize,
    offset: usize,
    weights: &[i32],
) {
    for (slot, &weight) in slots.chunks_exact(slot_length).zip(weights) {
        for (sum, &byte) in sums.iter_mut().zip(&slot[offset..offset + BLOCK]) {
            *sum += i32::from(byte) * weight;
        }
    }
}

/// A fixed-point sum as a byte. The bicubic filter's overshoot is cut off.
#[inline]
fn to_byte(sum: i32) -> u8 {
    (sum >> PRECISION_BITS).clamp(0, 255) as u8
}
