//! Opens whole models as Keras saves them: an HDF5 file with the topology as an attribute (`.h5`), or a zip archive of
//! the topology and an HDF5 file of weights (`.keras`).

use super::hdf5::{Object, Reader};
use super::{FILE, Model, Naming, malformed, weights};
use crate::error::Error;
use crate::weights::ByteSource;
use crate::weights::format::Tensors;
use crate::weights::format::folder::{Folder, Window};
use crate::weights::format::index::Index;

/// The file with the topology in a `.keras` archive, and the file with the weights.
const TOPOLOGY: &str = "config.json";
pub(super) const WEIGHTS: &str = "model.weights.h5";
/// The group of that file with the layers; the optimizer has another.
const LAYERS: &str = "layers";
/// The group of a `.h5` file with the weights, and the attribute with the topology.
const GROUP: &str = "model_weights";
const ATTRIBUTE: &str = "model_config";

/// The content of an HDF5 file.
pub(in crate::weights) enum Hdf5<'a> {
    Model(Model<'a>),
    /// Only weights.
    Weights(Box<dyn Tensors + 'a>),
}

/// Opens an HDF5 file.
pub(in crate::weights) fn open(source: &dyn ByteSource) -> Result<Hdf5<'_>, Error> {
    let length = source.len();
    let mut reader = Reader::new(source, FILE, length);
    let root = reader.root()?;
    let Some(topology) = reader.text(root, ATTRIBUTE)? else {
        return weights::open(reader, root, source).map(Hdf5::Weights);
    };
    let Some(group) = reader.child(root, GROUP)? else {
        return Err(reader.error(format!("it has no group {GROUP}")));
    };
    let mut found = Vec::new();
    reader.walk(group, &mut |name, object| {
        if let Object::Array(entry) = object {
            found.push((name.strip_suffix(":0").unwrap_or(&name).to_owned(), entry));
        }
    })?;
    let mut index = Index::default();
    index.add_file(Box::new(Window::new(source, 0, length)));
    reader.unpacked().for_each(|file| _ = index.add_file(file));
    for (name, entry) in found {
        index.add(name, entry, length).map_err(|reason| reader.error(reason))?;
    }
    let tensors = Box::new(index);
    Ok(Hdf5::Model(Model { file: ATTRIBUTE, topology, tensors, naming: Naming::Layers, length }))
}

/// Opens the model of a `.keras` archive, which has `length` bytes.
pub(super) fn open_archive<'a>(folder: &Folder<'a>, length: u64) -> Result<Model<'a>, Error> {
    let Some(topology) = folder.text(TOPOLOGY)? else {
        return Err(malformed(TOPOLOGY, "it is missing".to_owned()));
    };
    let source = folder.open(WEIGHTS)?;
    let mut reader = Reader::new(&*source, WEIGHTS, length);
    let root = reader.root()?;
    let mut found = Vec::new();
    if let Some(layers) = reader.child(root, LAYERS)? {
        reader.walk(layers, &mut |name, object| {
            if let Object::Array(entry) = object {
                found.push((format!("{LAYERS}/{name}"), entry));
            }
        })?;
    }
    let unpacked = reader.unpacked();
    let mut index = Index::default();
    index.add_file(source);
    unpacked.for_each(|file| _ = index.add_file(file));
    for (name, entry) in found {
        index.add(name, entry, length).map_err(|reason| malformed(WEIGHTS, reason))?;
    }
    let tensors = Box::new(index);
    Ok(Model { file: TOPOLOGY, topology, tensors, naming: Naming::Places, length })
}
