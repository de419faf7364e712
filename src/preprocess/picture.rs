//! Borrowed pictures: whole ones, or a part of one.

use std::fmt;

use super::layout::{Colours, Layout, RGBA, interleave, pair_up, pairs};
use crate::error::Error;
use crate::simd::I32x4;

/// The longest side of a picture, in pixels: JPEG's limit, and that of Chromium's canvas.
pub const MAX_IMAGE_SIDE: usize = 65_535;

/// A rectangle in a picture, in pixels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rect {
    /// First column.
    pub x: usize,
    /// First row.
    pub y: usize,
    /// Number of columns.
    pub width: usize,
    /// Number of rows.
    pub height: usize,
}

impl Rect {
    /// Whether it contains `other`. False if the end of `other` overflows.
    pub(super) fn holds(self, other: Self) -> bool {
        let within = |start: usize, length: usize, other_start: usize, other_length: usize| {
            let end = start.checked_add(length);
            let other_end = other_start.checked_add(other_length);
            start <= other_start && other_end.is_some_and(|other_end| Some(other_end) <= end)
        };
        within(self.x, self.width, other.x, other.width)
            && within(self.y, self.height, other.y, other.height)
    }
}

impl fmt::Display for Rect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} x {} at ({}, {})", self.width, self.height, self.x, self.y)
    }
}

/// A borrowed picture: rows from top to bottom, four bytes per pixel (red, green, blue, alpha), without gaps. This is
/// the layout of a canvas' `ImageData.data`.
#[derive(Debug, Clone, Copy)]
pub struct RgbaImage<'a> {
    width: usize,
    height: usize,
    pixels: &'a [u8],
}

impl<'a> RgbaImage<'a> {
    /// Takes `pixels` as a picture of `width` x `height`.
    ///
    /// # Errors
    /// [`Error::ImageSide`] if a side is not from 1 to [`MAX_IMAGE_SIDE`];
    /// [`Error::ImageLength`] if `pixels` doesn't have exactly `width * height * 4` bytes.
    pub fn new(width: usize, height: usize, pixels: &'a [u8]) -> Result<Self, Error> {
        check_sides(width, height)?;
        // In 64 bits: the largest picture's length overflows wasm's usize.
        let expected = width as u64 * height as u64 * RGBA as u64;
        if pixels.len() as u64 != expected {
            return Err(Error::ImageLength { width, height, expected, got: pixels.len() });
        }
        Ok(Self { width, height, pixels })
    }

    /// Pixels per row.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// Rows.
    #[must_use]
    pub fn height(&self) -> usize {
        self.height
    }

    /// The bytes.
    #[must_use]
    pub fn pixels(&self) -> &'a [u8] {
        self.pixels
    }
}

/// Checks that a picture may have these sides.
pub(super) fn check_sides(width: usize, height: usize) -> Result<(), Error> {
    let sides = 1..=MAX_IMAGE_SIDE;
    if sides.contains(&width) && sides.contains(&height) {
        Ok(())
    } else {
        Err(Error::ImageSide { width, height, max: MAX_IMAGE_SIDE })
    }
}

/// A borrowed rectangle of a picture. The rest of the picture need not be in memory.
#[derive(Debug, Clone, Copy)]
pub struct PicturePart<'a> {
    size: (usize, usize),
    rect: Rect,
    layout: Layout,
    /// Bytes from the start of one row to the next: of pixels, or of luma.
    stride: usize,
    pixels: &'a [u8],
}

impl<'a> PicturePart<'a> {
    /// Takes `pixels` as the rectangle `rect` of a picture of `width` x `height`: rows from top to bottom, four bytes
    /// per pixel (red, green, blue, alpha), `stride` bytes from the start of one row to the next. Bytes after the last
    /// pixel are ignored.
    ///
    /// # Errors
    /// [`Error::ImageSide`] if a side of the picture is not from 1 to [`MAX_IMAGE_SIDE`];
    /// [`Error::ImageRect`] if the rectangle is empty or reaches beyond the picture;
    /// [`Error::ImageRows`] if a row is longer than `stride`, or `pixels` is too short.
    pub fn new(
        (width, height): (usize, usize),
        rect: Rect,
        stride: usize,
        pixels: &'a [u8],
    ) -> Result<Self, Error> {
        check_rect((width, height), rect)?;
        let row = rect.width * RGBA;
        // In 64 bits, and saturating: the stride may be any number.
        let above = (stride.max(row) as u64).saturating_mul(rect.height as u64 - 1);
        let expected = above.saturating_add(row as u64);
        if stride < row || (pixels.len() as u64) < expected {
            return Err(Error::ImageRows { rect, row, expected, stride, got: pixels.len() });
        }
        Ok(Self { size: (width, height), rect, layout: Layout::Rgba, stride, pixels })
    }

