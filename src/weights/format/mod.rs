//! File formats of named tensors, and `tflite` and `keras`, which have a graph that `graph` matches. To add a format of named
//! tensors, add a file here that implements [`Tensors`], and a line in [`open`] that recognises its first bytes.

pub(super) mod folder;
mod index;
pub(super) mod keras;
pub(super) mod pytorch;
mod safetensors;
pub(super) mod tflite;
pub(super) mod zip;

pub use folder::NamedFile;

use super::ByteSource;
use crate::error::Error;

/// The most characters of a file's or a tensor's name that an error quotes.
const MAX_NAME: usize = 120;

/// Shortens a name for an error.
fn short(name: &str) -> String {
    name.chars().take(MAX_NAME).collect()
}

/// An open file of named tensors. Its index is checked against its length.
pub(super) trait Tensors {
    /// The tensors' names.
    fn names(&self) -> Box<dyn Iterator<Item = &str> + '_>;

    /// The shape of a tensor; `None` if there is no such tensor.
    fn shape(&self, name: &str) -> Option<&[usize]>;

    /// Checks that a tensor exists, has floats, and has this shape.
    fn check(&self, name: &str, shape: &[usize]) -> Result<(), Error>;

    /// Reads a tensor of this shape as `f32`; fails if a value is not finite.
    fn read(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, Error>;
}

/// Opens a file.
pub(super) fn open<'a>(source: &'a dyn ByteSource) -> Result<Box<dyn Tensors + 'a>, Error> {
    Ok(Box::new(safetensors::File::open(source)?))
}
