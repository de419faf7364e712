//! Builds a [`Network`] from the papers' tables and a width multiplier.

use super::{
    Activation, Block, Conv, ConvKind, Network, Padding, Rounding, SqueezeExcite, Version, v1, v2,
    v3,
};
use crate::error::Error;

/// Input sizes: the five strides of 2 need a multiple of 32.
pub const MIN_RESOLUTION: usize = 96;
/// The largest input size.
pub const MAX_RESOLUTION: usize = 320;
/// The smallest width multiplier; tf-slim's and timm's checkpoints have 0.25 to 1.4.
pub const MIN_WIDTH: f64 = 0.1;
/// The largest width multiplier.
pub const MAX_WIDTH: f64 = 4.0;
/// The largest class count: room for ImageNet-21k (timm's V3-Large of it has 11,221 classes), and a bound on what
/// a file can ask for.
pub const MAX_CLASSES: usize = 65_536;

/// What a [`Network`] is built from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Config {
    /// Which of the four networks.
    pub version: Version,
    /// V3 without squeeze-and-excite, h-swish and 5x5 kernels.
    pub minimalistic: bool,
    /// Width multiplier, [`MIN_WIDTH`] to [`MAX_WIDTH`].
    pub width: f64,
    /// Height and width of the input in pixels: a multiple of 32 from [`MIN_RESOLUTION`] to [`MAX_RESOLUTION`].
    pub resolution: usize,
    /// Class count, 1 to [`MAX_CLASSES`].
    pub classes: usize,
    /// Padding of the stem and of every depthwise convolution.
    pub padding: Padding,
    /// Whose channel counts at widths other than 1.0.
    pub rounding: Rounding,
}

impl Config {
    /// The paper's network: width 1.0, 224x224 pixels, 1000 classes; symmetric padding, timm's rounding.
    #[must_use]
    pub fn new(version: Version) -> Self {
        Self {
            version,
            minimalistic: false,
            width: 1.0,
            resolution: 224,
            classes: 1000,
            padding: Padding::Symmetric,
            rounding: Rounding::Timm,
        }
    }

    fn check(&self) -> Result<(), Error> {
        let v3 = matches!(self.version, Version::V3Small | Version::V3Large);
        if self.minimalistic && !v3 {
            return Err(Error::Minimalistic { version: self.version });
        }
        if !(MIN_WIDTH..=MAX_WIDTH).contains(&self.width) {
            return Err(Error::Width { width: self.width });
        }
        if !(MIN_RESOLUTION..=MAX_RESOLUTION).contains(&self.resolution)
            || !self.resolution.is_multiple_of(32)
        {
            return Err(Error::Resolution { resolution: self.resolution });
        }
        if !(1..=MAX_CLASSES).contains(&self.classes) {
            return Err(Error::Classes { classes: self.classes });
        }
        Ok(())
    }
}

impl Network {
    /// Builds the network with every channel count settled.
    ///
    /// # Errors
    /// [`Error::Width`], [`Error::Resolution`], [`Error::Classes`] or [`Error::Minimalistic`] for a value outside
    /// what [`Config`] allows.
    pub fn new(config: &Config) -> Result<Self, Error> {
        config.check()?;
        let body = match config.version {
            Version::V1 => Body::v1(config),
            Version::V2 => Body::v2(config),
            Version::V3Small => Body::v3(config, &v3::SMALL),
            Version::V3Large => Body::v3(config, &v3::LARGE),
        };
        let features = body.head.or(body.last).or(body.blocks.last().map(|block| block.project));
        let features = features.unwrap_or(body.stem).out_channels;
        Ok(Self {
            version: config.version,
            minimalistic: config.minimalistic,
            width: config.width,
            resolution: config.resolution,
            padding: config.padding,
            stem: body.stem,
            blocks: body.blocks,
            last: body.last,
            head: body.head,
            classifier: dense(features, config.classes, Activation::Linear),
        })
    }
}

/// A network without its classifier.
struct Body {
    stem: Conv,
    blocks: Vec<Block>,
    last: Option<Conv>,
    head: Option<Conv>,
}

impl Body {
    fn v1(config: &Config) -> Self {
        let scale = |channels| config.rounding.scale(config.version, channels, config.width);
        let stem = stem(scale(v1::STEM), Activation::Relu6);
        let mut channels = stem.out_channels;
        let blocks = v1::BODY.iter().map(|row| {
            let input = channels;
            channels = scale(row.c);
            Block {
                expand: None,
                depthwise: depthwise(input, 3, row.s, Activation::Relu6),
                squeeze_excite: None,
                project: pointwise(input, channels, Activation::Relu6),
                residual: false,
            }
        });
        Self { stem, blocks: blocks.collect(), last: None, head: None }
    }

