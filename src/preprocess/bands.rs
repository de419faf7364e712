//! Bands of the crop's rows, each made apart from the others, so that threads may share the work.
//!
//! A band goes down the picture two rows at a time. Both are resized horizontally, in the same loop
//! since they share the weights, to a row of byte pairs: red of the upper row, red of the lower one,
//! green of the upper row, ... An output row is the weighed sum of the last few such rows, which a ring
//! holds; it is normalised where it is stored. The rows at a border between two bands are resized
//! for each of them.

use std::ops::Range;

use super::axis::{Axis, LOW_BITS, PRECISION_BITS, Pairs, Side};
use super::layout::RGBA;
use super::picture::{PicturePart, Rect};
use super::{CHANNELS, Interpolation};
use crate::simd::{F32x4, I32x4};

/// One half in the accumulator, so that the shift at the end rounds.
const HALF: i32 = 1 << (PRECISION_BITS - 1);

/// Output pixels of the vertical sum's register tile.
const TILE: usize = 4;

/// Bytes of a column in the ring: four channels of two rows.
const COLUMN: usize = 2 * RGBA;

/// The weights and the rectangle for pictures of one size.
#[derive(Debug)]
pub(super) struct Tables {
    horizontal: Axis,
    /// In pairs of rows, of which the first is even.
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

    /// What is read of a picture. Its corners are even, but for an odd picture's end.
    pub fn source(&self) -> Rect {
        self.source
    }

    /// What is read for the crop's rows `rows`: nothing less than a row.
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

    /// Bytes of a row of the ring.
    fn ring_row(&self) -> usize {
        self.horizontal.placed.len().next_multiple_of(TILE) * COLUMN
    }

    /// Whether rows are shorter than the horizontal filter, and are copied to be longer.
    fn narrow(&self) -> bool {
        self.source.width < 2 * self.horizontal.pairs
    }

    /// Bytes of a row that was copied.
    fn copied_row(&self) -> usize {
        self.source.width.max(2 * self.horizontal.pairs) * RGBA
    }
}

/// The working memory of one thread; its size is that of some rows of the crop.
#[derive(Debug)]
pub struct Scratch {
    /// The last pairs of rows: pair `p` is in place `p % pairs`.
    ring: Vec<u8>,
    /// A pair of rows that can't be read where it is: too short, or in planes.
    rows: Vec<u8>,
}

/// A picture that is ready to be prepared, band by band, by several threads at once.
#[derive(Debug, Clone, Copy)]
pub struct Bands<'a> {
    pub(super) tables: &'a Tables,
    /// Holds [`Tables::source`] and has the size that the tables are for.
    pub(super) part: PicturePart<'a>,
    pub(super) normalisation: &'a Normalisation,
    /// Pixels of a side of the crop.
    pub(super) crop: usize,
}

/// An output value is `byte * scale + bias` of its channel. There is a fourth, of alpha, so that a
/// pixel is one vector.
#[derive(Debug)]
pub(super) struct Normalisation {
    pub scale: [f32; RGBA],
    pub bias: [f32; RGBA],
}

impl Bands<'_> {
    /// Writes the crop's rows `rows`, as [`Preprocessor::run`](super::Preprocessor::run) does; the first
    /// of them goes to `output`'s start. How the crop is cut into bands changes no value.
    ///
    /// # Panics
    /// When `rows` reaches over the crop's end, `row_stride` is under `crop * 3`, `output` is shorter
    /// than `(rows.len() - 1) * row_stride + crop * 3`, or `scratch` is too small, being another's.
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
        // The first pair of rows that the ring doesn't hold yet.
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

    /// Resizes a pair of source rows to its place in the ring.
    fn horizontal<I: I32x4>(&self, pair: usize, scratch: &mut Scratch) {
        let Tables { horizontal, vertical, source } = self.tables;
        // Below a picture of an odd number of rows its last one stands in, with a weight of 0.
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
        // SAFETY: the assertion says that the rows have all columns of `source`, which begins at or behind
        // `source.x`; `Tables::new` made an axis of columns.
        unsafe { resize_columns::<I>(horizontal, source.x, rows.map(<[u8]>::as_ptr), ring) }
    }

    /// Writes the kept output row `y`, whose source rows the ring holds.
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
        let colours = self.part.colours();
        let normalisation =
            if colours.is_none() { self.normalisation } else { &Normalisation::NONE };
        // SAFETY: the ring has a row for each pair of weights. By the assertion a row has a column for each of the
        // output's pixels, and `ring_row` makes it whole tiles.
        unsafe { resize_row::<I>(&ring, weights, normalisation, output) }
        if let Some(colours) = colours {
            colours.convert(self.normalisation, output);
        }
    }
}

