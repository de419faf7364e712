//! timm's tensor names (timm/models/efficientnet.py, mobilenetv3.py, _efficientnet_blocks.py).

use super::flavour::Module;
use crate::arch::{Network, Site, Version};

/// Blocks per stage; the tensor names count both.
fn stages(version: Version) -> &'static [usize] {
    match version {
        Version::V1 => &[1, 2, 2, 6, 2],
        Version::V2 => &[1, 2, 3, 4, 3, 3, 1],
        Version::V3Small => &[1, 2, 3, 2, 3],
        Version::V3Large => &[1, 2, 3, 4, 2, 3],
    }
}

pub(super) fn module(network: &Network, site: Site) -> Module {
    let stages = stages(network.version);
    let v3 = matches!(network.version, Version::V3Small | Version::V3Large);
    let (conv, norm) = match site {
        Site::Stem => ("conv_stem".into(), "bn1".into()),
        Site::Expand(block) => in_block(stages, block, "conv_pw", "bn1"),
        Site::Depthwise(block) if expands(network, block) => {
            in_block(stages, block, "conv_dw", "bn2")
        }
        Site::Depthwise(block) => in_block(stages, block, "conv_dw", "bn1"),
        Site::SqueezeReduce(block) => in_block(stages, block, "se.conv_reduce", ""),
        Site::SqueezeExpand(block) => in_block(stages, block, "se.conv_expand", ""),
        Site::Project(block) if expands(network, block) => {
            in_block(stages, block, "conv_pwl", "bn3")
        }
        Site::Project(block) => in_block(stages, block, "conv_pw", "bn2"),
        // V3's last convolution is a stage of its own, since `conv_head` comes after the pooling.
        Site::Last if v3 => {
            let stage = stages.len();
            (format!("blocks.{stage}.0.conv"), format!("blocks.{stage}.0.bn1"))
        }
        Site::Last => ("conv_head".into(), "bn2".into()),
        Site::Head => ("conv_head".into(), String::new()),
        Site::Classifier => ("classifier".into(), String::new()),
    };
    Module { conv, norm }
}

fn expands(network: &Network, block: usize) -> bool {
    network.blocks.get(block).is_some_and(|block| block.expand.is_some())
}

fn in_block(stages: &[usize], mut block: usize, conv: &str, norm: &str) -> (String, String) {
    let mut stage = 0;
    while let Some(&blocks) = stages.get(stage).filter(|&&blocks| block >= blocks) {
        block -= blocks;
        stage += 1;
    }
    (format!("blocks.{stage}.{block}.{conv}"), format!("blocks.{stage}.{block}.{norm}"))
}
