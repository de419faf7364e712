//! TensorFlow Lite. Its files have a graph, so there are no tensor names to recognise.

use super::{Architecture, Conventions, INCEPTION, Library, Margin, Module};
use crate::arch::{Network, Padding, Rounding, Site, Version};
use crate::preprocess::{CropStart, Interpolation};

/// See the module.
pub(super) struct Tflite;

impl Library for Tflite {
    fn versions(&self) -> &'static [Version] {
        &[]
    }

    fn architecture(&self, _name: &str) -> Option<Architecture> {
        None
    }

    /// `preprocess_for_eval` of tf-slim's inception_preprocessing.py: the centre 0.875 of the picture, bilinear, -1..1.
    fn conventions(&self, _version: Version, _tensorflow: bool) -> Conventions {
        let (mean, std) = INCEPTION;
        Conventions {
            resolution: 224,
            rounding: Rounding::Timm,
            padding: Padding::Same,
            eps: 0.0,
            interpolation: Interpolation::Bilinear,
            margin: Margin::Share(0.875),
            crop_start: CropStart::Even,
            mean,
            std,
        }
    }

    fn module(&self, _network: &Network, _site: Site) -> Option<Module> {
        None
    }

    fn block<'a>(&self, _tensor: &'a str) -> Option<&'a str> {
        None
    }
}
