//! The resize along one axis: the source pixels and weights of each output pixel, with the arithmetic of Pillow's
//! `Image.resize` (`Resample.c`).
//!
//! Pillow's filter is separable: it resizes each row horizontally, and each output row is then a weighted sum of such
//! rows. Weights are fixed-point numbers with 22 fractional bits. The horizontal results are rounded to bytes before
//! the vertical sum. Integer sums don't depend on the order, so every build gives the same values.

use std::ops::Range;

use super::{CropStart, Interpolation};

/// Fractional bits of a weight: 32, minus 8 for the byte and 2 for sign and overshoot.
pub(super) const PRECISION_BITS: u32 = 32 - 8 - 2;

/// Bits of a weight's low half. Processors multiply 16-bit numbers fastest, so a weight is split into two:
/// `(high << LOW_BITS) + low`, where `low` is not negative. Weights are between -2 and 2, so `high` fits in 16 bits.
pub(super) const LOW_BITS: u32 = 8;

/// The length of one side in pixels: of the source, after the resize, and of the crop.
#[derive(Debug, Clone, Copy)]
pub(super) struct Side {
    pub source: usize,
    pub resized: usize,
    pub crop: usize,
    pub crop_start: CropStart,
}

impl Side {
    /// The resized pixels that the crop keeps, and the position of the first of them in the crop.
    fn kept(self) -> (Range<usize>, usize) {
        if self.resized <= self.crop {
            (0..self.resized, (self.crop - self.resized) / 2)
        } else {
            let left_over = self.resized - self.crop;
            let start = match self.crop_start {
                CropStart::First => left_over / 2,
                // Half of 1, 5, 9, ... rounds down to an even number, half of 3, 7, 11, ... rounds up to one.
                CropStart::Even => left_over / 2 + usize::from(left_over % 4 == 3),
            };
            (start..start + self.crop, 0)
        }
    }
}

/// The source pixels that form a pair, which one instruction multiplies.
#[derive(Debug, Clone, Copy)]
pub(super) enum Pairs {
    /// The first and third of four adjacent pixels, and the second and fourth, as
    /// [`I32x4::load_pixels`](crate::simd::I32x4::load_pixels) loads them. If two pixels are left over, these two.
    Columns,
    /// Two adjacent pixels; the first one has an even index.
    Rows,
}

/// The weights of one axis. Each kept output pixel is a weighted sum of the same number of neighbouring source pixels,
/// taken in pairs. If its filter is shorter, the remaining weights are 0, so that the same code serves every output
/// pixel.
#[derive(Debug)]
pub(super) struct Axis {
    /// Pairs of source pixels per output pixel.
    pub pairs: usize,
    /// The first source pixel of each kept output pixel. If their number is odd, the last one is repeated.
    pub starts: Vec<usize>,
    /// For each kept output pixel and each [pair](Pairs) of its source pixels: the high halves of their weights, then
    /// the low halves.
    pub weights: Vec<[i16; 2]>,
    /// The position of the kept pixels in the crop.
    pub placed: Range<usize>,
    /// The source pixels of all kept pixels. May reach beyond the picture: see `new`.
    pub source: Range<usize>,
}

impl Axis {
    /// Computes the weights. All pairs lie within the picture, with two exceptions: a picture shorter than its filter,
    /// and the second row of a pair at the end of a picture with an odd number of rows. All weights outside are zero.
    pub fn new(side: Side, interpolation: Interpolation, kind: Pairs) -> Self {
        let (step, least) = match kind {
            // At least two pairs, because `I32x4::load_two_pixels` also reads 4 bytes before its pixels.
            Pairs::Columns => (1, 2),
            Pairs::Rows => (2, 1),
        };
        let (kept, offset) = side.kept();
        let scale = side.source as f64 / side.resized as f64;
        // If the picture shrinks, the filter is widened by the same factor (antialiasing).
        let filter_scale = scale.max(1.0);
        let support = filter_support(interpolation) * filter_scale;
        let window = |output: usize| {
            let centre = (output as f64 + 0.5) * scale;
            // The conversion to usize saturates at 0 and rounds down, like Pillow's clamp and cast.
            let first = (centre - support + 0.5) as usize;
            let end = ((centre + support + 0.5) as usize).min(side.source);
            (centre, first, end)
        };
        let pairs_of =
            |(_, first, end): (f64, usize, usize)| (end - first / step * step).div_ceil(2);
        let pairs = kept.clone().map(window).map(pairs_of).fold(least, usize::max);
        // Ends are ascending. No window may end after the last one, so that nothing beyond it is read.
        let end = kept.clone().map(window).map(|(_, _, end)| end).next_back().unwrap_or(0);
        let last_start = end.next_multiple_of(step).saturating_sub(2 * pairs);

        let even = kept.len().next_multiple_of(2);
        let mut starts = Vec::with_capacity(even);
        let mut weights = vec![[0; 2]; even * pairs * 2];
        let mut exact = Vec::with_capacity(2 * pairs);
        for (output, weights) in kept.clone().zip(weights.chunks_exact_mut(2 * pairs)) {
            let (centre, first, end) = window(output);
            exact.clear();
            exact.extend((first..end).map(|source| {
                filter(interpolation, (source as f64 - centre + 0.5) * (1.0 / filter_scale))
            }));
            let sum: f64 = exact.iter().sum();
            let start = (first / step * step).min(last_start);
            for (tap, exact) in (first - start..).zip(&exact) {
                let weight = (exact / sum * f64::from(1 << PRECISION_BITS)).round() as i32;
                let (pair, half) = match kind {
                    Pairs::Columns if tap / 4 < pairs / 2 => (tap / 4 * 2 + tap % 2, tap % 4 / 2),
                    Pairs::Columns | Pairs::Rows => (tap / 2, tap % 2),
                };
                let [high, low] = &mut weights.as_chunks_mut().0[pair];
                high[half] = (weight >> LOW_BITS) as i16;
                low[half] = (weight & ((1 << LOW_BITS) - 1)) as i16;
            }
            starts.push(start);
        }
        starts.resize(even, starts.last().copied().unwrap_or(0));
        // Starts are ascending.
        let source = match &starts[..] {
            [first, .., last] | [last @ first] => *first..last + 2 * pairs,
            [] => 0..0,
        };
        Self { pairs, starts, weights, placed: offset..offset + kept.len(), source }
    }
}

/// The radius of a filter in output pixels.
fn filter_support(interpolation: Interpolation) -> f64 {
    match interpolation {
        Interpolation::Bilinear => 1.0,
        Interpolation::Bicubic => 2.0,
    }
}

/// The value of a filter at the distance `x`.
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
