//! torchvision's tensor names (torchvision/models/mobilenetv2.py, mobilenetv3.py): places in nested `Sequential`s.

use super::flavour::Module;
use crate::arch::{Block, Network, Site, Version};

pub(super) fn module(network: &Network, site: Site) -> Module {
    let v2 = network.version == Version::V2;
    let (conv, norm) = match site {
        Site::Stem => ("features.0.0".into(), "features.0.1".into()),
        Site::Last => {
            let index = network.blocks.len() + 1;
            (format!("features.{index}.0"), format!("features.{index}.1"))
        }
        Site::Head => ("classifier.0".into(), String::new()),
        Site::Classifier if v2 => ("classifier.1".into(), String::new()),
        Site::Classifier => ("classifier.3".into(), String::new()),
        Site::Expand(index)
        | Site::Depthwise(index)
        | Site::SqueezeReduce(index)
        | Site::SqueezeExpand(index)
        | Site::Project(index) => {
            let block = network.blocks.get(index);
            let (conv, norm) = if v2 { in_v2_block(block, site) } else { in_v3_block(block, site) };
            let prefix = format!("features.{}.{}", index + 1, if v2 { "conv" } else { "block" });
            (format!("{prefix}.{conv}"), format!("{prefix}.{norm}"))
        }
    };
    Module { conv, norm }
}

/// Expansion and depthwise are a pair of convolution and normalisation each; the projection's two are not nested.
fn in_v2_block(block: Option<&Block>, site: Site) -> (String, String) {
    let place = match site {
        Site::Expand(_) => 0,
        Site::Depthwise(_) => expansions(block),
        Site::Stem
        | Site::SqueezeReduce(_)
        | Site::SqueezeExpand(_)
        | Site::Project(_)
        | Site::Last
        | Site::Head
        | Site::Classifier => {
            let place = expansions(block) + 1;
            return (place.to_string(), (place + 1).to_string());
        }
    };
    (format!("{place}.0"), format!("{place}.1"))
}

fn in_v3_block(block: Option<&Block>, site: Site) -> (String, String) {
    let place = match site {
        Site::Expand(_) => 0,
        Site::Depthwise(_) => expansions(block),
        Site::SqueezeReduce(_) => return (format!("{}.fc1", expansions(block) + 1), String::new()),
        Site::SqueezeExpand(_) => return (format!("{}.fc2", expansions(block) + 1), String::new()),
        Site::Stem | Site::Project(_) | Site::Last | Site::Head | Site::Classifier => {
            let squeeze_excites = block.is_some_and(|block| block.squeeze_excite.is_some());
            expansions(block) + 1 + usize::from(squeeze_excites)
        }
    };
    (format!("{place}.0"), format!("{place}.1"))
}

/// 1 if the block begins with an expansion.
fn expansions(block: Option<&Block>) -> usize {
    usize::from(block.is_some_and(|block| block.expand.is_some()))
}
