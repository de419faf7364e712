//! Removes channels that have the same value for every picture.
//!
//! Interval arithmetic over the folded weights bounds each channel, from the input's range through all activations. A
//! channel whose bounds meet is constant: the layers that compute it lose it, and its value goes into the bias of the
//! layer that sums over it. In trained networks these are channels that ReLU has cut off everywhere.
//!
//! The bounds hold for the kernels' `f32` sums too, since each is widened by the largest rounding error of a sum in any
//! order. With 8 bits the values of a channel differ from those of its float weights, and a trimmed network differs by
//! about as much.
//!
//! Channels stay where others must match them: those of a residual, and the classifier's input, which is an embedding.

use super::{FoldedConv, WeightSource};
use crate::arch::{Activation, Block, Conv, ConvKind, Network, Site};
use crate::error::Error;
use crate::preprocess::Preprocessing;

/// The bounds of a channel's values.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Interval {
    low: f64,
    high: f64,
}

impl Interval {
    fn point(value: f64) -> Self {
        Self { low: value, high: value }
    }

    fn constant(self) -> Option<f64> {
        (self.low == self.high).then_some(self.low)
    }

    fn magnitude(self) -> f64 {
        self.low.abs().max(self.high.abs())
    }

    /// The interval that contains 0 too: the values of a map and of the border around it.
    fn with_zero(self) -> Self {
        Self { low: self.low.min(0.0), high: self.high.max(0.0) }
    }

    fn add(self, other: Self) -> Self {
        Self { low: self.low + other.low, high: self.high + other.high }
    }

    fn times(self, factor: f64) -> Self {
        let (a, b) = (self.low * factor, self.high * factor);
        Self { low: a.min(b), high: a.max(b) }
    }

    fn widened(self, by: f64) -> Self {
        Self { low: self.low - by, high: self.high + by }
    }

    /// The bounds after an activation.
    fn activated(self, activation: Activation) -> Self {
        let Self { low, high } = self;
        let clamped = |least: f64, most: f64| Self {
            low: low.clamp(least, most),
            high: high.clamp(least, most),
        };
        match activation {
            Activation::Linear => self,
            Activation::Relu => clamped(0.0, f64::INFINITY),
            Activation::Relu6 => clamped(0.0, 6.0),
            // Only the gates of squeeze-and-excite.
            Activation::HardSigmoid => Self { low: 0.0, high: 1.0 },
            Activation::HardSwish => {
                // A little below -3, a rounded `x / 6 + 1 / 2` may still be above 0.
                if high <= -3.0 - 1e-5 {
                    return Self::point(0.0);
                }
                let at = |x: f64| x * (x / 6.0 + 0.5).clamp(0.0, 1.0);
                let ends = [at(low), at(high)];
                let least = if low < -1.5 && high > -1.5 { at(-1.5) } else { f64::INFINITY };
                let bounds =
                    Self { low: ends[0].min(ends[1]).min(least), high: ends[0].max(ends[1]) };
                // Up to two roundings.
                bounds
                    .constant()
                    .map_or_else(|| bounds.widened(1e-6 * self.magnitude()), Self::point)
            }
        }
    }
}

/// The bounds of a sum of `terms`, whose magnitudes add up to no more than `magnitude` with the bias.
struct Sum {
    bounds: Interval,
    magnitude: f64,
    terms: usize,
}

impl Sum {
    fn new(bias: f32) -> Self {
        let bias = f64::from(bias);
        Self { bounds: Interval::point(bias), magnitude: bias.abs(), terms: 0 }
    }

    fn add(&mut self, input: Interval, weight: f32) {
        let term = input.times(weight.into());
        let magnitude = term.magnitude();
        // A product with 0 changes nothing and rounds nothing.
        if magnitude > 0.0 {
            self.bounds = self.bounds.add(term);
            self.magnitude += magnitude;
            self.terms += 1;
        }
    }

