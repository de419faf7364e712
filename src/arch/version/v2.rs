//! MobileNet V2: table 2 of arXiv 1801.04381.

use crate::arch::table::{Last, Row::Inverted, Scaling, Table};
use crate::arch::{Activation, Family};

#[rustfmt::skip]
pub(super) static TABLE: Table = Table {
    name: "v2",
    title: "MobileNet V2",
    family: Family::V2,
    stem: 32,
    stem_scales_from: 0.0,
    activation: Activation::Relu6,
    stages: &[
        &[Inverted { t: 1, k: 3, c:  16, n: 1, s: 1 }],
        &[Inverted { t: 6, k: 3, c:  24, n: 2, s: 2 }],
        &[Inverted { t: 6, k: 3, c:  32, n: 3, s: 2 }],
        &[Inverted { t: 6, k: 3, c:  64, n: 4, s: 2 }],
        &[Inverted { t: 6, k: 3, c:  96, n: 3, s: 1 }],
        &[Inverted { t: 6, k: 3, c: 160, n: 3, s: 2 }],
        &[Inverted { t: 6, k: 3, c: 320, n: 1, s: 1 }],
    ],
    first_residual: true,
    last: Some(Last { channels: 1280, scaling: Scaling::Larger }),
    head: None,
};
