//! Opens HDF5 files that have only weights, as `model.save_weights` writes them.
//!
//! Keras 2 lists the layers in an attribute, with names that differ between its versions. Keras 3 names a layer by its
//! class and its number among the layers of that class. Both load such a file by the order of the layers. So this
//! module names each layer by its class and number, and gives its tensors PyTorch's names and shapes:
//! `conv2d_3.weight`.

use std::collections::BTreeMap;

use super::hdf5::{Object, Reader};
use super::{FILE, malformed, transposed};
use crate::error::Error;
use crate::weights::ByteSource;
use crate::weights::format::folder::Window;
use crate::weights::format::index::{Entry, Index};
use crate::weights::format::{Tensors, short};

/// The attributes in which Keras 2 lists the layers of a model and the tensors of a layer.
const LAYERS: &str = "layer_names";
const WEIGHTS: &str = "weight_names";

/// The group of Keras 3 with the layers. Keras 2 writes it too, if the file's name ends with `.weights.h5`.
const GROUP: &str = "layers/";

/// A class of layers.
struct Class {
    name: &'static str,
    /// Keras's names of the parameters, in the order of their numbers in Keras 3, and PyTorch's names.
    parameters: &'static [(&'static str, &'static str)],
}

/// A dense layer counts as a 1x1 convolution.
const CLASSES: [Class; 3] = [
    Class { name: "conv2d", parameters: &[("kernel", "weight"), ("bias", "bias")] },
    Class {
        name: "depthwise_conv2d",
        parameters: &[("depthwise_kernel", "weight"), ("bias", "bias")],
    },
    Class {
        name: "batch_normalization",
        parameters: &[
            ("gamma", "weight"),
            ("beta", "bias"),
            ("moving_mean", "running_mean"),
            ("moving_variance", "running_var"),
        ],
    },
];

/// Keras 3's names of the classes, and their numbers in [`CLASSES`]. A network's dense layers come last.
const PLACES: [(&str, usize); 4] =
    [("conv2d", 0), ("dense", 0), ("depthwise_conv2d", 1), ("batch_normalization", 2)];

/// The tensors, by the names that the module's description explains.
struct Weights<'a> {
    index: Index<'a>,
    tensors: BTreeMap<String, Tensor>,
    /// The number of layers of each class.
    counts: [usize; CLASSES.len()],
    /// The number of bytes of the file.
    length: u64,
}

struct Tensor {
    /// Its name in the file.
    own: String,
    /// `[out, in, height, width]`, or `[channels]`.
    shape: Vec<usize>,
}

/// A parameter of a layer: its number, the path of its array, and the array.
type Parameter = (usize, String, Entry);

/// Opens a file. `root` is its first group.
pub(super) fn open<'a>(
    mut reader: Reader<'_>,
    root: u64,
    source: &'a dyn ByteSource,
) -> Result<Box<dyn Tensors + 'a>, Error> {
    let length = source.len();
    let mut index = Index::default();
    index.add_file(Box::new(Window::new(source, 0, length)));
    let counts = [0; CLASSES.len()];
    let mut weights = Weights { index, tensors: BTreeMap::new(), counts, length };
    match reader.names(root, LAYERS)? {
        Some(layers) => weights.add_listed(&mut reader, root, &layers)?,
        None => weights.add_placed(&mut reader, root)?,
    }
    Ok(Box::new(weights))
}

fn misfit(layer: &str, reason: &str) -> Error {
    let layer = short(layer);
    Error::UnknownNetwork { reason: format!("layer `{layer}` doesn't fit: {reason}") }
}

/// The reason for refusing inner models: the file doesn't show their layers' order, since trainable ones come first.
const NESTED: &str =
    "it has several layers in it, so load the whole model, as model.save(…) writes it";