/// Resizes two rows of pixels, which begin with the picture's column `origin`, to one of byte pairs.
///
/// # Safety
/// The rows have the columns `axis.source`, of which `origin` is none or the first. The axis is one of
/// columns: it has two pairs or more for each start, all within `source`.
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

/// A kept column's pixels in two rows, of which `sources` are the first pixels.
///
/// # Safety
/// The sources have two pixels for each pair of `weights`, of which there are two or more.
#[inline(always)]
unsafe fn resize_column<I: I32x4>(weights: &[[i16; 2]], mut sources: [*const u8; 2]) -> [I; 2] {
    let mut high = [I::splat(0); 2];
    let mut low = [I::splat(HALF); 2];
    let mut add = |row: usize, pixels: I, [weight_high, weight_low]: [I; 2]| {
        high[row] = high[row].add(pixels.dot(weight_high));
        low[row] = low[row].add(pixels.dot(weight_low));
    };
    // SAFETY: references are readable; the caller promises the pixels of each pair. Two left over stand behind a
    // four, since there are two pairs or more.
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
    // Not `map`, which would be a call: a tenth of a picture's time.
    [finish(high[0], low[0]), finish(high[1], low[1])]
}

/// The rows of byte pairs that an output row is made of.
struct Ring<'a> {
    rows: &'a [u8],
    /// Bytes of a row.
    length: usize,
    /// The row that comes first.
    first: usize,
}

/// Writes a row of normalised pixels; `weights` are a row's of [`Axis`].
///
/// # Safety
/// The ring has a row of `length` bytes for each pair of weights, `first` among them. Its rows have as many
/// columns as the output has pixels, up to a whole number of tiles.
#[inline(never)]
unsafe fn resize_row<I: I32x4>(
    ring: &Ring<'_>,
    weights: &[[i16; 2]],
    normalisation: &Normalisation,
    output: &mut [f32],
) {
    let pixels = output.len() / CHANNELS;
    for x in (0..pixels).step_by(TILE) {
        // SAFETY: the caller promises the ring's rows, and that they have the whole tile.
        let tile = unsafe { resize_tile::<I>(ring, x, weights, normalisation) };
        if x + TILE < pixels {
            let output = &mut output[x * CHANNELS..][..TILE * CHANNELS + 1];
            // A pixel is four values, the last of which the next pixel overwrites.
            for (pixel, values) in tile.into_iter().enumerate() {
                // SAFETY: the slice ends with the last pixel's fourth value.
                unsafe { values.store(output.as_mut_ptr().add(pixel * CHANNELS)) }
            }
        } else {
            // Behind the row's last pixel stands what must stay.
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

/// The normalised values of the pixels from column `x` on.
///
/// # Safety
/// The ring is as [`resize_row`] asks for, and its rows have [`TILE`] columns from `x` on.
#[inline(always)]
unsafe fn resize_tile<I: I32x4>(
    ring: &Ring<'_>,
    x: usize,
    weights: &[[i16; 2]],
    normalisation: &Normalisation,
) -> [I::Floats; TILE] {
    let mut high = [I::splat(0); TILE];
    let mut low = [I::splat(HALF); TILE];
    let mut start = ring.first * ring.length;
    for [weight_high, weight_low] in weights.as_chunks::<2>().0 {
        // SAFETY: references are readable; `start` is that of one of the ring's rows, which the caller promises to
        // have the columns.
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
    std::array::from_fn(|column| {
        let byte = finish(high[column], low[column]).to_floats().max(black).min(white);
        byte.mul(scale).add(bias)
    })
}

/// The rounded sum; the bicubic filter may overshoot a byte.
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
