//! The libraries that write checkpoints: how to recognise a library's files, its tensor names, and the settings that it
//! assumes without writing them to the file. To add a library, add a file here that implements [`Library`], and a
//! [`Flavour`].

mod folded;
mod keras;
mod tflite;
mod timm;
mod torchvision;
mod transformers;

use std::collections::BTreeSet;
use std::fmt;

#[cfg(feature = "foreign")]
pub(super) use keras::recognise as recognise_keras;

use super::format::Tensors;
use crate::arch::{Config, Conv, ConvKind, Family, Network, Padding, Rounding, Site, Version};
use crate::error::Error;
use crate::preprocess::{CropStart, IMAGENET, Interpolation};

/// The library that wrote a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Flavour {
    /// timm (pytorch-image-models), its `tf_*` networks included.
    Timm,
    /// torchvision.
    Torchvision,
    /// Hugging Face transformers.
    Transformers,
    /// TensorFlow Lite: the file has a graph of operators instead of a library's tensor names.
    Tflite,
    /// Keras 2 or 3, also converted for TensorFlow.js: the file has a graph of layers.
    Keras,
    /// Teachable Machine: a model of Keras with its own preprocessing.
    TeachableMachine,
    /// This crate: see [`Checkpoint::fold`](super::Checkpoint::fold).
    Folded,
}

impl fmt::Display for Flavour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Timm => "timm",
            Self::Torchvision => "torchvision",
            Self::Transformers => "transformers",
            Self::Tflite => "TensorFlow Lite",
            Self::Keras => "Keras",
            Self::TeachableMachine => "Teachable Machine",
            Self::Folded => "mobilenet-wasm",
        })
    }
}

/// The tensor names of a convolution.
pub(super) struct Module {
    /// `<conv>.weight`, and `<conv>.bias` if there is no batch normalisation.
    pub conv: String,
    /// `<norm>.{weight, bias, running_mean, running_var}`.
    pub norm: String,
}

/// How much longer the short side is after the resize than the centre crop.
pub(super) enum Margin {
    /// The crop is this share of the short side (timm's `crop_pct`).
    Share(f64),
    /// The short side is this many pixels longer.
    Pixels(usize),
}

/// The settings that a library assumes. `config.json` may override them.
///
/// Wrong padding, `eps` or input normalisation silently cost accuracy. Only implementations of [`Library`] make
/// assumptions about them.
pub(super) struct Conventions {
    /// Side of the input in pixels.
    pub resolution: usize,
    pub rounding: Rounding,
    pub padding: Padding,
    /// Added to batch normalisation's variance.
    pub eps: f64,
    pub interpolation: Interpolation,
    pub margin: Margin,
    pub crop_start: CropStart,
    pub mean: [f32; 3],
    pub std: [f32; 3],
}

/// Maps 0..1 to -1..1.
const INCEPTION: ([f32; 3], [f32; 3]) = ([0.5; 3], [0.5; 3]);

/// A network that a configuration names.
pub(super) struct Architecture {
    pub version: Version,
    pub minimalistic: bool,
    /// Whether its weights come from TensorFlow.
    pub tensorflow: bool,
    /// The width multiplier, if the name has it.
    pub width: Option<f64>,
}

impl Architecture {
    /// The network of this name in any library.
    pub fn parse(name: &str) -> Option<Self> {
        Flavour::NAMING.iter().find_map(|flavour| flavour.library().architecture(name))
    }
}

/// The properties of a library. Those whose files have a graph have no tensor names.
pub(super) trait Library {
    /// The settings that it assumes; `tensorflow` says that the weights come from TensorFlow.
    fn conventions(&self, version: Version, tensorflow: bool) -> Conventions;

    /// The networks that it has.
    fn versions(&self) -> &'static [Version] {
        &[]
    }

    /// The network of this name.
    fn architecture(&self, _name: &str) -> Option<Architecture> {
        None
    }

    /// The tensor names of a site; `None` if its networks have no such layer.
    fn module(&self, _network: &Network, _site: Site) -> Option<Module> {
        None
    }

    /// The repeated part of the network that a tensor belongs to, such as timm's `blocks.3.1`.
    fn block<'a>(&self, _tensor: &'a str) -> Option<&'a str> {
        None
    }

    /// Whether a file of this network of V3 is of its minimalistic form.
    fn is_minimalistic(&self, _network: &Network, _file: &dyn Tensors) -> bool {
        false
    }

    /// Whether the weight of the layer at a site is a matrix, as `nn.Linear` has it. All other layers are convolutions
    /// in PyTorch.
    fn is_linear(&self, site: Site) -> bool {
        site == Site::Classifier
    }
}