    /// Includes the roundings of products and sums in `f32`, and those of this `f64` sum.
    fn bounds(&self) -> Interval {
        const UNIT: f64 = f32::EPSILON as f64;
        if self.terms == 0 {
            return self.bounds;
        }
        self.bounds.widened(self.magnitude * (self.terms + 2) as f64 * UNIT)
    }
}

/// A tensor between two layers that sum over channels.
struct Stream {
    /// Of each channel.
    bounds: Vec<Interval>,
    /// The layers that lose an output with a channel.
    layers: Vec<Site>,
    /// Whether channels may be removed.
    open: bool,
}

/// What a layer loses.
#[derive(Debug, Default)]
struct Cut {
    /// Outputs, ascending.
    outputs: Vec<usize>,
    /// Inputs, ascending, with their values.
    inputs: Vec<(usize, f64)>,
}

/// The constant channels of a network.
#[derive(Debug)]
pub struct Trim {
    full: Network,
    network: Network,
    cuts: Vec<(Site, Cut)>,
    channels: usize,
}

impl Trim {
    /// Finds the constant channels of `network` on pictures that are prepared with `preprocessing`. Reads all weights.
    ///
    /// # Errors
    /// Those of [`Network::check`] and of `weights`.
    pub fn find(
        network: &Network,
        preprocessing: &Preprocessing,
        weights: &mut dyn WeightSource,
    ) -> Result<Self, Error> {
        network.check()?;
        let (full, network) = (network.clone(), network.clone());
        let mut search = Search {
            weights,
            trim: Self { full: full.clone(), network, cuts: Vec::new(), channels: 0 },
        };
        search.run(&full, preprocessing)?;
        Ok(search.trim)
    }

    /// The network without these channels.
    #[must_use]
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// How many channels were removed. One that runs through a depthwise convolution counts once.
    #[must_use]
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// The weights of [`Trim::network`], made of those that [`Trim::find`] has read.
    pub fn source<'a>(&'a self, weights: &'a mut dyn WeightSource) -> impl WeightSource + 'a {
        Trimmed { trim: self, weights }
    }

    fn cut(&mut self, site: Site) -> &mut Cut {
        let index = self.cuts.iter().position(|&(other, _)| other == site).unwrap_or_else(|| {
            self.cuts.push((site, Cut::default()));
            self.cuts.len() - 1
        });
        &mut self.cuts[index].1
    }

    /// Removes the channels of `stream` that are constant before the layers `consumers` sum over them.
    fn remove(&mut self, stream: &Stream, consumers: &[Site]) {
        if !stream.open {
            return;
        }
        // At a map's border, a filter of several taps sees fewer of them.
        let pointwise =
            |&site: &Site| layer(&mut self.network, site).is_some_and(|conv| conv.kernel == 1);
        let pointwise = consumers.iter().all(pointwise);
        let constants = stream.bounds.iter().enumerate();
        let mut constants: Vec<_> = constants
            .filter_map(|(channel, bounds)| Some((channel, bounds.constant()?)))
            .filter(|&(_, value)| pointwise || value == 0.0)
            .collect();
        // No layer may be empty.
        constants.truncate(stream.bounds.len() - 1);
        let count = constants.len();
        if count == 0 {
            return;
        }
        self.channels += count;
        for &site in &stream.layers {
            if let Some(conv) = layer(&mut self.network, site) {
                conv.out_channels -= count;
                if conv.kind == ConvKind::Depthwise {
                    conv.in_channels -= count;
                }
            }
            self.cut(site).outputs = constants.iter().map(|&(channel, _)| channel).collect();
        }
        for &site in consumers {
            if let Some(conv) = layer(&mut self.network, site) {
                conv.in_channels -= count;
            }
            self.cut(site).inputs.clone_from(&constants);
        }
    }
}

/// The walk over a network.
struct Search<'a> {
    weights: &'a mut dyn WeightSource,
    trim: Trim,
}