impl Weights<'_> {
    /// Adds the layers that an attribute lists.
    fn add_listed(
        &mut self,
        reader: &mut Reader<'_>,
        root: u64,
        layers: &[String],
    ) -> Result<(), Error> {
        let (mut groups, mut arrays) = (BTreeMap::new(), BTreeMap::new());
        reader.walk(root, &mut |path, object| match object {
            Object::Group(header) => {
                groups.insert(path, header);
            }
            Object::Array(entry) => {
                arrays.insert(path, entry);
            }
        })?;
        reader.unpacked().for_each(|file| _ = self.index.add_file(file));
        for layer in layers {
            let listed = match groups.get(layer) {
                Some(&group) => reader.names(group, WEIGHTS)?,
                None => None,
            };
            let Some(listed) = listed else {
                let reason = format!("it has no group `{}` with {WEIGHTS}", short(layer));
                return Err(reader.error(reason));
            };
            let mut parts: Vec<(&str, &str)> = Vec::new();
            for name in &listed {
                let (owner, parameter) = name.rsplit_once('/').unwrap_or(("", name));
                parts.push((owner, parameter.strip_suffix(":0").unwrap_or(parameter)));
            }
            let Some(&(first, _)) = parts.first() else { continue };
            if parts.iter().any(|&(owner, _)| owner != first) {
                return Err(misfit(layer, NESTED));
            }
            let has = |class: &Class, parameter: &str| {
                class.parameters.iter().any(|&(name, _)| name == parameter)
            };
            let fits = |class: &Class| parts.iter().all(|&(_, parameter)| has(class, parameter));
            let Some(class) = CLASSES.iter().position(fits) else {
                let all: Vec<&str> =
                    parts.iter().take(4).map(|&(_, parameter)| parameter).collect();
                let reason =
                    format!("no layer of a MobileNet has the weights {}", short(&all.join(", ")));
                return Err(misfit(layer, &reason));
            };
            for (name, (_, parameter)) in listed.iter().zip(&parts) {
                let path = format!("{layer}/{name}");
                let Some((path, entry)) = arrays.remove_entry(&path) else {
                    return Err(reader.error(format!("it has no array `{}`", short(&path))));
                };
                let parameters = CLASSES[class].parameters;
                let number = parameters.iter().position(|(name, _)| name == parameter);
                self.add(class, number.unwrap_or_default(), path, entry)?;
            }
            self.counts[class] += 1;
        }
        Ok(())
    }

    /// Adds the layers that are named after their class and number.
    fn add_placed(&mut self, reader: &mut Reader<'_>, root: u64) -> Result<(), Error> {
        let mut arrays = Vec::new();
        reader.walk(root, &mut |path, object| {
            // The file may also have the optimizer beside the layers.
            if let Object::Array(entry) = object
                && path.starts_with(GROUP)
            {
                arrays.push((path, entry));
            }
        })?;
        reader.unpacked().for_each(|file| _ = self.index.add_file(file));
        if arrays.is_empty() {
            let reason = format!(
                "it has neither a model, as model.save(…) of Keras writes it, nor weights alone, as \
                 model.save_weights(…) does: no attribute {LAYERS}, and no arrays in a group `layers`"
            );
            return Err(reader.error(reason));
        }
        // A key is the class's number in `PLACES` and the layer's number.
        let mut layers: BTreeMap<(usize, usize), Vec<Parameter>> = BTreeMap::new();
        for (path, entry) in arrays {
            let below = path.strip_prefix(GROUP);
            let (layer, parameter) = below.unwrap_or_default().split_once('/').unwrap_or_default();
            // These are the random numbers of a dropout.
            if parameter.starts_with("seed_generator/") {
                continue;
            }
            if parameter.starts_with(GROUP) {
                return Err(misfit(layer, NESTED));
            }
            let (class, number) = match layer.rsplit_once('_') {
                Some((class, number)) => match number.parse() {
                    Ok(number) => (class, number),
                    Err(_) => (layer, 0),
                },
                None => (layer, 0),
            };
            let place = PLACES.iter().position(|&(name, _)| name == class);
            let parameter = parameter.strip_prefix("vars/").and_then(|number| number.parse().ok());
            match (place, parameter) {
                (Some(place), Some(parameter))
                    if parameter < CLASSES[PLACES[place].1].parameters.len() =>
                {
                    layers.entry((place, number)).or_default().push((parameter, path, entry));
                }
                _ => return Err(misfit(layer, "no MobileNet has a layer with such weights")),
            }
        }
        for ((place, _), parameters) in layers {
            let (_, class) = PLACES[place];
            for (parameter, path, entry) in parameters {
                self.add(class, parameter, path, entry)?;
            }
            self.counts[class] += 1;
        }
        Ok(())
    }

    /// Adds the tensor of the parameter with this number, for the next layer of a class.
    fn add(
        &mut self,
        class: usize,
        parameter: usize,
        path: String,
        entry: Entry,
    ) -> Result<(), Error> {
        let (number, class) = (self.counts[class], &CLASSES[class]);
        let (_, parameter) = class.parameters[parameter];
        let name = format!("{}_{number}.{parameter}", class.name);
        let own = path.strip_suffix(":0").unwrap_or(&path).to_owned();
        let shape = match entry.shape[..] {
            [height, width, channels, 1] if class.name == "depthwise_conv2d" => {
                vec![channels, 1, height, width]
            }
            [height, width, inputs, outputs] => vec![outputs, inputs, height, width],
            [inputs, outputs] => vec![outputs, inputs, 1, 1],
            _ => entry.shape.clone(),
        };
        let added = self.index.add(own.clone(), entry, self.length);
        added.map_err(|reason| malformed(FILE, reason))?;
        self.tensors.insert(name, Tensor { own, shape });
        Ok(())
    }

    /// The name of a tensor in the file, and the shape that the file should have for it if it has `shape` here.
    fn of_file(&self, name: &str, shape: &[usize]) -> Result<(&str, Vec<usize>), Error> {
        let Some(tensor) = self.tensors.get(name) else {
            return Err(Error::MissingTensor { tensor: name.to_owned(), shape: shape.into() });
        };
        let dense = self.index.shape(&tensor.own).is_some_and(|own| own.len() == 2);
        let shape = match *shape {
            [outputs, inputs, 1, 1] if dense => vec![inputs, outputs],
            [channels, 1, height, width] if name.starts_with("depthwise") => {
                vec![height, width, channels, 1]
            }
            [outputs, inputs, height, width] => vec![height, width, inputs, outputs],
            _ => shape.to_vec(),
        };
        Ok((&tensor.own, shape))
    }
}

impl Tensors for Weights<'_> {
    fn names(&self) -> Box<dyn Iterator<Item = &str> + '_> {
        Box::new(self.tensors.keys().map(|name| &**name))
    }

    fn own_name<'n>(&'n self, name: &'n str) -> &'n str {
        self.tensors.get(name).map_or(name, |tensor| &tensor.own)
    }

    fn shape(&self, name: &str) -> Option<&[usize]> {
        self.tensors.get(name).map(|tensor| &tensor.shape[..])
    }

    fn check(&self, name: &str, shape: &[usize]) -> Result<(), Error> {
        let (own, shape) = self.of_file(name, shape)?;
        self.index.check(own, &shape)
    }

    fn read(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, Error> {
        let (own, of_file) = self.of_file(name, shape)?;
        let values = self.index.read(own, &of_file)?;
        match *shape {
            [outputs, inputs, height, width] => {
                transposed(&values, outputs, inputs, height * width, &[1.0])
            }
            _ => Ok(values),
        }
    }
}