    fn v2(config: &Config) -> Self {
        let scale = |channels| config.rounding.scale(config.version, channels, config.width);
        let stem = stem(scale(v2::STEM), Activation::Relu6);
        let mut channels = stem.out_channels;
        let mut blocks = Vec::new();
        for row in &v2::BODY {
            for repeat in 0..row.n {
                let (input, output) = (channels, scale(row.c));
                let stride = if repeat == 0 { row.s } else { 1 };
                // transformers builds the first block as a part of its stem, which has no residual even where a
                // small width makes the channel counts equal.
                let in_stem = blocks.is_empty() && config.rounding == Rounding::Transformers;
                blocks.push(Block {
                    expand: (row.t != 1)
                        .then(|| pointwise(input, input * row.t, Activation::Relu6)),
                    depthwise: depthwise(input * row.t, 3, stride, Activation::Relu6),
                    squeeze_excite: None,
                    project: pointwise(input * row.t, output, Activation::Linear),
                    residual: stride == 1 && input == output && !in_stem,
                });
                channels = output;
            }
        }
        let last = pointwise(channels, scale(v2::LAST).max(v2::LAST), Activation::Relu6);
        Self { stem, blocks, last: Some(last), head: None }
    }

    fn v3(config: &Config, table: &v3::Table) -> Self {
        let &Config { version, minimalistic, width, rounding, .. } = config;
        let settle = |nonlinearity| {
            if minimalistic { Activation::Relu } else { nonlinearity }
        };
        let stem = stem(rounding.stem(version, v3::STEM, width), settle(Activation::HardSwish));
        let mut channels = stem.out_channels;
        let mut table_channels = v3::STEM;
        let mut blocks = Vec::with_capacity(table.body.len());
        for (index, row) in table.body.iter().enumerate() {
            let input = channels;
            channels = rounding.scale(version, row.out, width);
            let expanded = rounding.v3_expanded(row, input, table_channels, width);
            table_channels = row.out;
            // The tables' first block has as many expanded as input channels, hence no expansion. timm decides by
            // the block's place, torchvision by the counts being equal.
            let expands =
                if rounding == Rounding::Torchvision { expanded != input } else { index != 0 };
            let expanded = if expands { expanded } else { input };
            let activation = settle(row.nl);
            let squeezed = rounding.v3_squeezed(expanded);
            blocks.push(Block {
                expand: expands.then(|| pointwise(input, expanded, activation)),
                depthwise: depthwise(
                    expanded,
                    if minimalistic { 3 } else { row.k },
                    row.s,
                    activation,
                ),
                squeeze_excite: (row.se && !minimalistic).then(|| SqueezeExcite {
                    reduce: dense(expanded, squeezed, Activation::Relu),
                    expand: dense(squeezed, expanded, Activation::HardSigmoid),
                }),
                project: pointwise(expanded, channels, Activation::Linear),
                residual: row.s == 1 && input == channels,
            });
        }
        let activation = settle(Activation::HardSwish);
        let last = pointwise(channels, rounding.v3_last(table, channels, width), activation);
        let head = dense(last.out_channels, rounding.v3_head(table, width), activation);
        Self { stem, blocks, last: Some(last), head: Some(head) }
    }
}

fn stem(out_channels: usize, activation: Activation) -> Conv {
    Conv {
        kind: ConvKind::Stem,
        kernel: 3,
        stride: 2,
        in_channels: 3,
        out_channels,
        activation,
        batch_norm: true,
    }
}

fn depthwise(channels: usize, kernel: usize, stride: usize, activation: Activation) -> Conv {
    Conv {
        kind: ConvKind::Depthwise,
        kernel,
        stride,
        in_channels: channels,
        out_channels: channels,
        activation,
        batch_norm: true,
    }
}

fn pointwise(in_channels: usize, out_channels: usize, activation: Activation) -> Conv {
    Conv {
        kind: ConvKind::Pointwise,
        kernel: 1,
        stride: 1,
        in_channels,
        out_channels,
        activation,
        batch_norm: true,
    }
}

fn dense(in_channels: usize, out_channels: usize, activation: Activation) -> Conv {
    Conv {
        kind: ConvKind::Dense,
        kernel: 1,
        stride: 1,
        in_channels,
        out_channels,
        activation,
        batch_norm: false,
    }
}
