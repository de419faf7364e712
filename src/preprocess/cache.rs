//! One picture for several networks: what they resize alike is resized once.

use super::bands::Normalisation;
use super::{CHANNELS, Preprocessing};
use crate::buffer::with_room;
use crate::error::Error;

/// The resized and cropped forms of one picture.
#[derive(Debug, Default)]
pub struct ResizeCache {
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    /// Whose size, crop and filter it has.
    settings: Preprocessing,
    /// Bytes as floats, `[y][x][rgb]`.
    values: Vec<f32>,
    /// How many of its rows are those of the current picture.
    rows: usize,
}

impl ResizeCache {
    /// Begins another picture; the memory stays.
    pub fn clear(&mut self) {
        for entry in &mut self.entries {
            entry.rows = 0;
        }
    }

    /// How many rows there are of the current picture as `settings` resize it.
    pub(super) fn rows(&self, settings: &Preprocessing) -> usize {
        self.entry(settings).map_or(0, |entry| entry.rows)
    }

    /// The current picture as `settings` resize it, before normalisation, if it is whole.
    pub(super) fn values(&self, settings: &Preprocessing) -> Option<&[f32]> {
        let entry = self.entry(settings).filter(|entry| entry.rows == settings.crop)?;
        Some(&entry.values)
    }

    /// Has `resize` write the next rows, up to the row `end`.
    pub(super) fn extend(
        &mut self,
        settings: &Preprocessing,
        end: usize,
        resize: impl FnOnce(&mut [f32]),
    ) -> Result<(), Error> {
        let row = settings.crop * CHANNELS;
        let known = self.entries.iter().position(|entry| entry.settings.resizes_as(settings));
        let index = match known {
            Some(index) => index,
            None => {
                let mut values = with_room(settings.crop * row)?;
                values.resize(settings.crop * row, 0.0);
                self.entries.push(Entry { settings: settings.clone(), values, rows: 0 });
                self.entries.len() - 1
            }
        };
        let entry = &mut self.entries[index];
        resize(&mut entry.values[entry.rows * row..end * row]);
        entry.rows = end;
        Ok(())
    }

    fn entry(&self, settings: &Preprocessing) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.settings.resizes_as(settings))
    }
}

impl Preprocessing {
    /// Whether pictures are resized and cropped as by `other`, whatever the normalisation.
    fn resizes_as(&self, other: &Self) -> bool {
        let &Self { resize_short_side, crop, crop_start, interpolation, mean: _, std: _ } = self;
        (resize_short_side, crop, crop_start, interpolation)
            == (other.resize_short_side, other.crop, other.crop_start, other.interpolation)
    }
}

impl Normalisation {
    /// Leaves bytes as they are.
    pub(super) const NONE: Self = Self { scale: [1.0; 4], bias: [0.0; 4] };

    /// Normalises rows of `row_length` bytes, in the order of operations that the resize has.
    pub(super) fn apply(
        &self,
        bytes: &[f32],
        row_length: usize,
        output: &mut [f32],
        row_stride: usize,
    ) {
        // Four pixels at a time are three vectors.
        const VALUES: usize = 4 * CHANNELS;
        let scale: [f32; VALUES] = std::array::from_fn(|index| self.scale[index % CHANNELS]);
        let bias: [f32; VALUES] = std::array::from_fn(|index| self.bias[index % CHANNELS]);
        for (bytes, output) in bytes.chunks(row_length).zip(output.chunks_mut(row_stride)) {
            for (bytes, output) in bytes.chunks(VALUES).zip(output.chunks_mut(VALUES)) {
                for (index, (byte, output)) in bytes.iter().zip(output).enumerate() {
                    *output = byte * scale[index] + bias[index];
                }
            }
        }
    }
}
