//! Files that are read in pieces: a slice, or a JavaScript `Uint8Array` outside of wasm memory.

use crate::error::Error;

/// A file of known length.
pub trait ByteSource {
    /// Length in bytes.
    fn len(&self) -> u64;

    /// Whether there are no bytes.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Fills `buf` with the bytes from `offset` on.
    ///
    /// # Errors
    /// [`Error::Read`] if the range reaches beyond the end, or the bytes can't be read.
    fn read(&self, offset: u64, buf: &mut [u8]) -> Result<(), Error>;
}

impl ByteSource for &[u8] {
    fn len(&self) -> u64 {
        (**self).len() as u64
    }

    fn read(&self, offset: u64, buf: &mut [u8]) -> Result<(), Error> {
        let from = usize::try_from(offset).ok().and_then(|start| self.get(start..));
        let Some(bytes) = from.and_then(|from| from.get(..buf.len())) else {
            return Err(Error::Read {
                offset,
                length: buf.len(),
                reason: format!("there are {} bytes", ByteSource::len(self)),
            });
        };
        buf.copy_from_slice(bytes);
        Ok(())
    }
}
