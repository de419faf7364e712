//! What a paper's table says of a network.

use super::Activation;

/// Networks that share their rules: how widths are rounded, which forms there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// MobileNet V1.
    V1,
    /// MobileNet V2.
    V2,
    /// MobileNet V3.
    V3,
    /// MobileNetV4.
    V4,
    /// MnasNet.
    MnasNet,
    /// EfficientNet-Lite.
    EfficientNetLite,
}

/// A network at width 1.0.
pub(super) struct Table {
    /// See [`super::Version::name`].
    pub name: &'static str,
    /// The name for people.
    pub title: &'static str,
    pub family: Family,
    /// Channels of the 3x3 stride-2 convolution on the image.
    pub stem: usize,
    /// Of every layer that has one, where a row does not say otherwise.
    pub activation: Activation,
    /// The rows, in stages: a stage begins where the paper's table or the checkpoints' names begin one.
    pub stages: &'static [&'static [Row]],
    /// Channels of the last 1x1 convolution, before pooling.
    pub last: Option<usize>,
    /// The layer between pooling and classifier.
    pub head: Option<Head>,
}

/// The layer between pooling and classifier.
pub(super) struct Head {
    pub channels: usize,
    /// Whether batch normalisation follows it; if not, it has a bias.
    pub batch_norm: bool,
}

/// One row of a paper's table, its columns named as the paper names them. `s` is the stride, `c` the output channels,
/// `k` the side of the depthwise filter.
pub(super) enum Row {
    /// V1: a `Conv dw` row and the 1x1 `Conv` row below it, each with the activation.
    Separable { c: usize, s: usize },
    /// V2 and its descendants: `n` inverted residuals with expansion factor `t`; 1 has no expansion convolution. The
    /// first has stride `s`, the others 1.
    Inverted { t: usize, k: usize, c: usize, n: usize, s: usize },
    /// V3: a `bneck`, `exp` channels wide inside, with squeeze-and-excite where `se`, and the nonlinearity `nl`.
    Bottleneck { k: usize, exp: usize, out: usize, se: bool, nl: Activation, s: usize },
    /// V4: a universal inverted bottleneck with expansion factor `t`. `k0` is the side of the depthwise filter before
    /// the expansion, `k` of the one behind it; 0 leaves it out. The stride is the second's, or the first's where there
    /// is no second.
    Universal { k0: usize, k: usize, t: usize, c: usize, s: usize },
    /// V4: a fused inverted bottleneck, whose expansion by `t` is a full `k` x `k` convolution.
    Fused { k: usize, t: usize, c: usize, s: usize },
    /// V4: a full `k` x `k` convolution.
    Convolution { k: usize, c: usize, s: usize },
}

impl Row {
    /// Blocks that the row stands for.
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