impl Search<'_> {
    fn run(&mut self, network: &Network, preprocessing: &Preprocessing) -> Result<(), Error> {
        let ends = |(&mean, &std): (&f32, &f32)| {
            let at = |value: f64| (value - f64::from(mean)) / f64::from(std);
            let bounds = Interval { low: at(0.0), high: at(1.0) };
            bounds.widened(1e-5 * (1.0 + bounds.magnitude()))
        };
        let input = preprocessing.mean.iter().zip(&preprocessing.std).map(ends).collect();
        let input = Stream { bounds: input, layers: Vec::new(), open: false };
        let mut x = self.mix(Site::Stem, &network.stem, input)?;
        for (index, block) in network.blocks.iter().enumerate() {
            x = self.block(index, block, x)?;
        }
        if let Some(last) = &network.last {
            x = self.mix(Site::Last, last, x)?;
        }
        if network.head.is_some() {
            // A mean's roundings, of some hundred pixels.
            for bounds in &mut x.bounds {
                if bounds.constant().is_none() {
                    *bounds = bounds.widened(1e-4 * bounds.magnitude());
                }
            }
            self.trim.remove(&x, &[Site::Head]);
        }
        Ok(())
    }

    fn block(&mut self, index: usize, block: &Block, mut x: Stream) -> Result<Stream, Error> {
        x.open &= !block.residual;
        let input = block.residual.then(|| x.bounds.clone());
        if let Some(start) = &block.start {
            x = self.depthwise(Site::Start(index), start, x)?;
        }
        if let Some(expand) = &block.expand {
            x = self.mix(Site::Expand(index), expand, x)?;
        }
        if let Some(depthwise) = &block.depthwise {
            x = self.depthwise(Site::Depthwise(index), depthwise, x)?;
        }
        if block.squeeze_excite.is_some() {
            // The gates are from 0 to 1, so only a channel of zeros stays constant.
            for bounds in &mut x.bounds {
                *bounds = bounds.with_zero();
            }
            x.layers.push(Site::SqueezeExpand(index));
            self.trim.remove(&x, &[Site::SqueezeReduce(index), Site::Project(index)]);
            x.open = false;
        }
        let mut x = self.mix(Site::Project(index), &block.project, x)?;
        if let Some(input) = input {
            for (bounds, input) in x.bounds.iter_mut().zip(input) {
                let sum = bounds.add(input);
                *bounds = sum.widened(sum.magnitude() * f64::from(f32::EPSILON));
            }
            x.open = false;
        }
        Ok(x)
    }

    /// The output of a layer that sums over channels.
    fn mix(&mut self, site: Site, conv: &Conv, x: Stream) -> Result<Stream, Error> {
        self.trim.remove(&x, &[site]);
        let FoldedConv { weight, bias } = self.weights.conv(site, conv)?;
        let taps = conv.kernel * conv.kernel;
        let seen = |bounds: &Interval| if taps > 1 { bounds.with_zero() } else { *bounds };
        let inputs: Vec<_> = x.bounds.iter().map(seen).collect();
        let bounds = weight.chunks_exact(inputs.len() * taps).zip(&bias).map(|(row, &bias)| {
            let mut sum = Sum::new(bias);
            for (filter, &input) in row.chunks_exact(taps).zip(&inputs) {
                filter.iter().for_each(|&weight| sum.add(input, weight));
            }
            sum.bounds().activated(conv.activation)
        });
        Ok(Stream { bounds: bounds.collect(), layers: vec![site], open: true })
    }

    fn depthwise(&mut self, site: Site, conv: &Conv, mut x: Stream) -> Result<Stream, Error> {
        let FoldedConv { weight, bias } = self.weights.conv(site, conv)?;
        let filters = weight.chunks_exact(conv.kernel * conv.kernel).zip(&bias);
        for (bounds, (filter, &bias)) in x.bounds.iter_mut().zip(filters) {
            let mut sum = Sum::new(bias);
            filter.iter().for_each(|&weight| sum.add(bounds.with_zero(), weight));
            *bounds = sum.bounds().activated(conv.activation);
        }
        x.layers.push(site);
        Ok(x)
    }
}

