//! MobileNet V3: tables 1 (Large) and 2 (Small) of arXiv 1905.02244.

use super::Activation::{self, HardSwish as HS, Relu as RE};

/// Channels of the 3x3 stride-2 convolution on the image.
pub(super) const STEM: usize = 16;

/// A `bneck` row of the tables.
pub(super) struct Row {
    /// Side of the depthwise filter.
    pub k: usize,
    /// Channels after the expansion.
    pub exp: usize,
    /// Output channels.
    pub out: usize,
    /// Squeeze-and-excite.
    pub se: bool,
    /// Nonlinearity.
    pub nl: Activation,
    /// Stride of the depthwise convolution.
    pub s: usize,
}

/// One of the two tables.
pub(super) struct Table {
    pub body: &'static [Row],
    /// Channels of the last 1x1 convolution, before pooling.
    pub last: usize,
    /// Channels of the dense layer after pooling.
    pub head: usize,
}

#[rustfmt::skip]
pub(super) const LARGE: Table = Table {
    body: &[
        Row { k: 3, exp:  16, out:  16, se: false, nl: RE, s: 1 },
        Row { k: 3, exp:  64, out:  24, se: false, nl: RE, s: 2 },
        Row { k: 3, exp:  72, out:  24, se: false, nl: RE, s: 1 },
        Row { k: 5, exp:  72, out:  40, se: true,  nl: RE, s: 2 },
        Row { k: 5, exp: 120, out:  40, se: true,  nl: RE, s: 1 },
        Row { k: 5, exp: 120, out:  40, se: true,  nl: RE, s: 1 },
        Row { k: 3, exp: 240, out:  80, se: false, nl: HS, s: 2 },
        Row { k: 3, exp: 200, out:  80, se: false, nl: HS, s: 1 },
        Row { k: 3, exp: 184, out:  80, se: false, nl: HS, s: 1 },
        Row { k: 3, exp: 184, out:  80, se: false, nl: HS, s: 1 },
        Row { k: 3, exp: 480, out: 112, se: true,  nl: HS, s: 1 },
        Row { k: 3, exp: 672, out: 112, se: true,  nl: HS, s: 1 },
        Row { k: 5, exp: 672, out: 160, se: true,  nl: HS, s: 2 },
        Row { k: 5, exp: 960, out: 160, se: true,  nl: HS, s: 1 },
        Row { k: 5, exp: 960, out: 160, se: true,  nl: HS, s: 1 },
    ],
    last: 960,
    head: 1280,
};

#[rustfmt::skip]
pub(super) const SMALL: Table = Table {
    body: &[
        Row { k: 3, exp:  16, out:  16, se: true,  nl: RE, s: 2 },
        Row { k: 3, exp:  72, out:  24, se: false, nl: RE, s: 2 },
        Row { k: 3, exp:  88, out:  24, se: false, nl: RE, s: 1 },
        Row { k: 5, exp:  96, out:  40, se: true,  nl: HS, s: 2 },
        Row { k: 5, exp: 240, out:  40, se: true,  nl: HS, s: 1 },
        Row { k: 5, exp: 240, out:  40, se: true,  nl: HS, s: 1 },
        Row { k: 5, exp: 120, out:  48, se: true,  nl: HS, s: 1 },
        Row { k: 5, exp: 144, out:  48, se: true,  nl: HS, s: 1 },
        Row { k: 5, exp: 288, out:  96, se: true,  nl: HS, s: 2 },
        Row { k: 5, exp: 576, out:  96, se: true,  nl: HS, s: 1 },
        Row { k: 5, exp: 576, out:  96, se: true,  nl: HS, s: 1 },
    ],
    last: 576,
    head: 1024,
};
