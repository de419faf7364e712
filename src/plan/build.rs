//! Turns a network and its weights into a plan.

use super::Plan;
use super::arena::{self, Lifetime};
use super::profile::{StepInfo, StepKind};
use super::step::{DepthwiseStep, Packed, PointwiseStep, Size, Step};
use super::team::Team;
use crate::arch::{Block, Conv, Network, Padding, Site};
use crate::buffer::{Buffer, LINE};
use crate::error::Error;
use crate::kernels::layout::{BLOCK, blocks, plane, tensor};
use crate::kernels::{pack, stem};
use crate::weights::{FoldedConv, WeightSource};

/// A tensor by its number, until the arena has given it an offset.
type Id = usize;

/// The size of what pooling leaves and dense layers take.
const PIXEL: Size = Size { height: 1, width: 1 };

/// From this many pixels on, 28 x 28, expansion and depthwise convolution are one step: the expanded tensor is
/// larger than a second-level cache, up to 4.8 MB in V2. It saved 6 % of those two steps at 112 x 112 and
/// up to half of the network's memory; on smaller maps it cost 1 to 5 %.
const FUSED_PIXELS: usize = 28 * 28;

/// Collects steps; their offsets are tensor numbers until [`Builder::finish`].
struct Builder<'a> {
    weights: &'a mut dyn WeightSource,
    padding: Padding,
    steps: Vec<Step>,
    infos: Vec<StepInfo>,
    tensors: Vec<Lifetime>,
}

/// See [`Plan::new`].
pub fn build(network: &Network, weights: &mut dyn WeightSource) -> Result<Plan, Error> {
    let resolution = network.resolution;
    let mut builder = Builder {
        weights,
        padding: network.padding,
        steps: Vec::new(),
        infos: Vec::new(),
        tensors: Vec::new(),
    };
    let input = builder.tensor((resolution + 2 * stem::BORDER) * stem::row(resolution));
    let mut size = Size { height: resolution, width: resolution };
    let mut x = builder.stem(&network.stem, input, &mut size)?;
    for (index, block) in network.blocks.iter().enumerate() {
        x = builder.block(index, block, x, &mut size)?;
    }
    let mut channels =
        network.blocks.last().map_or(network.stem, |block| block.project).out_channels;
    if let Some(last) = &network.last {
        x = builder.pointwise(Site::Last, last, x, size, None)?;
        channels = last.out_channels;
    }
    x = builder.pool("pool".to_owned(), x, size.pixels(), size, channels);
    if let Some(head) = &network.head {
        x = builder.dense(Site::Head, head, x)?;
    }
    let logits = builder.dense(Site::Classifier, &network.classifier, x)?;
    Ok(builder.finish(network, input, logits))
}

