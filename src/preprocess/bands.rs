//! Resizes bands of the crop's rows. Bands are independent of each other, so that threads can share the work.
//!
//! A band goes down the picture two rows at a time. One loop resizes both horizontally, since they share the weights,
//! to a row of byte pairs: red of the upper row, red of the lower row, green of the upper row, ... A ring buffer holds
//! the last few such rows. An output row is their weighted sum, normalised before it is stored. Rows at the border
//! between two bands are resized for each band.

use std::ops::Range;

use super::axis::{Axis, LOW_BITS, PRECISION_BITS, Pairs, Side};
use super::layout::{Colours, RGBA};
use super::picture::{PicturePart, Rect};
use super::{CHANNELS, Interpolation};
use crate::simd::{F32x4, I32x4};

/// One half, the start value of a sum, so that the shift at the end rounds.
const HALF: i32 = 1 << (PRECISION_BITS - 1);

/// Output pixels of the vertical sum's register tile.
const TILE: usize = 4;

/// Bytes of a column in the ring: four channels of two rows.
const COLUMN: usize = 2 * RGBA;

/// The weights and the source rectangle for pictures of one size.
#[derive(Debug)]
pub(super) struct Tables {
    horizontal: Axis,
    /// Its pairs are [`Pairs::Rows`].
    vertical: Axis,
    source: Rect,
}

impl Tables {
    pub fn new(width: Side, height: Side, interpolation: Interpolation) -> Self {
        let horizontal = Axis::new(width, interpolation, Pairs::Columns);
        let vertical = Axis::new(height, interpolation, Pairs::Rows);
        let even = |range: &Range<usize>, length: usize| {
            let start = range.start / 2 * 2;
            (start, range.end.next_multiple_of(2).min(length) - start)
        };
        let (x, width) = even(&horizontal.source, width.source);
        let (y, height) = even(&vertical.source, height.source);
        let source = Rect { x, y, width, height };
        Self { horizontal, vertical, source }
    }

    /// The rectangle that is read of a picture. Its edges are even, except at the end of a picture of odd size.
    pub fn source(&self) -> Rect {
        self.source
    }

    /// The rectangle that is read for the crop's rows `rows`; at least one row.
    pub fn source_of(&self, rows: Range<usize>) -> Rect {
        let Self { vertical, source, .. } = self;
        let placed =
            |y: usize| y.clamp(vertical.placed.start, vertical.placed.end) - vertical.placed.start;
        let rows = placed(rows.start)..placed(rows.end);
        let Some(last) = rows.end.checked_sub(1).filter(|_| !rows.is_empty()) else {
            return Rect { height: 1, ..*source };
        };
        let y = vertical.starts[rows.start] / 2 * 2;
        let end = (vertical.starts[last] / 2 + vertical.pairs) * 2;
        let end = end.min(source.y + source.height);
        Rect { y, height: end - y, ..*source }
    }

    /// Working memory for one band at a time.
    pub fn scratch(&self) -> Scratch {
        Scratch {
            ring: vec![0; self.vertical.pairs * self.ring_row()],
            rows: vec![0; 2 * self.copied_row()],
        }
    }

    /// Bytes of a row in the ring.
    fn ring_row(&self) -> usize {
        self.horizontal.placed.len().next_multiple_of(TILE) * COLUMN
    }

    /// Whether rows are shorter than the horizontal filter, so that they must be copied and padded.
    fn narrow(&self) -> bool {
        self.source.width < 2 * self.horizontal.pairs
    }

    /// Bytes of a copied row.
    fn copied_row(&self) -> usize {
        self.source.width.max(2 * self.horizontal.pairs) * RGBA
    }
}

/// The working memory of one thread: a few rows of the crop.
#[derive(Debug)]
pub struct Scratch {
    /// The last pairs of rows, resized horizontally: pair `p` is at index `p % pairs`.
    ring: Vec<u8>,
    /// Copies of a pair of rows that can't be read in place: they are too short, or in planes.
    rows: Vec<u8>,
}