/// The weights of a trimmed network.
struct Trimmed<'a> {
    trim: &'a Trim,
    weights: &'a mut dyn WeightSource,
}

impl WeightSource for Trimmed<'_> {
    fn conv(&mut self, site: Site, trimmed: &Conv) -> Result<FoldedConv, Error> {
        let full = self.trim.full.sites().find(|&(other, _)| other == site);
        let full = full.map_or(trimmed, |(_, conv)| conv);
        let mut folded = self.weights.conv(site, full)?;
        let cut = self.trim.cuts.iter().find(|&&(other, _)| other == site);
        if let Some((_, cut)) = cut {
            cut.apply(full, &mut folded);
        }
        Ok(folded)
    }
}

impl Cut {
    fn apply(&self, full: &Conv, folded: &mut FoldedConv) {
        let taps = full.kernel * full.kernel;
        let depth = if full.kind == ConvKind::Depthwise { 1 } else { full.in_channels };
        let FoldedConv { weight, bias } = folded;
        for (row, bias) in weight.chunks_exact(depth * taps).zip(bias.iter_mut()) {
            // Constants other than 0 have one tap: see `Trim::remove`.
            let constants = self.inputs.iter();
            let sum: f64 =
                constants.map(|&(input, value)| f64::from(row[input * taps]) * value).sum();
            *bias = (f64::from(*bias) + sum) as f32;
        }
        let lost = |channel: usize| self.inputs.iter().any(|&(input, _)| input == channel);
        let kept: Vec<bool> = (0..depth).map(|channel| !lost(channel)).collect();
        let keeps = |output: usize| self.outputs.binary_search(&output).is_err();
        let mut at = 0..;
        weight.retain(|_| {
            let index = at.next().unwrap_or(0);
            kept[index / taps % depth] && keeps(index / (depth * taps))
        });
        let mut at = 0..;
        bias.retain(|_| keeps(at.next().unwrap_or(0)));
    }
}

/// The layer at `site`.
fn layer(network: &mut Network, site: Site) -> Option<&mut Conv> {
    let Network { stem, blocks, last, head, classifier, .. } = network;
    match site {
        Site::Stem => Some(stem),
        Site::Start(block) => blocks.get_mut(block)?.start.as_mut(),
        Site::Expand(block) => blocks.get_mut(block)?.expand.as_mut(),
        Site::Depthwise(block) => blocks.get_mut(block)?.depthwise.as_mut(),
        Site::SqueezeReduce(block) => {
            Some(&mut blocks.get_mut(block)?.squeeze_excite.as_mut()?.reduce)
        }
        Site::SqueezeExpand(block) => {
            Some(&mut blocks.get_mut(block)?.squeeze_excite.as_mut()?.expand)
        }
        Site::Project(block) => Some(&mut blocks.get_mut(block)?.project),
        Site::Last => last.as_mut(),
        Site::Head => head.as_mut(),
        Site::Classifier => Some(classifier),
    }
}

#[cfg(test)]
mod tests {
    use super::{Interval, Trim};
    use crate::Plan;
    use crate::arch::{Activation, Config, Conv, Network, Site, Version};
    use crate::error::Error;
    use crate::plan::Precision;
    use crate::preprocess::Preprocessing;
    use crate::simd::Native;
    use crate::weights::{FoldedConv, Untrained, WeightSource};