impl Builder<'_> {
    /// A tensor of `len` values that the next step writes.
    fn tensor(&mut self, len: usize) -> Id {
        let step = self.steps.len();
        let len = len.next_multiple_of(LINE);
        self.tensors.push(Lifetime { len, first: step, last: step });
        self.tensors.len() - 1
    }

    /// Adds a step that does what `info` says and touches `tensors`.
    fn push(&mut self, step: Step, info: StepInfo, tensors: &[Id]) {
        for &id in tensors {
            self.tensors[id].last = self.steps.len();
        }
        self.steps.push(step);
        self.infos.push(info);
    }

    /// The weights of one convolution, their lengths checked.
    fn weights(&mut self, site: Site, conv: &Conv) -> Result<FoldedConv, Error> {
        let folded = self.weights.conv(site, conv)?;
        for (what, expected, got) in [
            ("weights", conv.weight_count(), folded.weight.len()),
            ("biases", conv.out_channels, folded.bias.len()),
        ] {
            if got != expected {
                return Err(Error::WeightLength { site, what, expected, got });
            }
        }
        Ok(folded)
    }

    fn stem(&mut self, conv: &Conv, input: Id, size: &mut Size) -> Result<Id, Error> {
        let FoldedConv { weight, bias } = self.weights(Site::Stem, conv)?;
        let packed = Packed::new(conv, pack::stem(&weight, &bias));
        let [above, left] = self.before(conv, *size);
        let row = stem::row(size.width);
        let output_size = self.output(conv, *size);
        let info = StepInfo::conv(Site::Stem, StepKind::Stem, conv, *size, output_size);
        *size = output_size;
        let output = self.tensor(tensor(conv.out_channels, size.pixels()));
        let out_channels = conv.out_channels;
        let step =
            Step::Stem { packed, input, row, above, left, output, size: *size, out_channels };
        self.push(step, info, &[input, output]);
        Ok(output)
    }

    /// An inverted residual, or V1's depthwise-separable convolution.
    fn block(
        &mut self,
        index: usize,
        block: &Block,
        input: Id,
        size: &mut Size,
    ) -> Result<Id, Error> {
        let before = *size;
        let mut depthwise_input = input;
        let mut fused = None;
        if let Some(conv) = &block.expand {
            if before.pixels() >= FUSED_PIXELS {
                let (step, info) = self.convolve(Site::Expand(index), conv, before)?;
                fused = Some((PointwiseStep { input, ..step }, info));
            } else {
                depthwise_input = self.pointwise(Site::Expand(index), conv, input, before, None)?;
            }
        }
        let (depthwise, info) = self.depthwise(index, &block.depthwise, before)?;
        *size = depthwise.output_size;
        let channels = block.depthwise.out_channels;
        let x = self.tensor(tensor(channels, size.pixels()));
        let row_sums = block.squeeze_excite.map(|_| self.tensor(tensor(channels, size.height)));
        let tensors = [depthwise_input, x, row_sums.unwrap_or(x)];
        let depthwise = DepthwiseStep { input: depthwise_input, output: x, row_sums, ..depthwise };
        match fused {
            None => self.push(Step::Depthwise(depthwise), info, &tensors),
            Some((expand, first)) => {
                let step = Step::Expanded { expand, depthwise };
                self.push(step, StepInfo::expanded(first, info), &tensors);
            }
        }
        if let (Some(se), Some(row_sums)) = (&block.squeeze_excite, row_sums) {
            let name = format!("block {index} pool");
            let mut gates = self.pool(name, row_sums, size.height, *size, channels);
            gates = self.dense(Site::SqueezeReduce(index), &se.reduce, gates)?;
            gates = self.dense(Site::SqueezeExpand(index), &se.expand, gates)?;
            let step = Step::Scale { gates, tensor: x, pixels: size.pixels(), channels };
            let name = format!("block {index} scale");
            let info = StepInfo::plain(name, StepKind::Scale, channels, *size, *size);
            self.push(step, info, &[gates, x]);
        }
        // A residual is added in place: the projection adds its sums to the block's input.
        let residual = block.residual.then_some(input);
        self.pointwise(Site::Project(index), &block.project, x, *size, residual)
    }

    fn pointwise(
        &mut self,
        site: Site,
        conv: &Conv,
        input: Id,
        size: Size,
        residual: Option<Id>,
    ) -> Result<Id, Error> {
        let (step, info) = self.convolve(site, conv, size)?;
        let output =
            residual.unwrap_or_else(|| self.tensor(tensor(conv.out_channels, size.pixels())));
        let step = PointwiseStep { input, output, accumulate: residual.is_some(), ..step };
        self.push(Step::Pointwise(step), info, &[input, output]);
        Ok(output)
    }

    /// A 1x1 convolution without its tensors.
    fn convolve(
        &mut self,
        site: Site,
        conv: &Conv,
        size: Size,
    ) -> Result<(PointwiseStep, StepInfo), Error> {
        let FoldedConv { weight, bias } = self.weights(site, conv)?;
        let step = PointwiseStep {
            packed: Packed::new(conv, pack::pointwise(&weight, &bias)),
            input: 0,
            in_channels: conv.in_channels,
            output: 0,
            out_channels: conv.out_channels,
            pixels: size.pixels(),
            accumulate: false,
        };
        Ok((step, StepInfo::conv(site, StepKind::Pointwise, conv, size, size)))
    }

    /// A depthwise convolution without its tensors.
    fn depthwise(
        &mut self,
        index: usize,
        conv: &Conv,
        size: Size,
    ) -> Result<(DepthwiseStep, StepInfo), Error> {
        let site = Site::Depthwise(index);
        let FoldedConv { weight, bias } = self.weights(site, conv)?;
        let [above, left] = self.before(conv, size);
        let output_size = self.output(conv, size);
        let step = DepthwiseStep {
            packed: Packed::new(conv, pack::depthwise(&weight, &bias, conv.kernel)),
            input: 0,
            size,
            kernel: conv.kernel,
            stride: conv.stride,
            above,
            left,
            output: 0,
            output_size,
            channels: conv.out_channels,
            row_sums: None,
        };
        Ok((step, StepInfo::conv(site, StepKind::Depthwise, conv, size, output_size)))
    }

    /// The mean of `size`'s pixels, from `values` sums over some of them per channel.
    fn pool(&mut self, name: String, input: Id, values: usize, size: Size, channels: usize) -> Id {
        let output = self.tensor(blocks(channels) * BLOCK);
        let (plane, pixels) = (plane(values), size.pixels());
        let step = Step::Pool { input, plane, values, pixels, output, channels };
        let info = StepInfo::plain(name, StepKind::Pool, channels, size, PIXEL);
        self.push(step, info, &[input, output]);
        output
    }

    fn dense(&mut self, site: Site, conv: &Conv, input: Id) -> Result<Id, Error> {
        let FoldedConv { weight, bias } = self.weights(site, conv)?;
        let packed = Packed::new(conv, pack::pointwise(&weight, &bias));
        let output = self.tensor(blocks(conv.out_channels) * BLOCK);
        let (in_channels, out_channels) = (conv.in_channels, conv.out_channels);
        let step = Step::Dense { packed, input, in_channels, output, out_channels };
        let info = StepInfo::conv(site, StepKind::Dense, conv, PIXEL, PIXEL);
        self.push(step, info, &[input, output]);
        Ok(output)
    }

    /// Padding above and left.
    fn before(&self, conv: &Conv, size: Size) -> [usize; 2] {
        [size.height, size.width].map(|side| self.padding.before(side, conv.kernel, conv.stride))
    }

    fn output(&self, conv: &Conv, size: Size) -> Size {
        let side = |side| self.padding.output(side, conv.stride);
        Size { height: side(size.height), width: side(size.width) }
    }

    /// Places the tensors and turns the steps' tensor numbers into offsets.
    fn finish(mut self, network: &Network, input: Id, logits: Id) -> Plan {
        let (offsets, total) = arena::place(&self.tensors);
        let scratch_plane = self.steps.iter().map(Step::scratch).max().unwrap_or(0);
        let mut weight_bytes = 0;
        for step in &mut self.steps {
            weight_bytes += step.place(&offsets);
        }
        Plan {
            team: Team::alone(),
            steps: self.steps,
            infos: self.infos,
            arena: Buffer::zeros(total),
            scratch: Buffer::zeros(scratch_plane),
            scratch_plane,
            resolution: network.resolution,
            input: offsets[input],
            logits: offsets[logits],
            classes: network.classifier.out_channels,
            weight_bytes,
        }
    }
}
