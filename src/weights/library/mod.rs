//! The libraries that write checkpoints: whose a file is, how that library names the tensors, and what it takes for
//! granted without writing it into the file. To add one: a file here that implements [`Library`], and a [`Flavour`].

mod tflite;
mod timm;
mod torchvision;
mod transformers;

use std::collections::BTreeSet;
use std::fmt;

use super::format::Tensors;
use crate::arch::{Config, Conv, ConvKind, Family, Network, Padding, Rounding, Site, Version};
use crate::error::Error;
use crate::preprocess::{CropStart, Interpolation};

/// The library that wrote a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Flavour {
    /// timm (pytorch-image-models), its `tf_*` networks included.
    Timm,
    /// torchvision.
    Torchvision,
    /// Hugging Face transformers.
    Transformers,
    /// TensorFlow Lite: the file has the graph itself, and no library's names.
    Tflite,
}

impl fmt::Display for Flavour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Timm => "timm",
            Self::Torchvision => "torchvision",
            Self::Transformers => "transformers",
            Self::Tflite => "TensorFlow Lite",
        })
    }
}

/// Where a convolution's tensors are.
pub(super) struct Module {
    /// `<conv>.weight`, and `<conv>.bias` where there is no batch normalisation.
    pub conv: String,
    /// `<norm>.{weight, bias, running_mean, running_var}`.
    pub norm: String,
}

/// How much larger than its centre crop a picture's short side becomes.
pub(super) enum Margin {
    /// The crop is this share of it (timm's `crop_pct`).
    Share(f64),
    /// It is this many pixels longer.
    Pixels(usize),
}

/// What a flavour takes for granted; `config.json` may say otherwise.
///
/// Padding, `eps` and the normalisation of the input are what silently costs accuracy when it is wrong: this is the
/// only place where they are assumed.
pub(super) struct Conventions {
    /// Side of the input, pixels.
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

/// ImageNet's mean and standard deviation.
const IMAGENET: ([f32; 3], [f32; 3]) = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]);
/// From 0..1 to -1..1.
const INCEPTION: ([f32; 3], [f32; 3]) = ([0.5; 3], [0.5; 3]);

/// A network that a configuration names.
pub(super) struct Architecture {
    pub version: Version,
    pub minimalistic: bool,
    /// Whether it carries TensorFlow's weights.
    pub tensorflow: bool,
    /// The width multiplier, if the name tells.
    pub width: Option<f64>,
}

impl Architecture {
    /// The network of this name in any library.
    pub fn parse(name: &str) -> Option<Self> {
        Flavour::ALL.iter().find_map(|flavour| flavour.library().architecture(name))
    }
}

/// What is known of a library.
pub(super) trait Library {
    /// The versions that it has.
    fn versions(&self) -> &'static [Version];

    /// The network of this name.
    fn architecture(&self, name: &str) -> Option<Architecture>;

    /// What it takes for granted. `tensorflow`: the network carries TensorFlow's weights.
    fn conventions(&self, version: Version, tensorflow: bool) -> Conventions;

    /// Where the tensors of a site are; `None` where its networks have no such layer.
    fn module(&self, network: &Network, site: Site) -> Option<Module>;

    /// The repeated part of the network that a tensor belongs to, such as timm's `blocks.3.1`.
    fn block<'a>(&self, tensor: &'a str) -> Option<&'a str>;

    /// Whether a site is `nn.Linear` there: all else is a convolution to PyTorch.
    fn is_linear(&self, site: Site) -> bool {
        site == Site::Classifier
    }
}

impl Flavour {
    /// Those that are told by the names of tensors.
    const ALL: [Self; 3] = [Self::Timm, Self::Torchvision, Self::Transformers];

    /// What is known of it.
    pub(super) fn library(self) -> &'static dyn Library {
        match self {
            Self::Timm => &timm::Timm,
            Self::Torchvision => &torchvision::Torchvision,
            Self::Transformers => &transformers::Transformers,
            Self::Tflite => &tflite::Tflite,
        }
    }

    /// Where the tensors of a site are.
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

/// What tensor names alone tell.
pub(super) struct Recognised {
    pub flavour: Flavour,
    pub version: Version,
    pub minimalistic: bool,
}

/// Finds the flavour and version whose blocks are those of the file.
pub(super) fn recognise(file: &dyn Tensors) -> Result<Recognised, Error> {
    for flavour in Flavour::ALL {
        let library = flavour.library();
        // Not collected, which would sort them first: see `crate::sort`.
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
                let minimalistic = flavour == Flavour::Timm
                    && version.family() == Family::V3
                    && !file.names().any(|name| name.contains(".se."));
                return Ok(Recognised { flavour, version, minimalistic });
            }
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
