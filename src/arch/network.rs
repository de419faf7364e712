//! A network with final channel counts. Checkpoints provide its weights, and a plan runs it.

use super::{Activation, Family, Version};
use serde::Serialize;
use std::fmt;

/// Where the padding of a strided convolution goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Padding {
    /// `kernel / 2` on every side (PyTorch).
    Symmetric,
    /// TensorFlow's SAME: only as much as the output size `ceil(in / stride)` needs. An odd pixel goes below and right.
    Same,
}

impl Padding {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::Symmetric, Self::Same];

    /// Its name in files and in the package: `same`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Symmetric => "symmetric",
            Self::Same => "same",
        }
    }

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

/// The kernel that runs a convolution.
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
    /// The kernel that runs it.
    pub kind: ConvKind,
    /// Side of the square filter in pixels: 1, 3 or 5.
    pub kernel: usize,
    /// Stride in pixels: 1 or 2.
    pub stride: usize,
    /// Input channels.
    pub in_channels: usize,
    /// Output channels; equal to `in_channels` for a depthwise convolution.
    pub out_channels: usize,
    /// What is applied to the output.
    pub activation: Activation,
    /// Whether batch normalisation follows it in the checkpoint. If not, the checkpoint has a bias for it.
    pub batch_norm: bool,
}

impl Conv {
    /// Number of weights, without bias and batch normalisation.
    #[must_use]
    pub fn weight_count(&self) -> usize {
        let inputs = if self.kind == ConvKind::Depthwise { 1 } else { self.in_channels };
        // Saturating, because the fields are public: a size that `Network::check` refuses must not wrap to a small one.
        [inputs, self.kernel, self.kernel]
            .into_iter()
            .fold(self.out_channels, usize::saturating_mul)
    }

    /// Number of trainable parameters: the weights, and either batch normalisation's scale and shift or a bias.
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

/// A block of any generation. Its layers run in the order of the fields; which of them exist depends on the block:
///
/// * depthwise-separable (V1): `depthwise` and `project`;
/// * inverted residual (V2, V3): `expand`, `depthwise`, `project`; without `expand` for an expansion factor of 1;
/// * universal inverted bottleneck (V4): `expand` and `project`, with or without `start` and `depthwise`;
/// * fused inverted bottleneck (V4): `expand` as a full convolution, and `project`;
/// * plain convolution (V4): `project` alone.
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
    /// 1x1 projection: linear in an inverted residual, with an activation in V1. A plain convolution is 1x1 or 3x3.
    pub project: Conv,
    /// Whether the block's input is added to its output.
    pub residual: bool,
}

/// A whole network.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Network {
    /// The network's version; `None` for a graph of the same blocks that is none of them.
    pub version: Option<Version>,
    /// V3's form without squeeze-and-excite, h-swish and 5x5 kernels.
    pub minimalistic: bool,
    /// Width multiplier; 1 for a network without a version.
    pub width: f64,
    /// Height and width of the input in pixels.
    pub resolution: usize,
    /// Padding of the stem and of every depthwise and full convolution.
    pub padding: Padding,
    /// Number of blocks in each stage: tensor names in checkpoints count stages and the blocks within them.
    pub stages: Vec<usize>,
    /// The 3x3 convolution with stride 2 on the image.
    pub stem: Conv,
    /// The blocks between the stem and `last`.
    pub blocks: Vec<Block>,
    /// The last 1x1 convolution before pooling (all but V1).
    pub last: Option<Conv>,
    /// The dense layer between pooling and classifier (V3, V4, Teachable Machine).
    pub head: Option<Conv>,
    /// The classifier; `classifier.out_channels` is the class count.
    pub classifier: Conv,
}

impl Network {
    /// Iterates over every layer with its site, in execution order.
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

    /// The family of the network's version, if it has one.
    #[must_use]
    pub fn family(&self) -> Option<Family> {
        self.version.map(Version::family)
    }

    /// Class count.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.classifier.out_channels
    }

    /// Number of trainable parameters, including batch normalisation's scale and shift: the figure that papers and
    /// libraries publish.
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

impl Site {
    /// The site that is displayed as `name`; `None` if there is none.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "stem" => Self::Stem,
            "last pointwise" => Self::Last,
            "head" => Self::Head,
            "classifier" => Self::Classifier,
            _ => {
                let (block, layer) = name.strip_prefix("block ")?.split_once(' ')?;
                let block = block.parse().ok()?;
                match layer {
                    "start depthwise" => Self::Start(block),
                    "expand" => Self::Expand(block),
                    "depthwise" => Self::Depthwise(block),
                    "squeeze" => Self::SqueezeReduce(block),
                    "excite" => Self::SqueezeExpand(block),
                    "project" => Self::Project(block),
                    _ => return None,
                }
            }
        })
    }
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
