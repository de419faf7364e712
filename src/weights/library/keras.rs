//! Keras, and Teachable Machine, which trains a head on one of its networks.

use super::{Conventions, INCEPTION, Library, Margin};
use crate::arch::{Padding, Rounding, Version};
use crate::preprocess::{CropStart, Interpolation};

/// See the module.
pub(super) struct Keras;

/// See the module.
pub(super) struct TeachableMachine;

impl Library for Keras {
    /// `smart_resize` of keras/src/utils/image_utils.py: the largest square in the centre, bilinear; and -1..1, as
    /// `preprocess_input` of keras.applications' MobileNets has it.
    fn conventions(&self, _version: Version, _tensorflow: bool) -> Conventions {
        let (mean, std) = INCEPTION;
        Conventions {
            resolution: 224,
            rounding: Rounding::Timm,
            padding: Padding::Same,
            eps: 1e-3,
            interpolation: Interpolation::Bilinear,
            margin: Margin::Share(1.0),
            crop_start: CropStart::First,
            mean,
            std,
        }
    }
}

impl Library for TeachableMachine {
    /// `cropTo` and `capture` of @teachablemachine/image: the largest square in the centre, drawn by the browser, and
    /// `x / 127 - 1`.
    fn conventions(&self, version: Version, tensorflow: bool) -> Conventions {
        let (mean, std) = ([127.0 / 255.0; 3], [127.0 / 255.0; 3]);
        Conventions { mean, std, ..Keras.conventions(version, tensorflow) }
    }
}
