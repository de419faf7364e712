//! timm (pytorch-image-models), its `tf_*` networks included.

use super::{Architecture, Conventions, IMAGENET, INCEPTION, Library, Margin, Module, prefix};
use crate::arch::{Block, ConvKind, Family, Network, Padding, Rounding, Site, Version};
use crate::preprocess::{CropStart, Interpolation};
use crate::weights::format::Tensors;

/// See the module.
pub(super) struct Timm;

/// Prefixes of architecture names, after an optional `tf_`. The width in percent follows.
const NAMES: [(&str, Version); 8] = [
    ("mobilenetv1", Version::V1),
    ("mobilenetv2", Version::V2),
    ("mobilenetv3_small", Version::V3Small),
    ("mobilenetv3_large", Version::V3Large),
    ("mobilenetv4_conv_small", Version::V4ConvSmall),
    ("mobilenetv4_conv_medium", Version::V4ConvMedium),
    ("mnasnet", Version::MnasNetB1),
    ("efficientnet_lite0", Version::EfficientNetLite0),
];

impl Library for Timm {
    fn versions(&self) -> &'static [Version] {
        &Version::ALL
    }

    /// Reads names like `tf_mobilenetv3_small_minimal_100` or `mobilenetv2_140.ra_in1k`.
    fn architecture(&self, name: &str) -> Option<Architecture> {
        let name = name.split('.').next()?;
        let (name, tensorflow) =
            name.strip_prefix("tf_").map_or((name, false), |name| (name, true));
        let (version, rest) = NAMES
            .into_iter()
            .find_map(|(prefix, version)| Some((version, name.strip_prefix(prefix)?)))?;
        let (rest, minimalistic) =
            rest.strip_prefix("_minimal").map_or((rest, false), |rest| (rest, true));
        let percent: u16 = match rest {
            "" if matches!(version.family(), Family::V4 | Family::EfficientNetLite) => 100,
            // A letter after the digits is another network: `100h` has a larger head, `120d` is deeper.
            _ => rest.strip_prefix('_')?.parse().ok()?,
        };
        let width = Some(f64::from(percent) / 100.0);
        Some(Architecture { version, minimalistic, tensorflow, width })
    }

    /// The defaults of `_cfg` in timm/models/mobilenetv3.py and efficientnet.py; `tf_*` networks are built with
    /// `bn_eps=BN_EPS_TF_DEFAULT, pad_type='same'`.
    fn conventions(&self, version: Version, tensorflow: bool) -> Conventions {
        let (padding, eps) =
            if tensorflow { (Padding::Same, 1e-3) } else { (Padding::Symmetric, 1e-5) };
        let bilinear = tensorflow && version != Version::EfficientNetLite0;
        // Of timm's own networks only V1 was trained on -1..1 (`mobilenetv1_100.ra4_e3600_r224_in1k`).
        let inception = tensorflow || version == Version::V1;
        let (mean, std) = if inception { INCEPTION } else { IMAGENET };
        Conventions {
            resolution: 224,
            rounding: Rounding::Timm,
            padding,
            eps,
            interpolation: if bilinear { Interpolation::Bilinear } else { Interpolation::Bicubic },
            margin: Margin::Share(if version == Version::V4ConvMedium { 0.95 } else { 0.875 }),
            // timm's `create_transform` uses torchvision's `CenterCrop`.
            crop_start: CropStart::Even,
            mean,
            std,
        }
    }

    /// timm/models/efficientnet.py, mobilenetv3.py, _efficientnet_blocks.py.
    fn module(&self, network: &Network, site: Site) -> Option<Module> {
        let (conv, norm) = match site {
            Site::Stem => ("conv_stem".into(), "bn1".into()),
            Site::Start(index)
            | Site::Expand(index)
            | Site::Depthwise(index)
            | Site::SqueezeReduce(index)
            | Site::SqueezeExpand(index)
            | Site::Project(index) => {
                let (conv, norm) = in_block(network, network.blocks.get(index)?, site)?;
                let block = block_name(&network.stages, index);
                (format!("{block}.{conv}"), format!("{block}.{norm}"))
            }
            // If `conv_head` comes after the pooling, the last convolution is a separate stage.
            Site::Last if network.head.is_some() => {
                let stage = network.stages.len();
                (format!("blocks.{stage}.0.conv"), format!("blocks.{stage}.0.bn1"))
            }
            Site::Last => ("conv_head".into(), "bn2".into()),
            Site::Head => ("conv_head".into(), "norm_head".into()),
            Site::Classifier => ("classifier".into(), String::new()),
        };
        Some(Module { conv, norm })
    }

    fn block<'a>(&self, tensor: &'a str) -> Option<&'a str> {
        if tensor.starts_with("blocks.") { prefix(tensor, 3) } else { None }
    }

    fn is_minimalistic(&self, _network: &Network, file: &dyn Tensors) -> bool {
        !file.names().any(|name| name.contains(".se."))
    }
}

/// The names of a layer's convolution and normalisation within a block. They depend on timm's class for the block.
fn in_block(network: &Network, block: &Block, site: Site) -> Option<(&'static str, &'static str)> {
    let fused = block.expand.is_some_and(|conv| conv.kind == ConvKind::Convolution);
    let names = match (site, block.expand, block.depthwise) {
        // EdgeResidual
        (Site::Expand(_), ..) if fused => ("conv_exp", "bn1"),
        (Site::Project(_), ..) if fused => ("conv_pwl", "bn2"),
        // ConvBnAct
        (Site::Project(_), None, None) => ("conv", "bn1"),
        // UniversalInvertedResidual
        (Site::Start(_), ..) => ("dw_start.conv", "dw_start.bn"),
        (Site::Expand(_), ..) if network.family() == Some(Family::V4) => {
            ("pw_exp.conv", "pw_exp.bn")
        }
        (Site::Depthwise(_), ..) if network.family() == Some(Family::V4) => {
            ("dw_mid.conv", "dw_mid.bn")
        }
        (Site::Project(_), ..) if network.family() == Some(Family::V4) => {
            ("pw_proj.conv", "pw_proj.bn")
        }
        // InvertedResidual
        (Site::Expand(_), ..) => ("conv_pw", "bn1"),
        (Site::Depthwise(_), Some(_), _) => ("conv_dw", "bn2"),
        (Site::Project(_), Some(_), _) => ("conv_pwl", "bn3"),
        // DepthwiseSeparableConv
        (Site::Depthwise(_), None, _) => ("conv_dw", "bn1"),
        (Site::Project(_), None, _) => ("conv_pw", "bn2"),
        (Site::SqueezeReduce(_), ..) => ("se.conv_reduce", ""),
        (Site::SqueezeExpand(_), ..) => ("se.conv_expand", ""),
        (Site::Stem | Site::Last | Site::Head | Site::Classifier, ..) => return None,
    };
    Some(names)
}

/// `blocks.<stage>.<block>`, where the block's index counts within its stage.
fn block_name(stages: &[usize], mut block: usize) -> String {
    let mut stage = 0;
    while let Some(&blocks) = stages.get(stage).filter(|&&blocks| block >= blocks) {
        block -= blocks;
        stage += 1;
    }
    format!("blocks.{stage}.{block}")
}
