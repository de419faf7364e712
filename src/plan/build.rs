//! Turns a network and its weights into steps.

use super::arena::{self, Lifetime};
use super::packed::{Format, Packed};
use super::precision::{self, Precision};
use super::profile::StepInfo;
use super::step::{
    Add, Bytes, Convolution, Dense, Depthwise, ExpandDepthwise, Input, Pointwise, Pool, Quantise,
    Scale, Stem, Step,
};
use super::tensor::{Extent, Tensor};
use super::threads::Threads;
use super::{Plan, scratch_plane};
use crate::arch::{Block, Conv, ConvKind, Network, Site};
use crate::buffer::{Buffer, LINE};
use crate::error::Error;
use crate::kernels::{TileShape, Window, stem};
use crate::weights::WeightSource;
use std::sync::Arc;

/// Maps of at least this many pixels (28 x 28) run the expansion and the depthwise convolution as one step, since the
/// expanded tensor (up to 4.8 MB in V2) is larger than a second-level cache. That saved 6 % of those two steps at
/// 112 x 112 and up to half of the network's memory. On smaller maps it cost 1 to 5 %.
const FUSED_PIXELS: usize = 28 * 28;

/// The packed weights of a network's layers, in execution order. The papers' networks have at most about 80, so a linear
/// search is fast enough; a hash table would add 3 KiB of WebAssembly.
#[derive(Debug, Default)]
pub struct Layers(Vec<(Site, Arc<Packed>)>);

impl Layers {
    /// The layer at `site`.
    pub fn get(&self, site: Site) -> Option<&Arc<Packed>> {
        self.0.iter().find(|&&(other, _)| other == site).map(|(_, packed)| packed)
    }

    /// [`Precision::Int8`] if any layer has weights of 8 bits.
    pub fn precision(&self) -> Precision {
        match self.0.iter().any(|(_, packed)| packed.format == Format::Bytes) {
            true => Precision::Int8,
            false => Precision::F32,
        }
    }

    /// Bytes of all weights.
    pub fn bytes(&self) -> usize {
        self.0.iter().map(|(_, packed)| packed.weights.bytes()).sum()
    }
}

/// The origin of a plan's weights.
pub enum Weights<'a> {
    /// Reads them from a source and packs them with this precision.
    Source(&'a mut dyn WeightSource, Precision),
    /// Shares those of another plan.
    Shared(&'a Layers),
}

/// The tensors that are still in memory after a run.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// The features and the logits. Layers are fused, and tensors share memory.
    Logits,
    /// Every tensor. With `open_gates`, squeeze-and-excite computes its gates but doesn't apply them.
    All { open_gates: bool },
}

/// A tensor that is still in memory after a run.
#[derive(Debug)]
pub struct Kept {
    pub name: String,
    pub tensor: Tensor,
    pub extent: Extent,
}

/// A tensor between two layers.
#[derive(Clone, Copy)]
struct Map {
    tensor: Tensor,
    extent: Extent,
    /// Whether there may be negative values in it.
    signed: bool,
}

struct Builder<'a> {
    network: &'a Network,
    weights: Weights<'a>,
    keep: Keep,
    layers: Layers,
    steps: Vec<Step>,
    infos: Vec<StepInfo>,
    lifetimes: Vec<Lifetime>,
    kept: Vec<Kept>,
}

/// Checks `network`, packs its weights or shares existing ones, and plans the memory.
pub fn build<'a>(network: &'a Network, weights: Weights<'a>, keep: Keep) -> Result<Plan, Error> {
    network.check()?;
    let mut builder = Builder {
        network,
        weights,
        keep,
        layers: Layers::default(),
        steps: Vec::new(),
        infos: Vec::new(),
        lifetimes: Vec::new(),
        kept: Vec::new(),
    };
    let resolution = network.resolution;
    let picture = builder.tensor((resolution + 2 * stem::BORDER) * stem::row(resolution));
    let mut x = builder.stem(picture)?;
    for (index, block) in network.blocks.iter().enumerate() {
        x = builder.block(index, block, x)?;
    }
    if let Some(last) = &network.last {
        x = builder.layer(Site::Last, last, x)?;
    }
    x = builder.pool("pool".to_owned(), x.tensor, x.extent.pixels(), x.extent);
    if let Some(head) = &network.head {
        x = builder.layer(Site::Head, head, x)?;
    }
    let logits = builder.layer(Site::Classifier, &network.classifier, x)?;
    builder.finish(picture, x, logits)
}

