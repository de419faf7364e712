//! Allocations whose size a file or a caller decides: a failed one is an error, not a trap. Weights and activations get
//! memory aligned to a cache line.

use crate::error::Error;

/// One cache line.
#[repr(C, align(64))]
#[derive(Clone, Copy)]
struct Line([f32; LINE]);

/// `f32` values in a cache line.
pub const LINE: usize = 16;

/// An empty vector with room for `len` values, so that filling it allocates nothing.
///
/// # Errors
/// [`Error::OutOfMemory`] if the allocation fails.
pub fn with_room<T>(len: usize) -> Result<Vec<T>, Error> {
    let mut values = Vec::new();
    let bytes = (len as u64).saturating_mul(size_of::<T>() as u64);
    values.try_reserve_exact(len).map_err(|_| Error::OutOfMemory { bytes })?;
    Ok(values)
}

/// A fixed number of `f32`. The first starts a cache line, so that no vector of a packed panel crosses two lines.
#[derive(Clone)]
pub struct Buffer {
    lines: Vec<Line>,
    len: usize,
}

impl Buffer {
    /// `len` zeros.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`] if the allocation fails.
    pub fn zeros(len: usize) -> Result<Self, Error> {
        let mut lines = with_room(len.div_ceil(LINE))?;
        lines.resize(len.div_ceil(LINE), Line([0.0; LINE]));
        Ok(Self { lines, len })
    }

    /// The values as bytes, to store weights that are not floats.
    pub fn as_bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: a `Line` has no padding and any bytes are valid in it, `len` is at most 16 times the number of lines,
        // and the borrow is unique.
        unsafe {
            let bytes = self.len * size_of::<f32>();
            std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), bytes)
        }
    }

    /// Bytes that the buffer occupies.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of_val(self.lines.as_slice())
    }
}

impl std::ops::Deref for Buffer {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        // SAFETY: a `Line` is 16 `f32` without padding, and `len` is at most 16 times the number of lines.
        unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), self.len) }
    }
}

impl std::ops::DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f32] {
        // SAFETY: as in `deref`, and the borrow is unique.
        unsafe { std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), self.len) }
    }
}

impl std::fmt::Debug for Buffer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Buffer").field("len", &self.len).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::{Buffer, with_room};
    use crate::error::Error;

    #[test]
    fn starts_on_a_cache_line_and_holds_its_length() {
        for len in [0, 1, 16, 17, 1000] {
            let mut buffer = Buffer::zeros(len).unwrap();
            assert_eq!(buffer.len(), len);
            assert_eq!(buffer.as_ptr().addr() % 64, 0);
            buffer.fill(1.0);
            assert_eq!(buffer.iter().sum::<f32>(), len as f32);
        }
    }

    #[test]
    fn what_does_not_fit_memory_is_an_error() {
        let len = isize::MAX as usize / 4 - 63;
        let errors = [Buffer::zeros(len).unwrap_err(), with_room::<f32>(usize::MAX).unwrap_err()];
        for error in errors {
            assert!(
                matches!(error, Error::OutOfMemory { bytes } if bytes >= 4 * len as u64),
                "{error}"
            );
            assert_eq!(error.code(), "OUT_OF_MEMORY");
        }
    }
}
