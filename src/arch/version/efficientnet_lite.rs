//! EfficientNet-Lite0: table 1 of arXiv 1905.11946 (EfficientNet-B0) without squeeze-and-excite and with ReLU6 instead
//! of swish, as in the TensorFlow authors' `efficientnet_lite_builder.py`.

use crate::arch::table::{Last, Row::Inverted, Scaling, Table};
use crate::arch::{Activation, Family};

#[rustfmt::skip]
pub(super) static LITE0: Table = Table {
    name: "efficientnet-lite0",
    title: "EfficientNet-Lite0",
    family: Family::EfficientNetLite,
    stem: 32,
    stem_scales_from: f64::INFINITY,
    activation: Activation::Relu6,
    stages: &[
        &[Inverted { t: 1, k: 3, c:  16, n: 1, s: 1 }],
        &[Inverted { t: 6, k: 3, c:  24, n: 2, s: 2 }],
        &[Inverted { t: 6, k: 5, c:  40, n: 2, s: 2 }],
        &[Inverted { t: 6, k: 3, c:  80, n: 3, s: 2 }],
        &[Inverted { t: 6, k: 5, c: 112, n: 3, s: 1 }],
        &[Inverted { t: 6, k: 5, c: 192, n: 4, s: 2 }],
        &[Inverted { t: 6, k: 3, c: 320, n: 1, s: 1 }],
    ],
    first_residual: true,
    last: Some(Last { channels: 1280, scaling: Scaling::None }),
    head: None,
};
