//! A network with every channel count settled: what the weights fill and the plan runs.

use super::{Family, Version};
use serde::Serialize;
use std::fmt;

/// What is applied to a convolution's output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Activation {
    /// Nothing: V2's linear bottleneck.
    Linear,
    /// `max(x, 0)`.
    Relu,
    /// `min(max(x, 0), 6)`.
    Relu6,
    /// `x * relu6(x + 3) / 6`.
    HardSwish,
    /// `relu6(x + 3) / 6`: the gate of squeeze-and-excite.
    HardSigmoid,
}

impl Activation {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Linear, Self::Relu, Self::Relu6, Self::HardSwish, Self::HardSigmoid];
}

/// Where the padding of a strided convolution goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Padding {
    /// `kernel / 2` on every side (PyTorch).
    Symmetric,
    /// TensorFlow's SAME: as little as the output size `ceil(in / stride)` needs, the odd one below and right.
    Same,
}

impl Padding {
    /// Rows above the image (or columns left of it) for one axis of `size` pixels.
    #[must_use]
    pub fn before(self, size: usize, kernel: usize, stride: usize) -> usize {
        match self {
            Self::Symmetric => kernel / 2,
            Self::Same => {
                let out = size.div_ceil(stride);
                ((out - 1) * stride + kernel).saturating_sub(size) / 2
            }
        }
    }

    /// Output pixels for one axis of `size` pixels; both paddings give `ceil(size / stride)`.
    #[must_use]
    pub fn output(self, size: usize, stride: usize) -> usize {
        size.div_ceil(stride)
    }
}

/// Which of the kernels runs a convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConvKind {
    /// The full 3x3 convolution on the RGB image.
    Stem,
    /// A full 3x3 convolution over all channels of a map.
    Convolution,
    /// One `kernel x kernel` filter per channel.
    Depthwise,
    /// A 1x1 convolution over all channels.
    Pointwise,
    /// A matrix times the pooled vector.
    Dense,
}

/// One convolution (or dense layer) with its folded bias and its activation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Conv {
    /// The kind of kernel.
    pub kind: ConvKind,
    /// Side of the square filter in pixels: 1, 3 or 5.
    pub kernel: usize,
    /// 1 or 2.
    pub stride: usize,
    /// Input channels.
    pub in_channels: usize,
    /// Output channels; equal to `in_channels` for a depthwise convolution.
    pub out_channels: usize,
    /// What is applied to the output.
    pub activation: Activation,
    /// Whether the checkpoint has batch normalisation after it; if not, it has a bias of its own.
    pub batch_norm: bool,
}

impl Conv {
    /// Weights, without bias and batch normalisation.
    #[must_use]
    pub fn weight_count(&self) -> usize {
        let inputs = if self.kind == ConvKind::Depthwise { 1 } else { self.in_channels };
        // Saturating: the fields are public, and what `Network::check` would refuse must not become a small number.
        [inputs, self.kernel, self.kernel]
            .into_iter()
            .fold(self.out_channels, usize::saturating_mul)
    }

    /// Trainable parameters: the weights and either batch normalisation's scale and shift or a bias.
    #[must_use]
    pub fn parameters(&self) -> u64 {
        let vectors = if self.batch_norm { 2 } else { 1 };
        (self.weight_count() as u64)
            .saturating_add((self.out_channels as u64).saturating_mul(vectors))
    }

    /// Multiply-accumulates for `outputs` pixels of output, biases not counted.
    #[must_use]
    pub fn macs(&self, outputs: usize) -> u64 {
        (self.weight_count() as u64).saturating_mul(outputs as u64)
    }
}

/// Squeeze-and-excite (V3, section 5.3): pool, two dense layers, scale the channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SqueezeExcite {
    /// Dense, ReLU: expanded channels to a quarter.
    pub reduce: Conv,
    /// Dense, hard-sigmoid: back to the expanded channels.
    pub expand: Conv,
}

/// A block, from whose layers every generation takes its own: a depthwise-separable block (V1) has `depthwise` and
/// `project`, an inverted residual (V2, V3) `expand` before them, a universal inverted bottleneck (V4) all or some, a
/// fused inverted bottleneck (V4) `expand` as a full convolution and no `depthwise`, and a plain convolution `project`
/// alone. They run in the order of the fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Block {
    /// Depthwise convolution before the expansion (V4).
    pub start: Option<Conv>,
    /// Expansion, 1x1 or 3x3.
    pub expand: Option<Conv>,
    /// Depthwise convolution on the expanded channels.
    pub depthwise: Option<Conv>,
    /// Squeeze-and-excite on the depthwise output.
    pub squeeze_excite: Option<SqueezeExcite>,
    /// 1x1 projection: linear in an inverted residual, with an activation in V1. 1x1 or 3x3 where it is alone.
    pub project: Conv,
    /// Whether the block's input is added to its output.
    pub residual: bool,
}

