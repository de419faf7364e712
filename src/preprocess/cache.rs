//! A cache of resized pictures, so that networks with the same resize settings share the work.

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
    /// The settings with its size, crop and filter; their normalisation is not applied.
    settings: Preprocessing,
    /// Values from 0 to 255, `[y][x][rgb]`.
    values: Vec<f32>,
    /// Number of rows that belong to the current picture.
    rows: usize,
}

impl ResizeCache {
    /// Starts a new picture. Keeps the memory.
    pub fn clear(&mut self) {
        for entry in &mut self.entries {
            entry.rows = 0;
        }
    }

    /// Number of rows of the current picture that are resized with `settings`.
    pub(super) fn rows(&self, settings: &Preprocessing) -> usize {
        self.entry(settings).map_or(0, |entry| entry.rows)
    }

    /// The current picture resized with `settings`, not normalised; `None` if rows are missing.
    pub(super) fn values(&self, settings: &Preprocessing) -> Option<&[f32]> {
        let entry = self.entry(settings).filter(|entry| entry.rows == settings.crop)?;
        Some(&entry.values)
    }

    /// Lets `resize` write the next rows, up to the row `end`.
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
    /// Whether both settings resize and crop in the same way. The normalisation may differ.
    fn resizes_as(&self, other: &Self) -> bool {
        let &Self { resize_short_side, crop, crop_start, interpolation, mean: _, std: _ } = self;
        (resize_short_side, crop, crop_start, interpolation)
            == (other.resize_short_side, other.crop, other.crop_start, other.interpolation)
    }
}

impl Normalisation {
    /// Leaves values unchanged.
    pub(super) const NONE: Self = Self { scale: [1.0; 4], bias: [0.0; 4] };

    /// Normalises rows of `row_length` values with the same operations as the resize, so that the bits are equal.
    pub(super) fn apply(
        &self,
        bytes: &[f32],
        row_length: usize,
        output: &mut [f32],
        row_stride: usize,
    ) {
        // Four pixels fill three vectors.
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