impl Builder<'_> {
    /// Adds a tensor of `values` values, which the next step writes.
    fn tensor(&mut self, values: usize) -> Tensor {
        let step = self.steps.len();
        let len = values.next_multiple_of(LINE) as u64;
        self.lifetimes.push(Lifetime { len, first: step, last: step });
        Tensor(self.lifetimes.len() - 1)
    }

    /// Adds a map of this extent, which the next step writes.
    fn map(&mut self, extent: Extent) -> Map {
        Map { tensor: self.tensor(extent.values()), extent, signed: true }
    }

    /// Adds a map for the output of `conv`.
    fn output(&mut self, window: &Window, conv: &Conv) -> Map {
        let &Window { output_height: height, output_width: width, .. } = window;
        let map = self.map(Extent { height, width, channels: conv.out_channels });
        Map { signed: conv.activation.is_signed(), ..map }
    }

    /// Adds the step `name`.
    fn push(&mut self, name: String, step: impl Into<Step>) {
        let step = step.into();
        for Tensor(tensor) in step.tensors() {
            self.lifetimes[tensor].last = self.steps.len();
        }
        self.infos.push(step.info(name));
        self.steps.push(step);
    }

    /// Adds the step `name`, which writes `output`; the output gets the same name.
    fn push_output(&mut self, name: String, step: impl Into<Step>, output: Map) -> Map {
        let Map { tensor, extent, .. } = output;
        if self.keep != Keep::Logits {
            self.kept.push(Kept { name: name.clone(), tensor, extent });
        }
        self.push(name, step);
        output
    }

    /// Gets a layer's packed weights.
    fn packed(&mut self, site: Site, conv: &Conv) -> Result<Arc<Packed>, Error> {
        let packed = match &mut self.weights {
            Weights::Shared(layers) => layers.get(site).cloned(),
            Weights::Source(source, precision) => {
                let folded = source.conv(site, conv)?;
                folded.check(site, conv)?;
                let precision = precision::of_network(self.network, *precision);
                Some(Arc::new(Packed::new(conv, &folded, precision)?))
            }
        };
        let packed = packed.ok_or_else(|| Error::Network {
            site,
            reason: "the network whose weights it shares has no such layer".to_owned(),
        })?;
        self.layers.0.push((site, Arc::clone(&packed)));
        Ok(packed)
    }

    /// The input of a pointwise convolution with these weights. For weights of 8 bits, adds a step that quantises
    /// `map`.
    fn pointwise_input(&mut self, site: Site, packed: &Packed, map: Map) -> Input {
        if packed.format != Format::Bytes {
            return Input::Floats(map.tensor);
        }
        let Map { tensor: input, extent, signed } = map;
        let bytes = self.tensor(Bytes::values(extent));
        let output = Bytes { bytes, ranges: self.tensor(Bytes::ranges(extent)) };
        self.push(format!("{site} quantise"), Quantise { extent, input, signed, output });
        Input::Bytes(output)
    }

    fn window(&self, conv: &Conv, input: Extent) -> Window {
        Window::new(self.network.padding, conv.kernel, conv.stride, input.height, input.width)
    }

    fn stem(&mut self, input: Tensor) -> Result<Map, Error> {
        let conv = &self.network.stem;
        let packed = self.packed(Site::Stem, conv)?;
        let side = self.network.resolution;
        let window = self.window(conv, Extent { height: side, width: side, channels: stem::RGB });
        let output = self.output(&window, conv);
        let step = Stem { packed, window, input, output: output.tensor };
        Ok(self.push_output(Site::Stem.to_string(), step, output))
    }

    /// Adds a block of any generation.
    fn block(&mut self, index: usize, block: &Block, input: Map) -> Result<Map, Error> {
        let mut x = input;
        if let Some(start) = &block.start {
            x = self.depthwise(Site::Start(index), start, x, None)?;
        }
        match (&block.expand, &block.depthwise) {
            (Some(expand), Some(depthwise)) if self.fuses(expand, x.extent) => {
                x = self.expand_depthwise(index, block, expand, depthwise, x)?;
            }
            (expand, depthwise) => {
                if let Some(expand) = expand {
                    x = self.layer(Site::Expand(index), expand, x)?;
                }
                if let Some(depthwise) = depthwise {
                    let squeezed = block.squeeze_excite.is_some().then_some(index);
                    x = self.depthwise(Site::Depthwise(index), depthwise, x, squeezed)?;
                }
            }
        }
        self.project(index, block, x, input)
    }

    /// Whether to fuse an expansion of this input with the depthwise convolution after it.
    fn fuses(&self, expand: &Conv, input: Extent) -> bool {
        self.keep == Keep::Logits
            && expand.kind == ConvKind::Pointwise
            && input.pixels() >= FUSED_PIXELS
    }

    fn expand_depthwise(
        &mut self,
        index: usize,
        block: &Block,
        expand: &Conv,
        depthwise: &Conv,
        input: Map,
    ) -> Result<Map, Error> {
        let expand = self.packed(Site::Expand(index), expand)?;
        let packed = self.packed(Site::Depthwise(index), depthwise)?;
        let window = self.window(depthwise, input.extent);
        let input = self.pointwise_input(Site::Expand(index), &expand, input);
        let output = self.output(&window, depthwise);
        let row_sums = block.squeeze_excite.map(|_| self.row_sums(output.extent));
        let step = ExpandDepthwise {
            expand,
            depthwise: packed,
            window,
            input,
            output: output.tensor,
            row_sums,
        };
        self.push_output(format!("{} + depthwise", Site::Expand(index)), step, output);
        self.squeeze_excite(index, block, output, row_sums)
    }

    /// Adds a tensor for the row sums of a map of this extent.
    fn row_sums(&mut self, extent: Extent) -> Tensor {
        self.tensor(Extent { width: 1, ..extent }.values())
    }

    /// Adds a depthwise convolution, followed by the squeeze-and-excite of the block `squeezed`, if any.
    fn depthwise(
        &mut self,
        site: Site,
        conv: &Conv,
        input: Map,
        squeezed: Option<usize>,
    ) -> Result<Map, Error> {
        let packed = self.packed(site, conv)?;
        let window = self.window(conv, input.extent);
        let output = self.output(&window, conv);
        let row_sums = squeezed.map(|_| self.row_sums(output.extent));
        let (input, tensor) = (input.tensor, output.tensor);
        let step = Depthwise { packed, window, input, output: tensor, row_sums };
        let output = self.push_output(site.to_string(), step, output);
        match squeezed {
            None => Ok(output),
            Some(index) => {
                self.squeeze_excite(index, &self.network.blocks[index], output, row_sums)
            }
        }
    }

    /// Adds squeeze-and-excite on a block's depthwise output `x`, given its row sums. Returns `x` for a block without.
    fn squeeze_excite(
        &mut self,
        index: usize,
        block: &Block,
        x: Map,
        row_sums: Option<Tensor>,
    ) -> Result<Map, Error> {
        let (Some(squeeze_excite), Some(row_sums)) = (&block.squeeze_excite, row_sums) else {
            return Ok(x);
        };
        let name = format!("block {index} pool");
        let mut gates = self.pool(name, row_sums, x.extent.height, x.extent);
        gates = self.layer(Site::SqueezeReduce(index), &squeeze_excite.reduce, gates)?;
        gates = self.layer(Site::SqueezeExpand(index), &squeeze_excite.expand, gates)?;
        let output = match self.keep {
            Keep::Logits => x,
            Keep::All { open_gates: true } => return Ok(x),
            Keep::All { open_gates: false } => self.map(x.extent),
        };
        let signed = x.signed || squeeze_excite.expand.activation.is_signed();
        let output = Map { signed, ..output };
        let (extent, input, tensor) = (x.extent, x.tensor, output.tensor);
        let step = Scale { extent, gates: gates.tensor, input, output: tensor };
        Ok(self.push_output(format!("block {index} scale"), step, output))
    }

    /// Adds a block's projection of `x` and its residual. If the plan doesn't keep the block's `input`, the projection
    /// is added to it in place, unless the block has no other layer: the kernel can't write what it still reads.
    fn project(&mut self, index: usize, block: &Block, x: Map, input: Map) -> Result<Map, Error> {
        let (site, conv) = (Site::Project(index), &block.project);
        if !block.residual {
            return self.layer(site, conv, x);
        }
        let in_place = self.keep == Keep::Logits && x.tensor != input.tensor;
        if in_place && conv.kind == ConvKind::Pointwise {
            let packed = self.packed(site, conv)?;
            let step = Pointwise {
                input: self.pointwise_input(site, &packed, x),
                packed,
                extent: x.extent,
                output: input.tensor,
                accumulate: true,
            };
            let sum = Map { signed: true, ..input };
            return Ok(self.push_output(site.to_string(), step, sum));
        }
        let projected = self.layer(site, conv, x)?;
        let output = self.map(input.extent);
        let step = Add {
            extent: input.extent,
            inputs: [projected.tensor, input.tensor],
            output: output.tensor,
        };
        Ok(self.push_output(format!("block {index} add"), step, output))
    }

    /// Adds a layer that sums over channels.
    fn layer(&mut self, site: Site, conv: &Conv, x: Map) -> Result<Map, Error> {
        let packed = self.packed(site, conv)?;
        let window = self.window(conv, x.extent);
        let pointwise_input = self.pointwise_input(site, &packed, x);
        let map = self.output(&window, conv);
        let (input, output) = (x.tensor, map.tensor);
        let step: Step = match conv.kind {
            ConvKind::Pointwise => {
                let (extent, input) = (x.extent, pointwise_input);
                Pointwise { packed, extent, input, output, accumulate: false }.into()
            }
            ConvKind::Dense => Dense { packed, input, output }.into(),
            ConvKind::Convolution => Convolution { packed, window, input, output }.into(),
            kind @ (ConvKind::Stem | ConvKind::Depthwise) => {
                return Err(Error::Network { site, reason: format!("no {kind:?} fits here") });
            }
        };
        Ok(self.push_output(site.to_string(), step, map))
    }

    /// Adds the mean of a map of this extent. Per channel, `input` has `values` values: its pixels or its row sums.
    fn pool(&mut self, name: String, input: Tensor, values: usize, extent: Extent) -> Map {
        let output = self.map(Extent::vector(extent.channels));
        let step = Pool { extent, input, values, output: output.tensor };
        self.push_output(name, step, output)
    }

    /// Plans the memory and makes the plan.
    fn finish(mut self, picture: Tensor, features: Map, logits: Map) -> Result<Plan, Error> {
        if self.keep != Keep::Logits {
            for lifetime in &mut self.lifetimes {
                (lifetime.first, lifetime.last) = (0, self.steps.len());
            }
        }
        let (offsets, total) = arena::arrange(&self.lifetimes);
        let arena = Buffer::zeros(addressable(total)?)?;
        let offsets = offsets.into_iter().map(addressable).collect::<Result<_, _>>()?;
        let shape = TileShape::default();
        let scratch_plane = scratch_plane(&self.steps, shape);
        Ok(Plan {
            threads: Threads::alone(),
            network: self.network.clone(),
            precision: self.layers.precision(),
            layers: self.layers,
            steps: self.steps,
            infos: self.infos,
            kept: self.kept,
            arena,
            offsets,
            scratch: Buffer::zeros(scratch_plane)?,
            scratch_plane,
            shape,
            picture,
            features: features.tensor,
            logits: logits.tensor,
        })
    }
}

/// Converts a number of values to `usize`. It may not fit in 32 bits.
fn addressable(values: u64) -> Result<usize, Error> {
    let bytes = values.saturating_mul(size_of::<f32>() as u64);
    usize::try_from(values).map_err(|_| Error::OutOfMemory { bytes })
}