impl Flavour {
    /// The other libraries: those that the weights of a folded file may come from.
    pub const OTHERS: [Self; 6] = [
        Self::Timm,
        Self::Torchvision,
        Self::Transformers,
        Self::Tflite,
        Self::Keras,
        Self::TeachableMachine,
    ];

    /// The libraries that are recognised by the tensor names of a file of any format.
    const NAMING: [Self; 3] = [Self::Timm, Self::Torchvision, Self::Transformers];

    /// Its name in files and in the package: `timm`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Timm => "timm",
            Self::Torchvision => "torchvision",
            Self::Transformers => "transformers",
            Self::Tflite => "tflite",
            Self::Keras => "keras",
            Self::TeachableMachine => "teachable-machine",
            Self::Folded => "folded",
        }
    }

    /// The properties of the library.
    pub(super) fn library(self) -> &'static dyn Library {
        match self {
            Self::Timm => &timm::Timm,
            Self::Torchvision => &torchvision::Torchvision,
            Self::Transformers => &transformers::Transformers,
            Self::Tflite => &tflite::Tflite,
            Self::Keras => &keras::Keras,
            Self::TeachableMachine => &keras::TeachableMachine,
            Self::Folded => &folded::Folded,
        }
    }

    /// The tensor names of a site.
    pub(super) fn module(self, network: &Network, site: Site) -> Result<Module, Error> {
        self.library().module(network, site).ok_or_else(|| Error::Network {
            site,
            reason: match network.version {
                Some(version) => format!("{self}'s {version} has no such layer"),
                None => format!("{self} has no such layer"),
            },
        })
    }

    /// The shape of a site's weight tensor.
    pub(super) fn weight_shape(self, site: Site, conv: &Conv) -> Vec<usize> {
        let inputs = if conv.kind == ConvKind::Depthwise { 1 } else { conv.in_channels };
        let mut shape = vec![conv.out_channels, inputs];
        if !self.library().is_linear(site) {
            shape.extend([conv.kernel, conv.kernel]);
        }
        shape
    }
}

/// The first `parts` parts of a dotted name, if there are more.
fn prefix(tensor: &str, parts: usize) -> Option<&str> {
    let end = tensor.match_indices('.').nth(parts - 1)?.0;
    Some(&tensor[..end])
}

/// What the tensor names reveal.
pub(super) struct Recognised {
    pub flavour: Flavour,
    pub version: Version,
    pub minimalistic: bool,
}

/// Finds the library and version whose block names are exactly those of the file.
pub(super) fn recognise(file: &dyn Tensors) -> Result<Recognised, Error> {
    for flavour in Flavour::NAMING {
        if let Some(recognised) = recognise_as(file, flavour)? {
            return Ok(recognised);
        }
    }
    let mut names = file.names();
    let first: Vec<&str> = names.by_ref().take(3).collect();
    let rest = names.count();
    Err(Error::UnknownNetwork {
        reason: format!(
            "the tensor names ({}, and {rest} more) are not those of a network from timm, torchvision or transformers \
             that is known here: {}",
            first.join(", "),
            Version::ALL.map(|version| version.to_string()).join(", ")
        ),
    })
}

/// Finds the version of a library whose block names are exactly those of the file.
fn recognise_as(file: &dyn Tensors, flavour: Flavour) -> Result<Option<Recognised>, Error> {
    let library = flavour.library();
    // `collect` would sort the names first, with the standard library's sort: see `crate::sort`.
    let mut found = BTreeSet::new();
    found.extend(file.names().filter_map(|name| library.block(name)));
    for &version in library.versions() {
        let network = Network::new(&Config::new(version))?;
        let mut modules = Vec::new();
        for (site, _) in network.sites() {
            modules.push(flavour.module(&network, site)?.conv + ".weight");
        }
        let mut expected = BTreeSet::new();
        expected.extend(modules.iter().filter_map(|name| library.block(name)));
        if found == expected {
            let minimalistic =
                version.family() == Family::V3 && library.is_minimalistic(&network, file);
            return Ok(Some(Recognised { flavour, version, minimalistic }));
        }
    }
    Ok(None)
}
