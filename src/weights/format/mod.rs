//! File formats of named tensors, and `tflite` and `keras`, which have a graph that `graph` matches. To add a format of named
//! tensors, add a file here that implements [`Tensors`], and a line in `Checkpoint::open` (`checkpoint.rs`) that recognises its
//! first bytes.

#[cfg(feature = "foreign")]
pub(super) mod folder;
#[cfg(feature = "foreign")]
mod index;
#[cfg(feature = "foreign")]
pub(super) mod keras;
#[cfg(feature = "foreign")]
pub(super) mod pytorch;
mod safetensors;
#[cfg(feature = "foreign")]
pub(super) mod tflite;
#[cfg(feature = "foreign")]
pub(super) mod zip;

#[cfg(feature = "foreign")]
pub use folder::NamedFile;
pub(super) use safetensors::MAX_HEADER;

use super::ByteSource;
use crate::error::Error;

/// The most characters of a file's or a tensor's name that an error quotes.
#[cfg(feature = "foreign")]
const MAX_NAME: usize = 120;

/// Shortens a name for an error.
#[cfg(feature = "foreign")]
fn short(name: &str) -> String {
    name.chars().take(MAX_NAME).collect()
}

/// An open file of named tensors. Its index is checked against its length. Most formats have neither metadata nor signed
/// bytes.
pub(super) trait Tensors {
    /// The tensors' names.
    fn names(&self) -> Box<dyn Iterator<Item = &str> + '_>;

    /// The name that a tensor has in the file, for errors.
    fn own_name<'n>(&'n self, name: &'n str) -> &'n str {
        name
    }

    /// The shape of a tensor; `None` if there is no such tensor.
    fn shape(&self, name: &str) -> Option<&[usize]>;

    /// Whether there is a tensor of this name that has signed bytes.
    fn is_bytes(&self, _name: &str) -> bool {
        false
    }

    /// What the file says besides its tensors: JSON, or an empty text.
    fn metadata(&self) -> &str {
        ""
    }

    /// Checks that a tensor exists, has floats, and has this shape.
    fn check(&self, name: &str, shape: &[usize]) -> Result<(), Error>;

    /// Checks that a tensor exists, has signed bytes, and has this shape.
    fn check_bytes(&self, name: &str, shape: &[usize]) -> Result<(), Error> {
        Err(Error::MissingTensor { tensor: name.into(), shape: shape.into() })
    }

    /// Reads a tensor of floats of this shape; fails if a value is not finite.
    fn read(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, Error>;

    /// Reads a tensor of signed bytes of this shape.
    fn read_bytes(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, Error> {
        Err(Error::MissingTensor { tensor: name.into(), shape: shape.into() })
    }
}

/// Opens a file.
pub(super) fn open<'a>(source: &'a dyn ByteSource) -> Result<Box<dyn Tensors + 'a>, Error> {
    Ok(Box::new(safetensors::File::open(source)?))
}
