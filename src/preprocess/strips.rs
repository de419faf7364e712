//! Splits large pictures into strips, so that only one strip needs to be in memory at a time.

use std::ops::Range;

use super::bands::Tables;
use super::layout::RGBA;
use super::picture::Rect;

/// A picture whose source rectangle has at most this many bytes of RGBA is read at once: 2048 x 2048 pixels.
pub const WHOLE: usize = 16 << 20;

/// Approximate bytes of RGBA in a strip of a larger picture. Strips of this size fit the processor's cache: copying the
/// crop of a photo of 4000 x 3000 pixels takes 5 ms in strips and 7 ms at once.
const STRIP: usize = 2 << 20;

/// Some rows of the crop, and the source rectangle that they need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Strip {
    pub rows: Range<usize>,
    pub source: Rect,
}

impl Strip {
    /// The strip that begins with the crop's row `start`; `None` at the end of the crop.
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