    /// Takes `pixels` in any layout, without gaps between rows. If 2 x 2 pixels share their chroma, the rectangle must
    /// begin at an even column and row.
    ///
    /// # Errors
    /// [`Error::ImageSide`] and [`Error::ImageRect`] as in [`PicturePart::new`]; [`Error::ImageRect`] also if the
    /// rectangle begins at an odd column or row of pixels that share their chroma; [`Error::ImageLength`] if `pixels`
    /// doesn't have exactly [`Layout::bytes`].
    pub fn with_layout(
        size: (usize, usize),
        rect: Rect,
        layout: Layout,
        pixels: &'a [u8],
    ) -> Result<Self, Error> {
        check_rect(size, rect)?;
        let Rect { x, y, width, height } = rect;
        if layout.is_subsampled() && (x % 2, y % 2) != (0, 0) {
            return Err(Error::ImageRect { width: size.0, height: size.1, rect });
        }
        let expected = layout.bytes(width, height);
        if pixels.len() as u64 != expected {
            return Err(Error::ImageLength { width, height, expected, got: pixels.len() });
        }
        let stride = if layout.is_subsampled() { width } else { width * RGBA };
        Ok(Self { size, rect, layout, stride, pixels })
    }

    /// Width and height of the whole picture.
    pub(super) fn size(&self) -> (usize, usize) {
        self.size
    }

    /// The rectangle that is in memory.
    pub(super) fn rect(&self) -> Rect {
        self.rect
    }

    /// The meaning of its pixels' values.
    pub(super) fn colours(&self) -> Colours {
        self.layout.into()
    }

    /// The pixels of the picture's row `y` from column `x` to the end of the rectangle, four bytes each. `None` for
    /// layouts in planes.
    pub(super) fn pixels(&self, y: usize, x: usize) -> Option<&'a [u8]> {
        (!self.layout.is_subsampled()).then(|| self.row(y, x, RGBA))
    }

    /// Fills `pixels` with pixels of four bytes from the picture's row `y`, from the even column `x` on.
    pub(super) fn write_pixels<I: I32x4>(&self, y: usize, x: usize, pixels: &mut [u8]) {
        let width = pixels.len() / RGBA;
        let chroma = |plane: usize, bytes: usize| {
            let Rect { width: row, height: rows, .. } = self.rect;
            let (row, rows) = (row.div_ceil(2) * bytes, rows.div_ceil(2));
            let start = self.rect.width * self.rect.height + plane * row * rows;
            let row = &self.pixels[start + (y - self.rect.y) / 2 * row..][..row];
            &row[(x - self.rect.x) / 2 * bytes..][..width.div_ceil(2) * bytes]
        };
        match self.layout {
            Layout::Rgba | Layout::Bgra => {
                pixels.copy_from_slice(&self.row(y, x, RGBA)[..width * RGBA]);
            }
            Layout::I420(_) => {
                let planes = [0, 1].map(|plane| chroma(plane, 1));
                let luma = &self.row(y, x, 1)[..width];
                interleave::<I>(luma, |start| pair_up::<I>(planes, start), pixels);
            }
            Layout::Nv12(_) => {
                let row = chroma(0, 2).as_chunks().0;
                let luma = &self.row(y, x, 1)[..width];
                interleave::<I>(luma, |start| pairs(row, start), pixels);
            }
        }
    }

    /// The rest of row `y` from column `x` on, with `bytes` bytes per pixel.
    fn row(&self, y: usize, x: usize, bytes: usize) -> &'a [u8] {
        let start = (y - self.rect.y) * self.stride;
        &self.pixels[start..][(x - self.rect.x) * bytes..self.rect.width * bytes]
    }
}

/// Checks that `rect` is a part of a picture of these sides.
fn check_rect((width, height): (usize, usize), rect: Rect) -> Result<(), Error> {
    check_sides(width, height)?;
    let picture = Rect { x: 0, y: 0, width, height };
    if rect.width == 0 || rect.height == 0 || !picture.holds(rect) {
        return Err(Error::ImageRect { width, height, rect });
    }
    Ok(())
}

impl<'a> From<RgbaImage<'a>> for PicturePart<'a> {
    fn from(RgbaImage { width, height, pixels }: RgbaImage<'a>) -> Self {
        let rect = Rect { x: 0, y: 0, width, height };
        let (layout, stride) = (Layout::Rgba, width * RGBA);
        Self { size: (width, height), rect, layout, stride, pixels }
    }
}
