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
    /// Whether they are those of the current picture.
    current: bool,
}

impl ResizeCache {
    /// Begins another picture; the memory stays.
    pub fn clear(&mut self) {
        for entry in &mut self.entries {
            entry.current = false;
        }
    }

    /// The current picture as `settings` resize it, before normalisation. `resize` makes it, unless it is there.
    pub(super) fn values(
        &mut self,
        settings: &Preprocessing,
        resize: impl FnOnce(&mut [f32]),
    ) -> Result<&[f32], Error> {
        let known = self.entries.iter().position(|entry| entry.settings.resizes_as(settings));
        let index = match known {
            Some(index) => index,
            None => {
                let len = settings.crop * settings.crop * CHANNELS;
                let mut values = with_room(len)?;
                values.resize(len, 0.0);
                self.entries.push(Entry { settings: settings.clone(), values, current: false });
                self.entries.len() - 1
            }
        };
        let entry = &mut self.entries[index];
        if !entry.current {
            resize(&mut entry.values);
            entry.current = true;
        }
        Ok(&entry.values)
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

    /// Normalises the bytes of a row, in the order of operations that the resize has.
    pub(super) fn apply(&self, bytes: &[f32], output: &mut [f32]) {
        // Four pixels at a time are three vectors.
        const VALUES: usize = 4 * CHANNELS;
        let scale: [f32; VALUES] = std::array::from_fn(|index| self.scale[index % CHANNELS]);
        let bias: [f32; VALUES] = std::array::from_fn(|index| self.bias[index % CHANNELS]);
        for (bytes, output) in bytes.chunks(VALUES).zip(output.chunks_mut(VALUES)) {
            for (index, (byte, output)) in bytes.iter().zip(output).enumerate() {
                *output = byte * scale[index] + bias[index];
            }
        }
    }
}
