//! MobileNet V3: tables 1 (Large) and 2 (Small) of arXiv 1905.02244.

use crate::arch::Activation::{HardSwish as HS, Relu as RE};
use crate::arch::Family;
use crate::arch::table::{Head, Last, Row::Bottleneck, Scaling, Table};

#[rustfmt::skip]
pub(super) static LARGE: Table = Table {
    name: "v3-large",
    title: "MobileNet V3-Large",
    family: Family::V3,
    stem: 16,
    stem_scales_from: 0.75,
    activation: HS,
    stages: &[
        &[Bottleneck { k: 3, exp:  16, out:  16, se: false, nl: RE, s: 1 }],
        &[Bottleneck { k: 3, exp:  64, out:  24, se: false, nl: RE, s: 2 },
          Bottleneck { k: 3, exp:  72, out:  24, se: false, nl: RE, s: 1 }],
        &[Bottleneck { k: 5, exp:  72, out:  40, se: true,  nl: RE, s: 2 },
          Bottleneck { k: 5, exp: 120, out:  40, se: true,  nl: RE, s: 1 },
          Bottleneck { k: 5, exp: 120, out:  40, se: true,  nl: RE, s: 1 }],
        &[Bottleneck { k: 3, exp: 240, out:  80, se: false, nl: HS, s: 2 },
          Bottleneck { k: 3, exp: 200, out:  80, se: false, nl: HS, s: 1 },
          Bottleneck { k: 3, exp: 184, out:  80, se: false, nl: HS, s: 1 },
          Bottleneck { k: 3, exp: 184, out:  80, se: false, nl: HS, s: 1 }],
        &[Bottleneck { k: 3, exp: 480, out: 112, se: true,  nl: HS, s: 1 },
          Bottleneck { k: 3, exp: 672, out: 112, se: true,  nl: HS, s: 1 }],
        &[Bottleneck { k: 5, exp: 672, out: 160, se: true,  nl: HS, s: 2 },
          Bottleneck { k: 5, exp: 960, out: 160, se: true,  nl: HS, s: 1 },
          Bottleneck { k: 5, exp: 960, out: 160, se: true,  nl: HS, s: 1 }],
    ],
    first_residual: true,
    last: Some(Last { channels: 960, scaling: Scaling::All }),
    head: Some(Head { channels: 1280, batch_norm: false }),
};

#[rustfmt::skip]
pub(super) static SMALL: Table = Table {
    name: "v3-small",
    title: "MobileNet V3-Small",
    family: Family::V3,
    stem: 16,
    stem_scales_from: 0.75,
    activation: HS,
    stages: &[
        &[Bottleneck { k: 3, exp:  16, out:  16, se: true,  nl: RE, s: 2 }],
        &[Bottleneck { k: 3, exp:  72, out:  24, se: false, nl: RE, s: 2 },
          Bottleneck { k: 3, exp:  88, out:  24, se: false, nl: RE, s: 1 }],
        &[Bottleneck { k: 5, exp:  96, out:  40, se: true,  nl: HS, s: 2 },
          Bottleneck { k: 5, exp: 240, out:  40, se: true,  nl: HS, s: 1 },
          Bottleneck { k: 5, exp: 240, out:  40, se: true,  nl: HS, s: 1 }],
        &[Bottleneck { k: 5, exp: 120, out:  48, se: true,  nl: HS, s: 1 },
          Bottleneck { k: 5, exp: 144, out:  48, se: true,  nl: HS, s: 1 }],
        &[Bottleneck { k: 5, exp: 288, out:  96, se: true,  nl: HS, s: 2 },
          Bottleneck { k: 5, exp: 576, out:  96, se: true,  nl: HS, s: 1 },
          Bottleneck { k: 5, exp: 576, out:  96, se: true,  nl: HS, s: 1 }],
    ],
    first_residual: true,
    last: Some(Last { channels: 576, scaling: Scaling::All }),
    head: Some(Head { channels: 1024, batch_norm: false }),
};
