//! What makes the crop of one axis: which source pixels, with which weights, by the arithmetic of
//! Pillow's `Image.resize` (`Resample.c`).
//!
//! Pillow's filter is separable: each picture row is resized horizontally, then each output row is a
//! weighed sum of such rows. Weights are fixed-point numbers of 22 fractional bits, and the
//! horizontal results are rounded to bytes before the vertical sum. Integer sums have no order, so
//! every build gives the same values.

use std::ops::Range;

use super::{CropStart, Interpolation};

/// Fractional bits of a weight: 32, less 8 for the byte and 2 for sign and overshoot.
pub(super) const PRECISION_BITS: u32 = 32 - 8 - 2;

/// A weight is too long for the 16-bit numbers that processors multiply fastest, and comes in two:
/// `high << LOW_BITS` plus `low`, which is not negative. Weights are between -2 and 2, so `high` fits.
pub(super) const LOW_BITS: u32 = 8;

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

/// Which source pixels of an output pixel are multiplied together.
#[derive(Debug, Clone, Copy)]
pub(super) enum Pairs {
    /// Of four adjacent pixels the first and the third, and the second and the fourth, as
    /// [`I32x4::load_pixels`](crate::simd::I32x4::load_pixels) has them; of two left over these two.
    Columns,
    /// Two adjacent ones, of which the first is even.
    Rows,
}

/// The weights of one axis. Each kept output pixel is a weighed sum of as many neighbouring source
/// pixels, taken two by two; where its filter reaches less far the remaining weights are 0, so that
/// every output pixel takes the same path.
#[derive(Debug)]
pub(super) struct Axis {
    /// Pairs of source pixels per output pixel.
    pub pairs: usize,
    /// The first source pixel for each kept output pixel, and once more for the last if they are odd.
    pub starts: Vec<usize>,
    /// For each kept output pixel and pair of its source pixels their weights' high halves, then their
    /// low ones. [`Pairs`] says what a pair is.
    pub weights: Vec<[i16; 2]>,
    /// Where in the crop the kept pixels stand.
    pub placed: Range<usize>,
    /// The source pixels that any of them takes; may reach over the picture's end, as `new` says.
    pub source: Range<usize>,
}

impl Axis {
    /// The pixels of an output's pairs are all within the picture, with two exceptions: a picture shorter
    /// than its filter, and the second row of a pair at the odd end of the picture. Outside there are
    /// zero weights only.
    pub fn new(side: Side, interpolation: Interpolation, kind: Pairs) -> Self {
        let (step, least) = match kind {
            // `I32x4::load_two_pixels` follows a four.
            Pairs::Columns => (1, 2),
            Pairs::Rows => (2, 1),
        };
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
        let pairs_of =
            |(_, first, end): (f64, usize, usize)| (end - first / step * step).div_ceil(2);
        let pairs = kept.clone().map(window).map(pairs_of).fold(least, usize::max);
        // Ends go up. No window is widened beyond the last one's, so that no more is read than needed.
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
        // Starts go up.
        let source = match &starts[..] {
            [first, .., last] | [last @ first] => *first..last + 2 * pairs,
            [] => 0..0,
        };
        Self { pairs, starts, weights, placed: offset..offset + kept.len(), source }
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
