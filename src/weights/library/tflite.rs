//! TensorFlow Lite.

use super::{Conventions, INCEPTION, Library, Margin};
use crate::arch::{Padding, Rounding, Version};
use crate::preprocess::{CropStart, Interpolation};

/// See the module.
pub(super) struct Tflite;

impl Library for Tflite {
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
}
