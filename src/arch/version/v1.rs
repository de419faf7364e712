//! MobileNet V1: table 1 of arXiv 1704.04861.

use crate::arch::table::{Row::Separable, Table};
use crate::arch::{Activation, Family};

/// The paper prints `s2` for the last depthwise convolution, but lists 7x7 before and after it, so its stride is 1.
#[rustfmt::skip]
pub(super) static TABLE: Table = Table {
    name: "v1",
    title: "MobileNet V1",
    family: Family::V1,
    stem: 32,
    stem_scales_from: 0.0,
    activation: Activation::Relu6,
    stages: &[
        &[Separable { c:   64, s: 1 }],
        &[Separable { c:  128, s: 2 },
          Separable { c:  128, s: 1 }],
        &[Separable { c:  256, s: 2 },
          Separable { c:  256, s: 1 }],
        &[Separable { c:  512, s: 2 },
          Separable { c:  512, s: 1 },
          Separable { c:  512, s: 1 },
          Separable { c:  512, s: 1 },
          Separable { c:  512, s: 1 },
          Separable { c:  512, s: 1 }],
        &[Separable { c: 1024, s: 2 },
          Separable { c: 1024, s: 1 }],
    ],
    first_residual: true,
    last: None,
    head: None,
};