    /// Random weights, but at some sites a channel has this bias, and all its weights are this factor of theirs.
    struct Planted<'a> {
        untrained: Untrained,
        plants: &'a [(Site, usize, f32, f32)],
    }

    impl WeightSource for Planted<'_> {
        fn conv(&mut self, site: Site, conv: &Conv) -> Result<FoldedConv, Error> {
            let mut folded = self.untrained.conv(site, conv)?;
            let length = folded.weight.len() / folded.bias.len();
            for &(planted, channel, bias, factor) in self.plants {
                if planted == site {
                    folded.bias[channel] = bias;
                    for weight in &mut folded.weight[channel * length..][..length] {
                        *weight *= factor;
                    }
                }
            }
            Ok(folded)
        }
    }

    /// Removes what `plants` makes constant, `expected` channels, and compares the logits of some pictures.
    fn compare(version: Version, plants: &[(Site, usize, f32, f32)], expected: usize) {
        let network = Network::new(&Config { resolution: 96, ..Config::new(version) }).unwrap();
        let preprocessing = Preprocessing::imagenet(96);
        let mut weights = Planted { untrained: Untrained::new(5), plants };
        let trim = Trim::find(&network, &preprocessing, &mut weights).unwrap();
        assert_eq!(trim.channels(), expected, "{version}");
        assert!(trim.network().macs() < network.macs());
        let mut full = Plan::new(&network, &mut weights, Precision::F32).unwrap();
        let mut trimmed =
            Plan::new(trim.network(), &mut trim.source(&mut weights), Precision::F32).unwrap();
        let mut random = fastrand::Rng::with_seed(3);
        for _ in 0..3 {
            let value =
                |i: usize| (random.f32() - preprocessing.mean[i % 3]) / preprocessing.std[i % 3];
            let input: Vec<f32> = (0..96 * 96 * 3).map(value).collect();
            let wanted = full.run::<Native>(&input).unwrap().to_vec();
            let logits = trimmed.run::<Native>(&input).unwrap();
            for (class, (logit, wanted)) in logits.iter().zip(wanted).enumerate() {
                assert!((logit - wanted).abs() < 1e-4, "{version}, {class}: {logit}, {wanted}");
            }
        }
    }

    #[test]
    fn planted_constant_channels_are_removed_and_the_logits_stay() {
        let dead = |site, channel| (site, channel, -1e4, 1.0);
        // Nothing of the picture is left in a channel of this value.
        let constant = |site, channel, value| (site, channel, value, 0.0);
        compare(
            Version::V1,
            &[
                dead(Site::Stem, 3),
                // Its depthwise convolution makes 0 of 0, or its bias.
                dead(Site::Project(2), 0),
                constant(Site::Depthwise(3), 9, 2.5),
                // The classifier's input stays.
                dead(Site::Project(12), 8),
            ],
            3,
        );
        compare(
            Version::V2,
            &[
                dead(Site::Depthwise(1), 95),
                constant(Site::Depthwise(4), 7, 1.25),
                // 6 everywhere, but less behind a filter at the border of the map.
                (Site::Expand(6), 2, 1e4, 1.0),
                (Site::Depthwise(6), 2, 0.5, 0.1),
                // Of the residual nothing goes.
                constant(Site::Project(4), 1, 0.5),
                constant(Site::Project(5), 1, 0.5),
                // The projection of a block without a residual, and the block after it has one.
                constant(Site::Project(6), 1, 0.5),
                constant(Site::Depthwise(16), 5, 9.0),
            ],
            3,
        );
        compare(
            Version::V3Small,
            &[
                // Behind a gate only zeros are constant.
                dead(Site::Depthwise(0), 4),
                constant(Site::Depthwise(4), 3, 2.0),
                constant(Site::Depthwise(1), 11, 2.0),
                dead(Site::Last, 17),
            ],
            3,
        );
        compare(Version::V4ConvSmall, &[dead(Site::Expand(5), 8), constant(Site::Last, 2, 1.0)], 2);
    }

    #[test]
    fn bounds_of_an_activation_hold_its_values() {
        let mut random = fastrand::Rng::with_seed(1);
        for activation in [Activation::Relu, Activation::Relu6, Activation::HardSwish] {
            for _ in 0..1000 {
                let (a, b) = (random.f64() * 16.0 - 8.0, random.f64() * 16.0 - 8.0);
                let bounds = Interval { low: a.min(b), high: a.max(b) }.activated(activation);
                let x = a + (b - a) * random.f64();
                let value = Interval::point(x).activated(activation).low;
                let holds = bounds.low <= value && value <= bounds.high;
                assert!(holds, "{activation:?} of {x}: {value}, not in {bounds:?}");
            }
        }
    }
}