/// A picture and all that is needed to preprocess bands of it, on several threads at once.
#[derive(Debug, Clone, Copy)]
pub struct Bands<'a> {
    pub(super) tables: &'a Tables,
    /// Contains [`Tables::source`]; the tables are for its size.
    pub(super) part: PicturePart<'a>,
    pub(super) normalisation: &'a Normalisation,
    /// Side of the crop in pixels.
    pub(super) crop: usize,
}

/// An output value is `byte * scale + bias` of its channel. The fourth channel, alpha, makes a pixel one vector.
#[derive(Debug)]
pub(super) struct Normalisation {
    pub scale: [f32; RGBA],
    pub bias: [f32; RGBA],
}

impl Bands<'_> {
    /// Writes the crop's rows `rows` as [`Preprocessor::run`](super::Preprocessor::run) does, the first one to the
    /// start of `output`. The division into bands doesn't change any value.
    ///
    /// # Panics
    /// If `rows` reaches beyond the crop, `row_stride` is less than `crop * 3`, `output` is shorter than
    /// `(rows.len() - 1) * row_stride + crop * 3`, or `scratch` was made for other tables and is too small.
    pub fn rows<I: I32x4>(
        &self,
        rows: Range<usize>,
        scratch: &mut Scratch,
        output: &mut [f32],
        row_stride: usize,
    ) {
        let Self { tables: Tables { horizontal, vertical, .. }, normalisation, .. } = *self;
        let row_length = self.crop * CHANNELS;
        assert!(rows.end <= self.crop, "rows {rows:?} of a crop of {}", self.crop);
        if rows.is_empty() {
            return;
        }
        assert!(
            row_stride >= row_length,
            "rows of {row_length} values don't fit a stride of {row_stride}"
        );
        assert!(
            output.len() >= (rows.len() - 1) * row_stride + row_length,
            "{} values don't hold {} rows of {row_length}, {row_stride} apart",
            output.len(),
            rows.len()
        );

        let black = &normalisation.bias[..CHANNELS];
        let columns = horizontal.placed.start * CHANNELS..horizontal.placed.end * CHANNELS;
        // The first pair of rows that is not yet in the ring.
        let mut next = 0;
        for (y, row) in rows.zip(output.chunks_mut(row_stride)) {
            let row = &mut row[..row_length];
            if !vertical.placed.contains(&y) {
                fill(row, black);
                continue;
            }
            fill(&mut row[..columns.start], black);
            fill(&mut row[columns.end..], black);
            let y = y - vertical.placed.start;
            let first = vertical.starts[y] / 2;
            for pair in next.max(first)..first + vertical.pairs {
                self.horizontal::<I>(pair, scratch);
            }
            next = first + vertical.pairs;
            self.vertical::<I>(y, scratch, &mut row[columns.clone()]);
        }
    }

    /// Resizes a pair of source rows horizontally into the ring.
    fn horizontal<I: I32x4>(&self, pair: usize, scratch: &mut Scratch) {
        let Tables { horizontal, vertical, source } = self.tables;
        // In a picture with an odd number of rows, the last row also serves as the missing one, with a weight of 0.
        let last = source.y + source.height - 1;
        let rows = [2 * pair, 2 * pair + 1].map(|y| y.min(last));
        let ring_row = self.tables.ring_row();
        let ring = &mut scratch.ring[pair % vertical.pairs * ring_row..][..ring_row];
        let rows = match rows.map(|y| self.part.pixels(y, source.x)) {
            [Some(first), Some(second)] if !self.tables.narrow() => [first, second],
            _ => {
                let (first, second) = scratch.rows.split_at_mut(self.tables.copied_row());
                for (copy, y) in [(&mut *first, rows[0]), (&mut *second, rows[1])] {
                    self.part.write_pixels::<I>(y, source.x, &mut copy[..source.width * RGBA]);
                }
                [&*first, &*second]
            }
        };
        assert!(rows.iter().all(|row| row.len() >= (horizontal.source.end - source.x) * RGBA));
        // SAFETY: by the assertion the rows have all columns of `horizontal.source`, which begins at `source.x` or
        // right of it; `Tables::new` made `horizontal` with `Pairs::Columns`.
        unsafe { resize_columns::<I>(horizontal, source.x, rows.map(<[u8]>::as_ptr), ring) }
    }

    /// Writes the kept output row `y`; the ring holds its source rows.
    fn vertical<I: I32x4>(&self, y: usize, scratch: &Scratch, output: &mut [f32]) {
        let vertical = &self.tables.vertical;
        let weights = &vertical.weights[y * vertical.pairs * 2..][..vertical.pairs * 2];
        let length = self.tables.ring_row();
        let ring = Ring {
            rows: &scratch.ring[..vertical.pairs * length],
            length,
            first: vertical.starts[y] / 2 % vertical.pairs,
        };
        assert!(output.len() <= length / COLUMN * CHANNELS);
        let target = Target { colours: self.part.colours(), normalisation: self.normalisation };
        // SAFETY: the ring has a row for each pair of weights. By the assertion a row has a column for each output
        // pixel, and `ring_row` rounds its length up to whole tiles.
        unsafe { resize_row::<I>(&ring, weights, &target, output) }
    }
}

