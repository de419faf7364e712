//! MnasNet-B1: the baseline of arXiv 1807.11626, from a search without squeeze-and-excite. The paper shows only the
//! layers of A1; this is timm's `mnasnet_100` (`efficientnet._gen_mnasnet_b1`), which follows the TensorFlow authors'
//! `mnasnet_models.py`.

use crate::arch::table::{Last, Row::Inverted, Scaling, Table};
use crate::arch::{Activation, Family};

#[rustfmt::skip]
pub(super) static B1: Table = Table {
    name: "mnasnet-b1",
    title: "MnasNet-B1",
    family: Family::MnasNet,
    stem: 32,
    stem_scales_from: 0.0,
    activation: Activation::Relu,
    stages: &[
        &[Inverted { t: 1, k: 3, c:  16, n: 1, s: 1 }],
        &[Inverted { t: 3, k: 3, c:  24, n: 3, s: 2 }],
        &[Inverted { t: 3, k: 5, c:  40, n: 3, s: 2 }],
        &[Inverted { t: 6, k: 5, c:  80, n: 3, s: 2 }],
        &[Inverted { t: 6, k: 3, c:  96, n: 2, s: 1 }],
        &[Inverted { t: 6, k: 5, c: 192, n: 4, s: 2 }],
        &[Inverted { t: 6, k: 3, c: 320, n: 1, s: 1 }],
    ],
    first_residual: false,
    last: Some(Last { channels: 1280, scaling: Scaling::None }),
    head: None,
};
