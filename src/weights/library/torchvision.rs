//! torchvision.

use super::{Architecture, Conventions, IMAGENET, Library, Margin, Module, prefix};
use crate::arch::{Block, Family, Network, Padding, Rounding, Site, Version};
use crate::preprocess::{CropStart, Interpolation};

/// See the module.
pub(super) struct Torchvision;

const VERSIONS: [Version; 3] = [Version::V2, Version::V3Small, Version::V3Large];

impl Library for Torchvision {
    fn versions(&self) -> &'static [Version] {
        &VERSIONS
    }

    fn architecture(&self, name: &str) -> Option<Architecture> {
        let version = match name {
            "mobilenet_v2" => Version::V2,
            "mobilenet_v3_small" => Version::V3Small,
            "mobilenet_v3_large" => Version::V3Large,
            _ => return None,
        };
        Some(Architecture { version, minimalistic: false, tensorflow: false, width: None })
    }

    /// torchvision/models/mobilenetv3.py: `eps=0.001`; mobilenetv2.py: nn.BatchNorm2d's default.
    /// transforms/_presets.py: resize 256, crop 224, bilinear.
    fn conventions(&self, version: Version, _tensorflow: bool) -> Conventions {
        let (mean, std) = IMAGENET;
        Conventions {
            resolution: 224,
            rounding: Rounding::Torchvision,
            padding: Padding::Symmetric,
            eps: if version.family() == Family::V3 { 1e-3 } else { 1e-5 },
            interpolation: Interpolation::Bilinear,
            margin: Margin::Share(0.875),
            crop_start: CropStart::Even,
            mean,
            std,
        }
    }

    /// torchvision/models/mobilenetv2.py, mobilenetv3.py: the names are indices in nested `Sequential`s.
    fn module(&self, network: &Network, site: Site) -> Option<Module> {
        let v2 = network.family() == Some(Family::V2);
        let (conv, norm) = match site {
            Site::Stem => ("features.0.0".into(), "features.0.1".into()),
            Site::Last => {
                let index = network.blocks.len() + 1;
                (format!("features.{index}.0"), format!("features.{index}.1"))
            }
            Site::Head => ("classifier.0".into(), String::new()),
            Site::Classifier if v2 => ("classifier.1".into(), String::new()),
            Site::Classifier => ("classifier.3".into(), String::new()),
            Site::Start(index)
            | Site::Expand(index)
            | Site::Depthwise(index)
            | Site::SqueezeReduce(index)
            | Site::SqueezeExpand(index)
            | Site::Project(index) => {
                let block = network.blocks.get(index)?;
                let within = if v2 { in_v2_block(block, site)? } else { in_v3_block(block, site)? };
                let sequential = if v2 { "conv" } else { "block" };
                let block = format!("features.{}.{sequential}", index + 1);
                (format!("{block}.{}", within.0), format!("{block}.{}", within.1))
            }
        };
        Some(Module { conv, norm })
    }

    fn block<'a>(&self, tensor: &'a str) -> Option<&'a str> {
        if tensor.starts_with("features.") { prefix(tensor, 2) } else { None }
    }

    fn is_linear(&self, site: Site) -> bool {
        matches!(site, Site::Head | Site::Classifier)
    }
}

/// Expansion and depthwise each are a `Sequential` of convolution and normalisation; the projection's two are not
/// nested.
fn in_v2_block(block: &Block, site: Site) -> Option<(String, String)> {
    let expansions = usize::from(block.expand.is_some());
    match site {
        Site::Expand(_) => Some(pair(0)),
        Site::Depthwise(_) => Some(pair(expansions)),
        Site::Project(_) => Some(((expansions + 1).to_string(), (expansions + 2).to_string())),
        Site::Start(_)
        | Site::SqueezeReduce(_)
        | Site::SqueezeExpand(_)
        | Site::Stem
        | Site::Last
        | Site::Head
        | Site::Classifier => None,
    }
}

/// All three layers are a `Sequential` of convolution and normalisation; squeeze-and-excite is between the last two.
fn in_v3_block(block: &Block, site: Site) -> Option<(String, String)> {
    let expansions = usize::from(block.expand.is_some());
    let squeeze_excites = usize::from(block.squeeze_excite.is_some());
    match site {
        Site::Expand(_) => Some(pair(0)),
        Site::Depthwise(_) => Some(pair(expansions)),
        Site::SqueezeReduce(_) => Some((format!("{}.fc1", expansions + 1), String::new())),
        Site::SqueezeExpand(_) => Some((format!("{}.fc2", expansions + 1), String::new())),
        Site::Project(_) => Some(pair(expansions + 1 + squeeze_excites)),
        Site::Start(_) | Site::Stem | Site::Last | Site::Head | Site::Classifier => None,
    }
}

/// The names of convolution and normalisation in the `Sequential` at this index.
fn pair(index: usize) -> (String, String) {
    (format!("{index}.0"), format!("{index}.1"))
}