/// Resizes two rows of pixels, which begin at the picture's column `origin`, to one row of byte pairs.
///
/// # Safety
/// `origin` is not greater than `axis.source.start`, and the rows reach to `axis.source.end`. The axis was made with
/// [`Pairs::Columns`]: it has at least two pairs for each start, all within `axis.source`.
#[inline(never)]
unsafe fn resize_columns<I: I32x4>(
    axis: &Axis,
    origin: usize,
    rows: [*const u8; 2],
    output: &mut [u8],
) {
    let starts = axis.starts.as_chunks::<2>().0;
    let weights = axis.weights.chunks_exact(4 * axis.pairs);
    let outputs = output.chunks_exact_mut(2 * COLUMN);
    for ((starts, weights), output) in starts.iter().zip(weights).zip(outputs) {
        let (weights, next_weights) = weights.split_at(2 * axis.pairs);
        // SAFETY: the caller promises the pixels of all pairs; the chunk has 16 bytes.
        unsafe {
            let [first, next] =
                starts.map(|start| rows.map(|row| row.add((start - origin) * RGBA)));
            let [upper, lower] = resize_column::<I>(weights, first);
            let [next_upper, next_lower] = resize_column::<I>(next_weights, next);
            I::store_pairs([upper, next_upper], [lower, next_lower], output.as_mut_ptr());
        }
    }
}

/// Computes a kept column in two rows; `sources` points to its first source pixel in each.
///
/// # Safety
/// The sources have two pixels for each pair of `weights`, and there are at least two pairs.
#[inline(always)]
unsafe fn resize_column<I: I32x4>(weights: &[[i16; 2]], mut sources: [*const u8; 2]) -> [I; 2] {
    let mut high = [I::splat(0); 2];
    let mut low = [I::splat(HALF); 2];
    let mut add = |row: usize, pixels: I, [weight_high, weight_low]: [I; 2]| {
        high[row] = high[row].add(pixels.dot(weight_high));
        low[row] = low[row].add(pixels.dot(weight_low));
    };
    // SAFETY: references are readable; the caller promises the pixels of each pair. A pair left over follows four
    // pixels, since there are at least two pairs.
    unsafe {
        let (fours, rest) = weights.as_chunks::<4>();
        for [first_high, first_low, second_high, second_low] in fours {
            let first = [I::load_splat(first_high), I::load_splat(first_low)];
            let second = [I::load_splat(second_high), I::load_splat(second_low)];
            for (row, source) in sources.iter_mut().enumerate() {
                let [pixels, more] = I::load_pixels(*source);
                add(row, pixels, first);
                add(row, more, second);
                *source = source.add(4 * RGBA);
            }
        }
        if let [weight_high, weight_low] = rest {
            let weights = [I::load_splat(weight_high), I::load_splat(weight_low)];
            for (row, source) in sources.into_iter().enumerate() {
                add(row, I::load_two_pixels(source), weights);
            }
        }
    }
    // `map` would not be inlined: the call took a tenth of a picture's time.
    [finish(high[0], low[0]), finish(high[1], low[1])]
}

/// The rows of byte pairs that an output row sums.
struct Ring<'a> {
    rows: &'a [u8],
    /// Bytes of a row.
    length: usize,
    /// Index of the topmost row.
    first: usize,
}

