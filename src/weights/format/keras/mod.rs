//! Opens models of Keras in their file formats. A model is a topology, as JSON, and tensors.

mod hdf5;
mod saved;
mod tfjs;
mod topology;
mod weights;

use super::Tensors;
use super::folder::Folder;
use crate::buffer::with_room;
use crate::error::Error;

pub(in crate::weights) use hdf5::is_hdf5;
pub(in crate::weights) use saved::{Hdf5, open as open_hdf5};
pub(in crate::weights) use tfjs::Metadata;
pub(in crate::weights) use topology::{Input, Layer, Topology, field};

/// The name of a `.h5` file in errors.
const FILE: &str = "the HDF5 file";

/// The shares of red, green and blue in the grey that Teachable Machine's embedded models read.
pub(in crate::weights) const GREY: [f32; 3] = [0.2989, 0.587, 0.114];

/// An opened model.
pub(in crate::weights) struct Model<'a> {
    /// The name of the file with the topology.
    pub file: &'static str,
    /// The topology's JSON.
    pub topology: String,
    pub tensors: Box<dyn Tensors + 'a>,
    pub naming: Naming,
    /// The number of bytes of all its files.
    pub length: u64,
}

/// How a layer's tensors are named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::weights) enum Naming {
    /// By the layer's own name and the parameter's name.
    Layers,
    /// By the layer's place in its model, such as `layers/conv2d_3`, and the parameter's number.
    Places,
}

impl<'a> Model<'a> {
    /// Opens the model of a folder; `None` if the folder has none. The folder has `length` bytes.
    pub fn open(folder: &Folder<'a>, length: u64) -> Result<Option<Self>, Error> {
        if folder.find(tfjs::FILE).is_some() {
            return tfjs::open(folder, length).map(Some);
        }
        if folder.find(saved::WEIGHTS).is_some() {
            return saved::open_archive(folder, length).map(Some);
        }
        Ok(None)
    }
}

/// An error about the file of this name.
fn malformed(file: &str, reason: String) -> Error {
    Error::File { file: file.to_owned(), reason }
}

/// Transposes a layer's kernel of `taps` pixels from `[ky][kx][in][out]` to `[out][in][ky][kx]`. A depthwise kernel has
/// one input for each output. Each input is repeated for each of `shares` and multiplied by it.
pub(in crate::weights) fn transposed(
    values: &[f32],
    outputs: usize,
    inputs: usize,
    taps: usize,
    shares: &[f32],
) -> Result<Vec<f32>, Error> {
    let count = values.len() * shares.len();
    let mut weight = with_room(count)?;
    weight.resize(count, 0.0);
    for (index, value) in values.iter().enumerate() {
        let (outer, output) = (index / outputs, index % outputs);
        let (tap, input) = (outer / inputs, outer % inputs);
        for (channel, share) in shares.iter().enumerate() {
            let input = input * shares.len() + channel;
            let row = output * inputs * shares.len() + input;
            if let Some(place) = weight.get_mut(row * taps + tap) {
                *place = value * share;
            }
        }
    }
    Ok(weight)
}
