//! MobileNetV4: tables 11 (Conv-Small) and 12 (Conv-Medium) of arXiv 2404.10518, with timm's expansion factors
//! (`mobilenetv3._gen_mobilenet_v4`).

use crate::arch::table::{
    Head, Last,
    Row::{Convolution, Fused, Universal},
    Scaling, Table,
};
use crate::arch::{Activation, Family};

#[rustfmt::skip]
pub(super) static CONV_SMALL: Table = Table {
    name: "v4-conv-small",
    title: "MobileNetV4-Conv-Small",
    family: Family::V4,
    stem: 32,
    stem_scales_from: 1.0,
    activation: Activation::Relu,
    stages: &[
        &[Convolution { k: 3, c: 32, s: 2 },
          Convolution { k: 1, c: 32, s: 1 }],
        &[Convolution { k: 3, c: 96, s: 2 },
          Convolution { k: 1, c: 64, s: 1 }],
        &[Universal { k0: 5, k: 5, t: 3, c:  96, s: 2 },
          Universal { k0: 0, k: 3, t: 2, c:  96, s: 1 },
          Universal { k0: 0, k: 3, t: 2, c:  96, s: 1 },
          Universal { k0: 0, k: 3, t: 2, c:  96, s: 1 },
          Universal { k0: 0, k: 3, t: 2, c:  96, s: 1 },
          Universal { k0: 3, k: 0, t: 4, c:  96, s: 1 }],
        &[Universal { k0: 3, k: 3, t: 6, c: 128, s: 2 },
          Universal { k0: 5, k: 5, t: 4, c: 128, s: 1 },
          Universal { k0: 0, k: 5, t: 4, c: 128, s: 1 },
          Universal { k0: 0, k: 5, t: 3, c: 128, s: 1 },
          Universal { k0: 0, k: 3, t: 4, c: 128, s: 1 },
          Universal { k0: 0, k: 3, t: 4, c: 128, s: 1 }],
    ],
    first_residual: true,
    last: Some(Last { channels: 960, scaling: Scaling::All }),
    head: Some(Head { channels: 1280, batch_norm: true }),
};

#[rustfmt::skip]
pub(super) static CONV_MEDIUM: Table = Table {
    name: "v4-conv-medium",
    title: "MobileNetV4-Conv-Medium",
    family: Family::V4,
    stem: 32,
    stem_scales_from: 1.0,
    activation: Activation::Relu,
    stages: &[
        &[Fused { k: 3, t: 4, c: 48, s: 2 }],
        &[Universal { k0: 3, k: 5, t: 4, c:  80, s: 2 },
          Universal { k0: 3, k: 3, t: 2, c:  80, s: 1 }],
        &[Universal { k0: 3, k: 5, t: 6, c: 160, s: 2 },
          Universal { k0: 3, k: 3, t: 4, c: 160, s: 1 },
          Universal { k0: 3, k: 3, t: 4, c: 160, s: 1 },
          Universal { k0: 3, k: 5, t: 4, c: 160, s: 1 },
          Universal { k0: 3, k: 3, t: 4, c: 160, s: 1 },
          Universal { k0: 3, k: 0, t: 4, c: 160, s: 1 },
          Universal { k0: 0, k: 0, t: 2, c: 160, s: 1 },
          Universal { k0: 3, k: 0, t: 4, c: 160, s: 1 }],
        &[Universal { k0: 5, k: 5, t: 6, c: 256, s: 2 },
          Universal { k0: 5, k: 5, t: 4, c: 256, s: 1 },
          Universal { k0: 3, k: 5, t: 4, c: 256, s: 1 },
          Universal { k0: 3, k: 5, t: 4, c: 256, s: 1 },
          Universal { k0: 0, k: 0, t: 4, c: 256, s: 1 },
          Universal { k0: 3, k: 0, t: 4, c: 256, s: 1 },
          Universal { k0: 3, k: 5, t: 2, c: 256, s: 1 },
          Universal { k0: 5, k: 5, t: 4, c: 256, s: 1 },
          Universal { k0: 0, k: 0, t: 4, c: 256, s: 1 },
          Universal { k0: 0, k: 0, t: 4, c: 256, s: 1 },
          Universal { k0: 5, k: 0, t: 2, c: 256, s: 1 }],
    ],
    first_residual: true,
    last: Some(Last { channels: 960, scaling: Scaling::All }),
    head: Some(Head { channels: 1280, batch_norm: true }),
};
