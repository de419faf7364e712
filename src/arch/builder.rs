//! Builds a [`Network`] from the papers' tables and a width multiplier.

use super::rounding::make_divisible;
use super::table::{Row, Table};
use super::{
    Activation, Block, Conv, ConvKind, Family, Network, Padding, Rounding, SqueezeExcite, Version,
};
use crate::error::Error;

/// The smallest input size in pixels. Sizes are multiples of 32, because every network halves its input five times.
pub const MIN_RESOLUTION: usize = 96;
/// The largest input size in pixels.
pub const MAX_RESOLUTION: usize = 320;
/// The smallest width multiplier; tf-slim's and timm's checkpoints have 0.25 to 1.4.
pub const MIN_WIDTH: f64 = 0.1;
/// The largest width multiplier.
pub const MAX_WIDTH: f64 = 4.0;
/// The largest class count. It leaves room for ImageNet-21k (timm's V3-Large for it has 11,221 classes) and limits how
/// much memory a file can ask for.
pub const MAX_CLASSES: usize = 65_536;

/// What a [`Network`] is built from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Config {
    /// The network.
    pub version: Version,
    /// The form of V3 without squeeze-and-excite, h-swish and 5x5 kernels. Other versions have none.
    pub minimalistic: bool,
    /// Width multiplier, [`MIN_WIDTH`] to [`MAX_WIDTH`].
    pub width: f64,
    /// Height and width of the input in pixels: a multiple of 32 from [`MIN_RESOLUTION`] to [`MAX_RESOLUTION`].
    pub resolution: usize,
    /// Class count, 1 to [`MAX_CLASSES`].
    pub classes: usize,
    /// Padding of the stem and of every depthwise and full convolution.
    pub padding: Padding,
    /// The library whose rule gives the channel counts at widths other than 1.0.
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
        if self.minimalistic && self.version.family() != Family::V3 {
            return Err(Error::Minimalistic { version: self.version });
        }
        if !(MIN_WIDTH..=MAX_WIDTH).contains(&self.width) {
            return Err(Error::Width { width: self.width });
        }
        check_resolution(self.resolution)?;
        if !(1..=MAX_CLASSES).contains(&self.classes) {
            return Err(Error::Classes { classes: self.classes });
        }
        Ok(())
    }
}

/// Checks that an input may have this many pixels per side.
pub(super) fn check_resolution(resolution: usize) -> Result<(), Error> {
    let possible = (MIN_RESOLUTION..=MAX_RESOLUTION).contains(&resolution);
    if possible && resolution.is_multiple_of(32) {
        Ok(())
    } else {
        Err(Error::Resolution { resolution })
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
        let &Config { version, minimalistic, width, resolution, padding, rounding, .. } = config;
        let table = version.table();
        let family = table.family;
        let mut body = Body::new(config);
        let stem = stem(body.channels, body.settle(table.activation));
        for row in table.stages.iter().copied().flatten() {
            body.row(row);
        }
        let activation = body.settle(table.activation);
        let mut features = body.channels;
        let last = table.last.as_ref().map(|last| {
            let last = rounding.last(family, last, features, width);
            pointwise(std::mem::replace(&mut features, last), last, activation)
        });
        let head = table.head.as_ref().map(|head| {
            let channels = rounding.head(family, head.channels, width);
            let conv = dense(std::mem::replace(&mut features, channels), channels, activation);
            Conv { batch_norm: head.batch_norm, ..conv }
        });
        let stages = table.stages.iter().map(|rows| rows.iter().map(Row::repeats).sum());
        Ok(Self {
            version: Some(version),
            minimalistic,
            width,
            resolution,
            padding,
            stages: stages.collect(),
            stem,
            blocks: body.blocks,
            last,
            head,
            classifier: dense(features, config.classes, Activation::Linear),
        })
    }
}

/// Collects the blocks between stem and last convolution.
struct Body<'a> {
    config: &'a Config,
    table: &'static Table,
    /// Input channels of the next block.
    channels: usize,
    /// Input channels of the next block at width 1.0, as in the paper's table.
    table_channels: usize,
    blocks: Vec<Block>,
}

impl<'a> Body<'a> {
    fn new(config: &'a Config) -> Self {
        let table = config.version.table();
        let channels = config.rounding.stem(table, config.width);
        Self { config, table, channels, table_channels: table.stem, blocks: Vec::new() }
    }

    /// Replaces every activation by ReLU in a minimalistic network.
    fn settle(&self, activation: Activation) -> Activation {
        if self.config.minimalistic { Activation::Relu } else { activation }
    }

    /// Scales a channel count of the paper's table to this width.
    fn scale(&self, channels: usize) -> usize {
        self.config.rounding.scale(self.table.family, channels, self.config.width)
    }

