//! The conventions of Keras, and of Teachable Machine, which trains a head on one of Keras's networks.

use super::{Conventions, INCEPTION, Library, Margin};
#[cfg(feature = "foreign")]
use super::{Flavour, Module, Recognised, prefix, recognise_as};
#[cfg(feature = "foreign")]
use crate::arch::{Config, ConvKind, Network, Site};
use crate::arch::{Padding, Rounding, Version};
#[cfg(feature = "foreign")]
use crate::error::Error;
use crate::preprocess::{CropStart, Interpolation};
#[cfg(feature = "foreign")]
use crate::weights::format::Tensors;

/// See the module.
pub(super) struct Keras;

/// See the module.
pub(super) struct TeachableMachine;

impl Library for Keras {
    /// The crop of `smart_resize` in keras/src/utils/image_utils.py: the largest square in the centre, bilinear. The
    /// values of `preprocess_input` for keras.applications' MobileNets: -1..1.
    fn conventions(&self, _version: Version, _tensorflow: bool) -> Conventions {
        let (mean, std) = INCEPTION;
        Conventions {
            resolution: 224,
            rounding: Rounding::Keras,
            padding: Padding::Same,
            eps: 1e-3,
            interpolation: Interpolation::Bilinear,
            margin: Margin::Share(1.0),
            crop_start: CropStart::First,
            mean,
            std,
        }
    }

    #[cfg(feature = "foreign")]
    fn versions(&self) -> &'static [Version] {
        &[Version::V1, Version::V2, Version::V3Small, Version::V3Large]
    }

    /// The names that `format/keras/weights.rs` gives: a class of layers, and the layer's number in the class.
    #[cfg(feature = "foreign")]
    fn module(&self, network: &Network, site: Site) -> Option<Module> {
        let (mut mixing, mut depthwise, mut norms) = (0, 0, 0);
        for (other, conv) in network.sites() {
            let (class, number) = if conv.kind == ConvKind::Depthwise {
                ("depthwise_conv2d", &mut depthwise)
            } else {
                ("conv2d", &mut mixing)
            };
            if other == site {
                let conv = format!("{class}_{number}");
                return Some(Module { conv, norm: format!("batch_normalization_{norms}") });
            }
            *number += 1;
            norms += usize::from(conv.batch_norm);
        }
        None
    }

    /// The depthwise convolutions count as blocks, because each version has another number of them.
    #[cfg(feature = "foreign")]
    fn block<'a>(&self, tensor: &'a str) -> Option<&'a str> {
        if tensor.starts_with("depthwise_conv2d_") { prefix(tensor, 1) } else { None }
    }

    /// Without squeeze-and-excite the file has fewer convolutions, so that none has the number of the map's last one.
    #[cfg(feature = "foreign")]
    fn is_minimalistic(&self, network: &Network, file: &dyn Tensors) -> bool {
        let last = self.module(network, Site::Last);
        last.is_some_and(|last| file.shape(&(last.conv + ".weight")).is_none())
    }

    /// A dense layer counts as a 1x1 convolution.
    #[cfg(feature = "foreign")]
    fn is_linear(&self, _site: Site) -> bool {
        false
    }
}

/// Recognises the network of a file that has only weights.
#[cfg(feature = "foreign")]
pub(in crate::weights) fn recognise(file: &dyn Tensors) -> Result<Recognised, Error> {
    let depthwise = |network: &Network| {
        network.sites().filter(|(_, conv)| conv.kind == ConvKind::Depthwise).count()
    };
    let Some(recognised) = recognise_as(file, Flavour::Keras)? else {
        let mut known = Vec::new();
        for &version in Keras.versions() {
            let count = depthwise(&Network::new(&Config::new(version))?);
            known.push(format!("{version} has {count}"));
        }
        let count = file
            .names()
            .filter(|name| name.starts_with("depthwise_conv2d_") && name.ends_with(".weight"));
        let first: Vec<&str> = file.names().take(3).map(|name| file.own_name(name)).collect();
        return Err(Error::UnknownNetwork {
            reason: format!(
                "the file of Keras's weights (with {}) has {} depthwise convolutions, where {}",
                first.join(", "),
                count.count(),
                known.join(", ")
            ),
        });
    };
    let Recognised { version, minimalistic, .. } = recognised;
    let network = Network::new(&Config { minimalistic, ..Config::new(version) })?;
    let classifier = Flavour::Keras.module(&network, Site::Classifier)?.conv + ".weight";
    if file.shape(&classifier).is_none() {
        return Err(Error::UnknownNetwork {
            reason: format!(
                "the weights of Keras's {version} have no classifier: make the model with include_top=True"
            ),
        });
    }
    Ok(recognised)
}

impl Library for TeachableMachine {
    /// As `cropTo` and `capture` of @teachablemachine/image do: the browser draws the largest square in the centre, and
    /// the values are `x / 127 - 1`.
    fn conventions(&self, version: Version, tensorflow: bool) -> Conventions {
        let (mean, std) = ([127.0 / 255.0; 3], [127.0 / 255.0; 3]);
        Conventions { mean, std, ..Keras.conventions(version, tensorflow) }
    }
}
