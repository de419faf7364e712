//! The format of the papers' architecture tables.

use super::{Activation, Family};

/// A network at width 1.0.
pub(super) struct Table {
    /// See [`super::Version::name`].
    pub name: &'static str,
    /// The name to display.
    pub title: &'static str,
    pub family: Family,
    /// Channels of the 3x3 stride-2 convolution on the image.
    pub stem: usize,
    /// The smallest width multiplier that changes them in timm.
    pub stem_scales_from: f64,
    /// The activation of every layer that has one, unless a row names another.
    pub activation: Activation,
    /// The rows, grouped in stages as the paper's table or the tensor names of checkpoints group them.
    pub stages: &'static [&'static [Row]],
    /// Whether the first block has a residual where its channel counts are equal. timm says `noskip` if not.
    pub first_residual: bool,
    /// The last 1x1 convolution, before pooling.
    pub last: Option<Last>,
    /// The layer between pooling and classifier.
    pub head: Option<Head>,
}

/// The last 1x1 convolution.
pub(super) struct Last {
    pub channels: usize,
    pub scaling: Scaling,
}

/// Which width multipliers change a number of channels.
#[derive(Clone, Copy)]
pub(super) enum Scaling {
    None,
    /// Those above 1 (the V2 paper's paragraph "Trade-off hyper parameters").
    Larger,
    All,
}

/// The layer between pooling and classifier.
pub(super) struct Head {
    pub channels: usize,
    /// Whether batch normalisation follows it. If not, it has a bias.
    pub batch_norm: bool,
}

/// One row of a paper's table, with the paper's column names: `s` is the stride, `c` the output channels, `k` the side
/// of the depthwise filter.
pub(super) enum Row {
    /// V1: a `Conv dw` row and the 1x1 `Conv` row below it, each followed by the activation.
    Separable { c: usize, s: usize },
    /// V2 and its descendants: `n` inverted residuals with expansion factor `t`. A factor of 1 means no expansion. The
    /// first has stride `s`, the others have 1.
    Inverted { t: usize, k: usize, c: usize, n: usize, s: usize },
    /// V3: a `bneck` with `exp` expanded channels, squeeze-and-excite if `se`, and the nonlinearity `nl`.
    Bottleneck { k: usize, exp: usize, out: usize, se: bool, nl: Activation, s: usize },
    /// V4: a universal inverted bottleneck with expansion factor `t`. `k0` is the side of the depthwise filter before
    /// the expansion, `k` of the one after it; 0 means there is none. The filter after the expansion has the stride;
    /// without it, the one before has.
    Universal { k0: usize, k: usize, t: usize, c: usize, s: usize },
    /// V4: a fused inverted bottleneck; its expansion by `t` is a full `k` x `k` convolution.
    Fused { k: usize, t: usize, c: usize, s: usize },
    /// V4: a full `k` x `k` convolution.
    Convolution { k: usize, c: usize, s: usize },
}

impl Row {
    /// Number of blocks in the row.
    pub fn repeats(&self) -> usize {
        match *self {
            Self::Inverted { n, .. } => n,
            Self::Separable { .. }
            | Self::Bottleneck { .. }
            | Self::Universal { .. }
            | Self::Fused { .. }
            | Self::Convolution { .. } => 1,
        }
    }
}
