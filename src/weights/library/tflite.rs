//! TensorFlow Lite: a file is a graph, and no names tell a layer.

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

    /// tf-slim's inception_preprocessing.py, `preprocess_for_eval`: of a picture's centre 0.875, bilinear, -1..1.
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
