//! MobileNet V1: table 1 of arXiv 1704.04861.

/// Channels of the 3x3 stride-2 convolution on the image.
pub(super) const STEM: usize = 32;

/// One depthwise-separable block: a `Conv dw` row and the 1x1 `Conv` row below it.
pub(super) struct Row {
    /// Output channels of the 1x1 convolution.
    pub c: usize,
    /// Stride of the depthwise convolution.
    pub s: usize,
}

/// The paper prints `s2` for the last depthwise convolution too, but lists 7x7 before and after it: stride 1.
#[rustfmt::skip]
pub(super) const BODY: [Row; 13] = [
    Row { c:   64, s: 1 },
    Row { c:  128, s: 2 },
    Row { c:  128, s: 1 },
    Row { c:  256, s: 2 },
    Row { c:  256, s: 1 },
    Row { c:  512, s: 2 },
    Row { c:  512, s: 1 },
    Row { c:  512, s: 1 },
    Row { c:  512, s: 1 },
    Row { c:  512, s: 1 },
    Row { c:  512, s: 1 },
    Row { c: 1024, s: 2 },
    Row { c: 1024, s: 1 },
];