/// A whole network.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Network {
    /// Which of the networks; `None` for a relative that is none of them.
    pub version: Option<Version>,
    /// V3's form without squeeze-and-excite, h-swish and 5x5 kernels.
    pub minimalistic: bool,
    /// Width multiplier; 1 where there is no version that has others.
    pub width: f64,
    /// Height and width of the input in pixels.
    pub resolution: usize,
    /// Padding of the stem and of every depthwise and full convolution.
    pub padding: Padding,
    /// How many blocks each stage has, in order: checkpoints' names count both.
    pub stages: Vec<usize>,
    /// 3x3 stride 2 on the image.
    pub stem: Conv,
    /// The depthwise-separable blocks or inverted residuals.
    pub blocks: Vec<Block>,
    /// The last 1x1 convolution before pooling (all but V1).
    pub last: Option<Conv>,
    /// The dense layer between pooling and classifier (V3, V4).
    pub head: Option<Conv>,
    /// The classifier; `classifier.out_channels` is the class count.
    pub classifier: Conv,
}

impl Network {
    /// Every convolution with its place, in the order in which they run.
    pub fn sites(&self) -> impl Iterator<Item = (Site, &Conv)> {
        let blocks = self.blocks.iter().enumerate().flat_map(|(index, block)| {
            let squeeze_excite = block.squeeze_excite.as_ref();
            [
                block.start.as_ref().map(|conv| (Site::Start(index), conv)),
                block.expand.as_ref().map(|conv| (Site::Expand(index), conv)),
                block.depthwise.as_ref().map(|conv| (Site::Depthwise(index), conv)),
                squeeze_excite.map(|se| (Site::SqueezeReduce(index), &se.reduce)),
                squeeze_excite.map(|se| (Site::SqueezeExpand(index), &se.expand)),
                Some((Site::Project(index), &block.project)),
            ]
            .into_iter()
            .flatten()
        });
        let last = self.last.as_ref().map(|conv| (Site::Last, conv));
        let head = self.head.as_ref().map(|conv| (Site::Head, conv));
        std::iter::once((Site::Stem, &self.stem))
            .chain(blocks)
            .chain(last)
            .chain(head)
            .chain(std::iter::once((Site::Classifier, &self.classifier)))
    }

    /// The generation that it belongs to, if it is one of the networks.
    #[must_use]
    pub fn family(&self) -> Option<Family> {
        self.version.map(Version::family)
    }

    /// Class count.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.classifier.out_channels
    }

    /// Trainable parameters, batch normalisation's scale and shift included: the figure that papers and libraries
    /// publish.
    #[must_use]
    pub fn parameters(&self) -> u64 {
        self.sites().map(|(_, conv)| conv.parameters()).fold(0, u64::saturating_add)
    }

    /// Multiply-accumulates of all convolutions and dense layers for one image, biases not counted.
    #[must_use]
    pub fn macs(&self) -> u64 {
        let mut size = self.resolution;
        let mut macs: u64 = 0;
        for (_, conv) in self.sites() {
            size = self.padding.output(size, conv.stride);
            let outputs = if conv.kind == ConvKind::Dense { 1 } else { size * size };
            macs = conv.macs(outputs).saturating_add(macs);
        }
        macs
    }
}

/// Names one convolution of a [`Network`]; the number is the block's index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Site {
    /// `Network::stem`.
    Stem,
    /// `Block::start`.
    Start(usize),
    /// `Block::expand`.
    Expand(usize),
    /// `Block::depthwise`.
    Depthwise(usize),
    /// `SqueezeExcite::reduce`.
    SqueezeReduce(usize),
    /// `SqueezeExcite::expand`.
    SqueezeExpand(usize),
    /// `Block::project`.
    Project(usize),
    /// `Network::last`.
    Last,
    /// `Network::head`.
    Head,
    /// `Network::classifier`.
    Classifier,
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stem => f.write_str("stem"),
            Self::Start(block) => write!(f, "block {block} start depthwise"),
            Self::Expand(block) => write!(f, "block {block} expand"),
            Self::Depthwise(block) => write!(f, "block {block} depthwise"),
            Self::SqueezeReduce(block) => write!(f, "block {block} squeeze"),
            Self::SqueezeExpand(block) => write!(f, "block {block} excite"),
            Self::Project(block) => write!(f, "block {block} project"),
            Self::Last => f.write_str("last pointwise"),
            Self::Head => f.write_str("head"),
            Self::Classifier => f.write_str("classifier"),
        }
    }
}
