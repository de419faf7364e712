//! Hugging Face transformers.

use super::{Architecture, Conventions, INCEPTION, Library, Margin, Module, prefix};
use crate::arch::{Family, Network, Padding, Rounding, Site, Version};
use crate::preprocess::{CropStart, Interpolation};

/// See the module.
pub(super) struct Transformers;

const VERSIONS: [Version; 2] = [Version::V1, Version::V2];

impl Library for Transformers {
    fn versions(&self) -> &'static [Version] {
        &VERSIONS
    }

    /// Its configurations have fields instead of an architecture name.
    fn architecture(&self, _name: &str) -> Option<Architecture> {
        None
    }

    /// configuration_mobilenet_v{1,2}.py: `layer_norm_eps=0.001, tf_padding=True`; image_processing_mobilenet_v1.py:
    /// short side 256, crop 224, bilinear, -1..1; image_processing_backends.py: where the crop starts.
    fn conventions(&self, _version: Version, _tensorflow: bool) -> Conventions {
        let (mean, std) = INCEPTION;
        Conventions {
            resolution: 224,
            rounding: Rounding::Transformers,
            padding: Padding::Same,
            eps: 1e-3,
            interpolation: Interpolation::Bilinear,
            margin: Margin::Pixels(32),
            crop_start: CropStart::First,
            mean,
            std,
        }
    }

    /// modeling_mobilenet_v1.py, modeling_mobilenet_v2.py.
    fn module(&self, network: &Network, site: Site) -> Option<Module> {
        if site == Site::Classifier {
            return Some(Module { conv: "classifier".into(), norm: String::new() });
        }
        let family = network.family()?;
        let layer = if family == Family::V1 {
            v1_layer(site)?
        } else if family == Family::V2 {
            v2_layer(site)?
        } else {
            return None;
        };
        let (conv, norm) = (format!("{layer}.convolution"), format!("{layer}.normalization"));
        Some(Module { conv, norm })
    }

    fn block<'a>(&self, tensor: &'a str) -> Option<&'a str> {
        let rest = tensor.strip_prefix("mobilenet_v1.").or(tensor.strip_prefix("mobilenet_v2."));
        if rest?.starts_with("layer.") { prefix(tensor, 3) } else { None }
    }
}

/// Depthwise and pointwise convolutions alternate.
fn v1_layer(site: Site) -> Option<String> {
    match site {
        Site::Stem => Some("mobilenet_v1.conv_stem".into()),
        Site::Depthwise(block) => Some(format!("mobilenet_v1.layer.{}", 2 * block)),
        Site::Project(block) => Some(format!("mobilenet_v1.layer.{}", 2 * block + 1)),
        Site::Start(_)
        | Site::Expand(_)
        | Site::SqueezeReduce(_)
        | Site::SqueezeExpand(_)
        | Site::Last
        | Site::Head
        | Site::Classifier => None,
    }
}

/// The first block, without expansion, is a part of the stem.
fn v2_layer(site: Site) -> Option<String> {
    let in_block = |block: usize, conv: &str| match block.checked_sub(1) {
        None => format!("mobilenet_v2.conv_stem.{conv}"),
        Some(layer) => format!("mobilenet_v2.layer.{layer}.{conv}"),
    };
    match site {
        Site::Stem => Some("mobilenet_v2.conv_stem.first_conv".into()),
        Site::Expand(block) => Some(in_block(block, "expand_1x1")),
        Site::Depthwise(block) => Some(in_block(block, "conv_3x3")),
        Site::Project(block) => Some(in_block(block, "reduce_1x1")),
        Site::Last => Some("mobilenet_v2.conv_1x1".into()),
        Site::Start(_)
        | Site::SqueezeReduce(_)
        | Site::SqueezeExpand(_)
        | Site::Head
        | Site::Classifier => None,
    }
}