/// How a resized pixel becomes an output pixel.
struct Target<'a> {
    colours: Colours,
    normalisation: &'a Normalisation,
}

/// Writes a row of normalised pixels; `weights` are the [`Axis`] weights of that row.
///
/// # Safety
/// The ring has a row of `length` bytes for each pair of weights, and `first` is one of them. Each row has at least as
/// many columns as the output has pixels, rounded up to whole tiles.
#[inline(never)]
unsafe fn resize_row<I: I32x4>(
    ring: &Ring<'_>,
    weights: &[[i16; 2]],
    target: &Target<'_>,
    output: &mut [f32],
) {
    let pixels = output.len() / CHANNELS;
    for x in (0..pixels).step_by(TILE) {
        // SAFETY: the caller promises the ring's rows, and whole tiles in each.
        let tile = unsafe { resize_tile::<I>(ring, x, weights, target) };
        if x + TILE < pixels {
            let output = &mut output[x * CHANNELS..][..TILE * CHANNELS + 1];
            // Each store writes four values; the next pixel overwrites the fourth.
            for (pixel, values) in tile.into_iter().enumerate() {
                // SAFETY: the slice ends with the last pixel's fourth value.
                unsafe { values.store(output.as_mut_ptr().add(pixel * CHANNELS)) }
            }
        } else {
            // The value after the row's last pixel must not change.
            let pixels = output[x * CHANNELS..].chunks_exact_mut(CHANNELS);
            for (pixel, values) in pixels.zip(tile) {
                let mut four = [0.0; RGBA];
                // SAFETY: the array has four values.
                unsafe { values.store(four.as_mut_ptr()) }
                pixel.copy_from_slice(&four[..CHANNELS]);
            }
        }
    }
}

/// Computes the normalised values of [`TILE`] pixels from column `x` on.
///
/// # Safety
/// The ring is valid for [`resize_row`], and its rows have [`TILE`] columns from `x` on.
#[inline(always)]
unsafe fn resize_tile<I: I32x4>(
    ring: &Ring<'_>,
    x: usize,
    weights: &[[i16; 2]],
    Target { colours, normalisation }: &Target<'_>,
) -> [I::Floats; TILE] {
    let mut high = [I::splat(0); TILE];
    let mut low = [I::splat(HALF); TILE];
    let mut start = ring.first * ring.length;
    for [weight_high, weight_low] in weights.as_chunks::<2>().0 {
        // SAFETY: references are readable; `start` is the start of a ring row, and the caller promises its columns.
        unsafe {
            let row = ring.rows.as_ptr().add(start + x * COLUMN);
            let (weight_high, weight_low) = (I::load_splat(weight_high), I::load_splat(weight_low));
            for column in 0..TILE {
                let bytes = I::load_bytes(row.add(column * COLUMN));
                high[column] = high[column].add(bytes.dot(weight_high));
                low[column] = low[column].add(bytes.dot(weight_low));
            }
        }
        start += ring.length;
        if start == ring.rows.len() {
            start = 0;
        }
    }
    // SAFETY: the arrays have four values.
    let (scale, bias) = unsafe {
        (
            I::Floats::load(normalisation.scale.as_ptr()),
            I::Floats::load(normalisation.bias.as_ptr()),
        )
    };
    let (black, white) = (I::Floats::splat(0.0), I::Floats::splat(255.0));
    let mut tile = [black; TILE];
    for column in 0..TILE {
        let byte = finish(high[column], low[column]).to_floats().max(black).min(white);
        tile[column] = colours.rgb(byte).mul(scale).add(bias);
    }
    tile
}

/// The rounded sum. With the bicubic filter it may be outside 0 to 255.
#[inline(always)]
fn finish<I: I32x4>(high: I, low: I) -> I {
    high.shift_left::<LOW_BITS>().add(low).shift_right::<PRECISION_BITS>()
}

/// Fills a row with one pixel's values.
fn fill(row: &mut [f32], pixel: &[f32]) {
    for values in row.chunks_exact_mut(CHANNELS) {
        values.copy_from_slice(pixel);
    }
}
