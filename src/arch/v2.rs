//! MobileNet V2: table 2 of arXiv 1801.04381.

/// Channels of the 3x3 stride-2 convolution on the image.
pub(super) const STEM: usize = 32;

/// Channels of the last 1x1 convolution; a width below 1 leaves them (the paper's paragraph "Trade-off hyper
/// parameters").
pub(super) const LAST: usize = 1280;

/// A row of the table: `n` inverted residuals.
pub(super) struct Row {
    /// Expansion factor; 1 has no expansion convolution.
    pub t: usize,
    /// Output channels.
    pub c: usize,
    /// Repeats.
    pub n: usize,
    /// Stride of the first repeat; the others have stride 1.
    pub s: usize,
}

#[rustfmt::skip]
pub(super) const BODY: [Row; 7] = [
    Row { t: 1, c:  16, n: 1, s: 1 },
    Row { t: 6, c:  24, n: 2, s: 2 },
    Row { t: 6, c:  32, n: 3, s: 2 },
    Row { t: 6, c:  64, n: 4, s: 2 },
    Row { t: 6, c:  96, n: 3, s: 1 },
    Row { t: 6, c: 160, n: 3, s: 2 },
    Row { t: 6, c: 320, n: 1, s: 1 },
];
