//! Turns a network and its weights into a plan.

use super::Plan;
use super::arena::{self, Lifetime};
use super::profile::{StepInfo, StepKind};
use super::step::{Packed, Size, Step};
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
        let mut x = input;
        if let Some(expand) = &block.expand {
            x = self.pointwise(Site::Expand(index), expand, x, *size, None)?;
        }
        let before = *size;
        *size = self.output(&block.depthwise, before);
        let channels = block.depthwise.out_channels;
        let row_sums = block.squeeze_excite.map(|_| self.tensor(tensor(channels, size.height)));
        x = self.depthwise(index, &block.depthwise, x, before, row_sums)?;
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
        let FoldedConv { weight, bias } = self.weights(site, conv)?;
        let packed = Packed::new(conv, pack::pointwise(&weight, &bias));
        let pixels = size.pixels();
        let output = residual.unwrap_or_else(|| self.tensor(tensor(conv.out_channels, pixels)));
        let step = Step::Pointwise {
            packed,
            input,
            in_channels: conv.in_channels,
            output,
            out_channels: conv.out_channels,
            pixels,
            accumulate: residual.is_some(),
        };
        let info = StepInfo::conv(site, StepKind::Pointwise, conv, size, size);
        self.push(step, info, &[input, output]);
        Ok(output)
    }

    fn depthwise(
        &mut self,
        index: usize,
        conv: &Conv,
        input: Id,
        size: Size,
        row_sums: Option<Id>,
    ) -> Result<Id, Error> {
        let site = Site::Depthwise(index);
        let FoldedConv { weight, bias } = self.weights(site, conv)?;
        let packed = Packed::new(conv, pack::depthwise(&weight, &bias, conv.kernel));
        let [above, left] = self.before(conv, size);
        let output_size = self.output(conv, size);
        let channels = conv.out_channels;
        let output = self.tensor(tensor(channels, output_size.pixels()));
        let (kernel, stride) = (conv.kernel, conv.stride);
        let step = Step::Depthwise {
            packed,
            input,
            size,
            kernel,
            stride,
            above,
            left,
            output,
            output_size,
            channels,
            row_sums,
        };
        let info = StepInfo::conv(site, StepKind::Depthwise, conv, size, output_size);
        self.push(step, info, &[input, output]);
        Ok(output)
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
        let mut weight_bytes = 0;
        for step in &mut self.steps {
            weight_bytes += step.place(&offsets);
        }
        Plan {
            team: Team::alone(),
            steps: self.steps,
            infos: self.infos,
            arena: Buffer::zeros(total),
            resolution: network.resolution,
            input: offsets[input],
            logits: offsets[logits],
            classes: network.classifier.out_channels,
            weight_bytes,
        }
    }
}
