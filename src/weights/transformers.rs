//! Hugging Face transformers' tensor names (modeling_mobilenet_v1.py, modeling_mobilenet_v2.py).

use super::flavour::Module;
use crate::arch::{Network, Site, Version};

pub(super) fn module(network: &Network, site: Site) -> Module {
    let layer = if network.version == Version::V1 { v1_layer(site) } else { v2_layer(site) };
    match layer {
        Some(layer) => {
            Module { conv: format!("{layer}.convolution"), norm: format!("{layer}.normalization") }
        }
        None => Module { conv: "classifier".into(), norm: String::new() },
    }
}

/// Depthwise and pointwise convolutions take turns; `None` is the classifier.
fn v1_layer(site: Site) -> Option<String> {
    Some(match site {
        Site::Depthwise(block) => format!("mobilenet_v1.layer.{}", 2 * block),
        Site::Project(block) => format!("mobilenet_v1.layer.{}", 2 * block + 1),
        Site::Classifier => return None,
        Site::Stem
        | Site::Expand(_)
        | Site::SqueezeReduce(_)
        | Site::SqueezeExpand(_)
        | Site::Last
        | Site::Head => "mobilenet_v1.conv_stem".into(),
    })
}

/// The first block, without expansion, is a part of the stem.
fn v2_layer(site: Site) -> Option<String> {
    let in_block = |block: usize, conv: &str| match block.checked_sub(1) {
        None => format!("mobilenet_v2.conv_stem.{conv}"),
        Some(layer) => format!("mobilenet_v2.layer.{layer}.{conv}"),
    };
    Some(match site {
        Site::Expand(block) => in_block(block, "expand_1x1"),
        Site::Depthwise(block) => in_block(block, "conv_3x3"),
        Site::Project(block) => in_block(block, "reduce_1x1"),
        Site::Last => "mobilenet_v2.conv_1x1".into(),
        Site::Classifier => return None,
        Site::Stem | Site::SqueezeReduce(_) | Site::SqueezeExpand(_) | Site::Head => {
            "mobilenet_v2.conv_stem.first_conv".into()
        }
    })
}
