//! Whose checkpoint it is, and what that library takes for granted without writing it into the file.

use std::collections::BTreeSet;
use std::fmt;

use super::tensor_file::TensorFile;
use super::{timm, torchvision, transformers};
use crate::arch::{Config, Conv, ConvKind, Network, Padding, Rounding, Site, Version};
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
}

impl fmt::Display for Flavour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Timm => "timm",
            Self::Torchvision => "torchvision",
            Self::Transformers => "transformers",
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

impl Flavour {
    /// What is taken for granted. `tensorflow`: timm's `tf_*` networks, which carry TensorFlow's weights.
    pub(super) fn conventions(self, version: Version, tensorflow: bool) -> Conventions {
        let v3 = matches!(version, Version::V3Small | Version::V3Large);
        let (rounding, padding, eps, interpolation, margin, (mean, std)) = match self {
            // timm/models/mobilenetv3.py: `bn_eps=BN_EPS_TF_DEFAULT, pad_type='same'` and `_cfg` of each `tf_*`.
            Self::Timm if tensorflow => (
                Rounding::Timm,
                Padding::Same,
                1e-3,
                Interpolation::Bilinear,
                Margin::Share(0.875),
                INCEPTION,
            ),
            // timm's V1 weights were trained on -1..1 (`mobilenetv1_100.ra4_e3600_r224_in1k`), the others not.
            Self::Timm => {
                let range = if version == Version::V1 { INCEPTION } else { IMAGENET };
                (
                    Rounding::Timm,
                    Padding::Symmetric,
                    1e-5,
                    Interpolation::Bicubic,
                    Margin::Share(0.875),
                    range,
                )
            }
            // torchvision/models/mobilenetv3.py: `eps=0.001`; mobilenetv2.py: nn.BatchNorm2d's default.
            // transforms/_presets.py: resize 256, crop 224, bilinear.
            Self::Torchvision => {
                let eps = if v3 { 1e-3 } else { 1e-5 };
                let margin = Margin::Share(0.875);
                (
                    Rounding::Torchvision,
                    Padding::Symmetric,
                    eps,
                    Interpolation::Bilinear,
                    margin,
                    IMAGENET,
                )
            }
            // configuration_mobilenet_v{1,2}.py: `layer_norm_eps=0.001, tf_padding=True`;
            // image_processing_mobilenet_v1.py: short side 256, crop 224, bilinear, -1..1.
            Self::Transformers => (
                Rounding::Transformers,
                Padding::Same,
                1e-3,
                Interpolation::Bilinear,
                Margin::Pixels(32),
                INCEPTION,
            ),
        };
        // image_processing_backends.py of transformers; timm's `create_transform` uses torchvision's CenterCrop.
        let crop_start = match self {
            Self::Timm | Self::Torchvision => CropStart::Even,
            Self::Transformers => CropStart::First,
        };
        Conventions { rounding, padding, eps, interpolation, margin, crop_start, mean, std }
    }

    /// The versions that the library has.
    fn versions(self) -> &'static [Version] {
        match self {
            Self::Timm => &[Version::V1, Version::V2, Version::V3Small, Version::V3Large],
            Self::Torchvision => &[Version::V2, Version::V3Small, Version::V3Large],
            Self::Transformers => &[Version::V1, Version::V2],
        }
    }

    /// Where the tensors of a site are.
    pub(super) fn module(self, network: &Network, site: Site) -> Module {
        match self {
            Self::Timm => timm::module(network, site),
            Self::Torchvision => torchvision::module(network, site),
            Self::Transformers => transformers::module(network, site),
        }
    }

    /// The shape of a site's weight tensor.
    pub(super) fn weight_shape(self, site: Site, conv: &Conv) -> Vec<usize> {
        let inputs = if conv.kind == ConvKind::Depthwise { 1 } else { conv.in_channels };
        // All but `nn.Linear` are convolutions to PyTorch.
        let linear = site == Site::Classifier || (site == Site::Head && self == Self::Torchvision);
        let mut shape = vec![conv.out_channels, inputs];
        if !linear {
            shape.extend([conv.kernel, conv.kernel]);
        }
        shape
    }

    /// The repeated part of the network that a tensor belongs to, such as timm's `blocks.3.1`.
    fn block(self, tensor: &str) -> Option<&str> {
        let mut parts = tensor.split('.');
        let (first, second) = (parts.next()?, parts.next()?);
        let components = match (self, first, second) {
            (Self::Torchvision, "features", _) => 2,
            (Self::Timm, "blocks", _)
            | (Self::Transformers, "mobilenet_v1" | "mobilenet_v2", "layer") => 3,
            _ => return None,
        };
        let end = tensor.match_indices('.').nth(components - 1)?.0;
        Some(&tensor[..end])
    }
}

/// What tensor names alone tell.
pub(super) struct Recognised {
    pub flavour: Flavour,
    pub version: Version,
    pub minimalistic: bool,
}

/// Finds the flavour and version whose blocks are those of the file.
pub(super) fn recognise(file: &TensorFile) -> Result<Recognised, Error> {
    let flavours = [Flavour::Timm, Flavour::Torchvision, Flavour::Transformers];
    for flavour in flavours {
        let found: BTreeSet<&str> = file.names().filter_map(|name| flavour.block(name)).collect();
        for &version in flavour.versions() {
            let network = Network::new(&Config::new(version))?;
            let modules =
                network.sites().map(|(site, _)| flavour.module(&network, site).conv + ".weight");
            let modules: Vec<String> = modules.collect();
            let expected: BTreeSet<&str> =
                modules.iter().filter_map(|name| flavour.block(name)).collect();
            if found == expected {
                let minimalistic = flavour == Flavour::Timm
                    && matches!(version, Version::V3Small | Version::V3Large)
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
            "the tensor names ({}, and {rest} more) are not those of a MobileNet V1, V2 or V3 from timm, torchvision \
             or transformers",
            first.join(", ")
        ),
    })
}
