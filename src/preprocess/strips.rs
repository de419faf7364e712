//! A picture that is too large to be in memory as a whole: a band of the crop's rows at a time, from as much of the picture
//! as that band needs.

use super::bands::{Bands, Normalisation, Scratch, Tables};
use super::picture::{RGBA, Rect, RgbaPart};
use crate::buffer::with_room;
use crate::error::Error;
use crate::simd::NativeInts;

/// Bytes of a strip, about: a photo of 4000 x 3000 pixels is read in nine.
const STRIP: usize = 4 << 20;

/// A picture that is read in pieces.
pub trait Strips {
    /// Width and height of the whole picture, in pixels.
    fn size(&self) -> (usize, usize);

    /// Writes the pixels of `rect`, rows from top to bottom, four bytes each, without gaps.
    ///
    /// # Errors
    /// Whatever keeps the picture from being read.
    fn read(&mut self, rect: Rect, pixels: &mut [u8]) -> Result<(), Error>;
}

/// Writes the whole crop, of `crop` rows, from the picture that `tables` are for.
pub(super) fn run(
    strips: &mut dyn Strips,
    (tables, normalisation, crop): (&Tables, &Normalisation, usize),
    scratch: &mut Scratch,
    output: &mut [f32],
    row_stride: usize,
) -> Result<(), Error> {
    let Rect { width, height, .. } = tables.source();
    let rows = (crop * STRIP / (width * height * RGBA)).clamp(1, crop);
    let mut pixels = Vec::new();
    for y in (0..crop).step_by(rows) {
        let rows = y..crop.min(y + rows);
        let rect = tables.source_of(rows.clone());
        let len = rect.width * rect.height * RGBA;
        if pixels.len() < len {
            pixels = with_room(len)?;
            pixels.resize(len, 0);
        }
        strips.read(rect, &mut pixels[..len])?;
        let part = RgbaPart::new(strips.size(), rect, rect.width * RGBA, &pixels[..len])?;
        let bands = Bands { tables, part, normalisation, crop };
        bands.rows::<NativeInts>(rows, scratch, &mut output[y * row_stride..], row_stride);
    }
    Ok(())
}