    /// Adds a row's blocks.
    fn row(&mut self, row: &Row) {
        match *row {
            Row::Separable { c, s } => self.separable(c, s),
            Row::Inverted { t, k, c, n, s } => {
                for repeat in 0..n {
                    self.inverted(t, k, c, if repeat == 0 { s } else { 1 });
                }
            }
            Row::Bottleneck { k, exp, out, se, nl, s } => self.bottleneck(k, exp, out, se, nl, s),
            Row::Universal { k0, k, t, c, s } => self.universal(k0, k, t, c, s),
            Row::Fused { k, t, c, s } => self.fused(k, t, c, s),
            Row::Convolution { k, c, s } => self.convolution(k, c, s),
        }
    }

    fn separable(&mut self, c: usize, s: usize) {
        let activation = self.table.activation;
        let output = self.scale(c);
        self.push(Block {
            depthwise: Some(depthwise(self.channels, 3, s, activation)),
            ..block(pointwise(self.channels, output, activation))
        });
    }

    fn inverted(&mut self, t: usize, k: usize, c: usize, s: usize) {
        let activation = self.table.activation;
        let (input, output) = (self.channels, self.scale(c));
        let expanded = input * t;
        // The first block of transformers' V2 is a part of its stem, so it has no residual, even where a small width makes
        // its channel counts equal.
        let without = self.blocks.is_empty()
            && (self.config.rounding == Rounding::Transformers || !self.table.first_residual);
        self.push(Block {
            expand: (t != 1).then(|| pointwise(input, expanded, activation)),
            depthwise: Some(depthwise(expanded, k, s, activation)),
            residual: s == 1 && input == output && !without,
            ..block(pointwise(expanded, output, Activation::Linear))
        });
    }

    fn bottleneck(&mut self, k: usize, exp: usize, out: usize, se: bool, nl: Activation, s: usize) {
        let &Config { minimalistic, width, rounding, .. } = self.config;
        let (input, output) = (self.channels, self.scale(out));
        let expanded = rounding.v3_expanded(exp, input, self.table_channels, width);
        self.table_channels = out;
        // The first block of the tables has as many expanded channels as input channels, so it needs no expansion.
        // timm leaves the expansion out of the first block, torchvision wherever the two counts are equal.
        let expands = if rounding == Rounding::Torchvision {
            expanded != input
        } else {
            !self.blocks.is_empty()
        };
        let expanded = if expands { expanded } else { input };
        let activation = self.settle(nl);
        let squeezed = rounding.v3_squeezed(expanded);
        let kernel = if minimalistic { 3 } else { k };
        self.push(Block {
            expand: expands.then(|| pointwise(input, expanded, activation)),
            depthwise: Some(depthwise(expanded, kernel, s, activation)),
            squeeze_excite: (se && !minimalistic).then(|| SqueezeExcite {
                reduce: dense(expanded, squeezed, Activation::Relu),
                expand: dense(squeezed, expanded, Activation::HardSigmoid),
            }),
            residual: s == 1 && input == output,
            ..block(pointwise(expanded, output, Activation::Linear))
        });
    }

    fn universal(&mut self, k0: usize, k: usize, t: usize, c: usize, s: usize) {
        let activation = self.table.activation;
        let (input, output) = (self.channels, self.scale(c));
        let expanded = make_divisible((input * t) as f64);
        let start_stride = if k == 0 { s } else { 1 };
        self.push(Block {
            start: (k0 != 0).then(|| depthwise(input, k0, start_stride, Activation::Linear)),
            expand: Some(pointwise(input, expanded, activation)),
            depthwise: (k != 0).then(|| depthwise(expanded, k, s, activation)),
            residual: s == 1 && input == output,
            ..block(pointwise(expanded, output, Activation::Linear))
        });
    }

    fn fused(&mut self, k: usize, t: usize, c: usize, s: usize) {
        let activation = self.table.activation;
        let (input, output) = (self.channels, self.scale(c));
        let expanded = make_divisible((input * t) as f64);
        self.push(Block {
            expand: Some(full(input, expanded, k, s, activation)),
            residual: s == 1 && input == output,
            ..block(pointwise(expanded, output, Activation::Linear))
        });
    }

    fn convolution(&mut self, k: usize, c: usize, s: usize) {
        let (activation, output) = (self.table.activation, self.scale(c));
        let project = match (k, s) {
            (1, 1) => pointwise(self.channels, output, activation),
            _ => full(self.channels, output, k, s, activation),
        };
        self.push(block(project));
    }

    fn push(&mut self, block: Block) {
        self.channels = block.project.out_channels;
        self.blocks.push(block);
    }
}

/// A block that has only a projection.
fn block(project: Conv) -> Block {
    Block {
        start: None,
        expand: None,
        depthwise: None,
        squeeze_excite: None,
        project,
        residual: false,
    }
}

/// A full convolution.
fn full(
    in_channels: usize,
    out_channels: usize,
    kernel: usize,
    stride: usize,
    activation: Activation,
) -> Conv {
    Conv {
        kind: ConvKind::Convolution,
        kernel,
        stride,
        in_channels,
        out_channels,
        activation,
        batch_norm: true,
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
