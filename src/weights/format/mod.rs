//! File formats of tensors, and `tflite`, which has a graph too and is matched by `graph`. To add one of tensors: a file here that implements [`Tensors`], and a line in [`open`] that knows it by
//! its first bytes.

mod safetensors;
pub(super) mod tflite;

use super::ByteSource;
use crate::error::Error;

/// An open file of named tensors, whose index has been checked against its length.
pub(super) trait Tensors {
    /// The tensors' names.
    fn names(&self) -> Box<dyn Iterator<Item = &str> + '_>;

    /// The shape of a tensor, if there is such a tensor.
    fn shape(&self, name: &str) -> Option<&[usize]>;

    /// Says whether a tensor can be read as floats of this shape.
    fn check(&self, name: &str, shape: &[usize]) -> Result<(), Error>;

    /// Reads a tensor of this shape as `f32`, all finite.
    fn read(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, Error>;
}

/// Opens a file.
pub(super) fn open<'a>(source: &'a dyn ByteSource) -> Result<Box<dyn Tensors + 'a>, Error> {
    Ok(Box::new(safetensors::File::open(source)?))
}
