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
//! This code runs once at a load: functions are not inlined where that would repeat them.
//!
//! Channels stay where others must match them: those of a residual, and the classifier's input, which is an embedding.

use super::{FoldedConv, WeightSource};
use crate::arch::{Activation, Block, Conv, ConvKind, Network, Site};
use crate::buffer::with_room;
use crate::error::Error;
use crate::preprocess::Preprocessing;

/// Twice the unit roundoff of `f32`.
const UNIT: f64 = f32::EPSILON as f64;

/// The bounds of a channel's values.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Interval {
    low: f64,
    high: f64,
}

impl Interval {
    fn is_point(self) -> bool {
        self.low == self.high
    }

    fn magnitude(self) -> f64 {
        self.low.abs().max(self.high.abs())
    }

    /// The interval that contains 0 too: the values of a map and of the border around it.
    fn with_zero(self) -> Self {
        Self { low: self.low.min(0.0), high: self.high.max(0.0) }
    }

    fn widened(self, by: f64) -> Self {
        Self { low: self.low - by, high: self.high + by }
    }

    /// The bounds after an activation.
    fn activated(self, activation: Activation) -> Self {
        let (low, high) = activation.range(self.low, self.high);
        Self { low, high }
    }
}

/// A tensor between two layers that sum over channels.
struct Stream {
    /// Of each channel.
    bounds: Vec<Interval>,
    /// The layers that give it, one after the other.
    producers: Vec<Site>,
    /// Whether channels may be removed.
    open: bool,
}

/// Channels that are removed.
#[derive(Debug)]
struct Removal {
    /// Ascending, with their values.
    channels: Vec<(usize, f64)>,
    /// The layers whose outputs they are.
    producers: Vec<Site>,
    /// The layers that sum over them.
    consumers: Vec<Site>,
}

/// The constant channels of a network.
#[derive(Debug)]
pub struct Trim {
    network: Network,
    removals: Vec<Removal>,
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
        let trim = Self { network: network.clone(), removals: Vec::new() };
        let mut search = Search { weights, trim };
        search.run(network, preprocessing)?;
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
        self.removals.iter().map(|removal| removal.channels.len()).sum()
    }

    /// The weights of [`Trim::network`], made of those of the `full` network that [`Trim::find`] was given.
    pub fn source<'a>(
        &'a self,
        full: &Network,
        weights: &'a mut dyn WeightSource,
    ) -> impl WeightSource + 'a {
        Trimmed { trim: self, full: full.clone(), weights }
    }

    /// Removes the channels of `stream` that are constant before the layers `consumers` sum over them.
    #[inline(never)]
    fn remove(&mut self, stream: &mut Stream, consumers: &[Site]) {
        if !stream.open {
            return;
        }
        // At a map's border, a filter of several taps sees fewer of them.
        let mut pointwise = true;
        for &site in consumers {
            pointwise &= layer(&mut self.network, site).is_some_and(|conv| conv.kernel == 1);
        }
        let mut channels = Vec::new();
        for (channel, bounds) in stream.bounds.iter().enumerate() {
            // No layer may be empty.
            let spared = channels.len() + 1 == stream.bounds.len();
            if bounds.is_point() && (pointwise || bounds.low == 0.0) && !spared {
                channels.push((channel, bounds.low));
            }
        }
        if channels.is_empty() {
            return;
        }
        let producers = std::mem::take(&mut stream.producers);
        for &site in producers.iter().chain(consumers) {
            let Some(conv) = layer(&mut self.network, site) else { continue };
            let produces = producers.contains(&site);
            if produces {
                conv.out_channels -= channels.len();
            }
            if !produces || conv.kind == ConvKind::Depthwise {
                conv.in_channels -= channels.len();
            }
        }
        self.removals.push(Removal { channels, producers, consumers: consumers.to_vec() });
    }
}

/// The walk over a network.
struct Search<'a> {
    weights: &'a mut dyn WeightSource,
    trim: Trim,
}

impl Search<'_> {
    fn run(&mut self, network: &Network, preprocessing: &Preprocessing) -> Result<(), Error> {
        let bounds = preprocessing.mean.iter().zip(&preprocessing.std).map(|(&mean, &std)| {
            let (mean, std) = (f64::from(mean), f64::from(std));
            let bounds = Interval { low: -mean / std, high: (1.0 - mean) / std };
            bounds.widened(1e-5 * (1.0 + bounds.magnitude()))
        });
        let mut x = Stream { bounds: bounds.collect(), producers: Vec::new(), open: false };
        self.mix(Site::Stem, &network.stem, &mut x)?;
        for (index, block) in network.blocks.iter().enumerate() {
            self.block(index, block, &mut x)?;
        }
        if let Some(last) = &network.last {
            self.mix(Site::Last, last, &mut x)?;
        }
        if network.head.is_some() {
            // The mean of a constant is that constant.
            self.trim.remove(&mut x, &[Site::Head]);
        }
        Ok(())
    }

    fn block(&mut self, index: usize, block: &Block, x: &mut Stream) -> Result<(), Error> {
        x.open &= !block.residual;
        let input = if block.residual { x.bounds.clone() } else { Vec::new() };
        if let Some(start) = &block.start {
            self.depthwise(Site::Start(index), start, x)?;
        }
        if let Some(expand) = &block.expand {
            self.mix(Site::Expand(index), expand, x)?;
        }
        if let Some(depthwise) = &block.depthwise {
            self.depthwise(Site::Depthwise(index), depthwise, x)?;
        }
        if block.squeeze_excite.is_some() {
            // The gates are from 0 to 1, so only a channel of zeros stays constant.
            for bounds in &mut x.bounds {
                *bounds = bounds.with_zero();
            }
            x.producers.push(Site::SqueezeExpand(index));
            self.trim.remove(x, &[Site::SqueezeReduce(index), Site::Project(index)]);
            x.open = false;
        }
        self.mix(Site::Project(index), &block.project, x)?;
        x.open &= !block.residual;
        for (bounds, input) in x.bounds.iter_mut().zip(input) {
            let sum = Interval { low: bounds.low + input.low, high: bounds.high + input.high };
            *bounds = sum.widened(sum.magnitude() * UNIT);
        }
        Ok(())
    }

    /// Makes `x` the output of a layer that sums over its channels.
    #[inline(never)]
    fn mix(&mut self, site: Site, conv: &Conv, x: &mut Stream) -> Result<(), Error> {
        self.trim.remove(x, &[site]);
        x.bounds = self.bounds(site, conv, &x.bounds)?;
        x.producers = vec![site];
        x.open = true;
        Ok(())
    }

    /// Makes `x` the output of a depthwise convolution of it.
    fn depthwise(&mut self, site: Site, conv: &Conv, x: &mut Stream) -> Result<(), Error> {
        x.bounds = self.bounds(site, conv, &x.bounds)?;
        x.producers.push(site);
        Ok(())
    }

    /// The bounds of a layer's outputs, which include the roundings of all products and sums in `f32`.
    #[inline(never)]
    fn bounds(
        &mut self,
        site: Site,
        conv: &Conv,
        inputs: &[Interval],
    ) -> Result<Vec<Interval>, Error> {
        let folded = self.weights.conv(site, conv)?;
        folded.check(site, conv)?;
        let FoldedConv { weight, bias } = folded;
        let (depth, taps) = shape(conv);
        // A depthwise filter has one input, which is that of its output.
        let (by_out, by_depth) = if conv.kind == ConvKind::Depthwise { (1, 0) } else { (0, 1) };
        // Around a map there are zeros.
        let border = if taps > 1 { 0.0 } else { f64::INFINITY };
        let mut bounds = with_room(bias.len())?;
        for (out, (row, &bias)) in weight.chunks_exact(depth * taps).zip(&bias).enumerate() {
            let mut sum = Interval { low: bias.into(), high: bias.into() };
            let (mut magnitude, mut terms) = (sum.magnitude(), 0.0);
            for (k, &weight) in row.iter().enumerate() {
                let input = inputs[out * by_out + k / taps * by_depth];
                let weight = f64::from(weight);
                let (a, b) = (input.low.min(border) * weight, input.high.max(-border) * weight);
                sum = Interval { low: sum.low + a.min(b), high: sum.high + a.max(b) };
                let most = a.abs().max(b.abs());
                magnitude += most;
                // A product with 0 changes nothing and rounds nothing.
                terms += f64::from(u8::from(most > 0.0));
            }
            let rounding = if terms > 0.0 { magnitude * (terms + 2.0) * UNIT } else { 0.0 };
            bounds.push(sum.widened(rounding).activated(conv.activation));
        }
        Ok(bounds)
    }
}

/// The weights of a trimmed network.
struct Trimmed<'a> {
    trim: &'a Trim,
    full: Network,
    weights: &'a mut dyn WeightSource,
}

impl WeightSource for Trimmed<'_> {
    #[inline(never)]
    fn conv(&mut self, site: Site, trimmed: &Conv) -> Result<FoldedConv, Error> {
        let full = layer(&mut self.full, site).map_or(trimmed, |conv| conv);
        let mut folded = self.weights.conv(site, full)?;
        folded.check(site, full)?;
        if full == trimmed {
            return Ok(folded);
        }
        let (mut outputs, mut inputs): (&[_], &[_]) = (&[], &[]);
        for removal in &self.trim.removals {
            if removal.producers.contains(&site) {
                outputs = &removal.channels;
            }
            if removal.consumers.contains(&site) {
                inputs = &removal.channels;
            }
        }
        let (depth, taps) = shape(full);
        let mut weight = with_room(folded.weight.len())?;
        let mut kept = 0;
        for (out, row) in folded.weight.chunks_exact(depth * taps).enumerate() {
            if value_of(out, outputs).is_some() {
                continue;
            }
            let mut bias = f64::from(folded.bias[out]);
            for (channel, filter) in row.chunks_exact(taps).enumerate() {
                match value_of(channel, inputs) {
                    // Constants other than 0 have one tap: see `Trim::remove`.
                    Some(value) => bias += f64::from(filter[0]) * value,
                    None => weight.extend_from_slice(filter),
                }
            }
            folded.bias[kept] = bias as f32;
            kept += 1;
        }
        folded.bias.truncate(kept);
        Ok(FoldedConv { weight, bias: folded.bias })
    }
}

/// The value of a channel, if it is one of these.
#[inline(never)]
fn value_of(channel: usize, removed: &[(usize, f64)]) -> Option<f64> {
    removed.iter().find(|&&(other, _)| other == channel).map(|&(_, value)| value)
}

/// The inputs of each output, and the taps of each filter.
fn shape(conv: &Conv) -> (usize, usize) {
    let depth = if conv.kind == ConvKind::Depthwise { 1 } else { conv.in_channels };
    (depth, conv.kernel * conv.kernel)
}

/// The layer at `site`.
#[inline(never)]
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
    use super::Trim;
    use crate::Plan;
    use crate::arch::{Config, Conv, Network, Site, Version};
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

    /// Removes what is constant, `expected` channels of it by `plants`, and compares the logits of some pictures.
    fn compare(version: Version, plants: &[(Site, usize, f32, f32)], expected: usize) {
        let network = Network::new(&Config { resolution: 96, ..Config::new(version) }).unwrap();
        let preprocessing = Preprocessing::imagenet(96);
        let untrained = Untrained::new(5);
        let mut weights = Planted { untrained, plants };
        let trim = Trim::find(&network, &preprocessing, &mut weights).unwrap();
        // Some filters have no positive weight by chance. Behind a ReLU no input is negative, so they give only zeros.
        let natural = Trim::find(&network, &preprocessing, &mut { untrained }).unwrap();
        assert_eq!(trim.channels(), natural.channels() + expected, "{version}");
        assert!(trim.network().macs() < network.macs());
        let mut full = Plan::new(&network, &mut weights, Precision::F32).unwrap();
        let mut trimmed =
            Plan::new(trim.network(), &mut trim.source(&network, &mut weights), Precision::F32)
                .unwrap();
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
                // Hard-swish makes 0 of it.
                constant(Site::Last, 17, -4.0),
            ],
            3,
        );
        compare(
            Version::V4ConvSmall,
            &[constant(Site::Expand(5), 8, -1.0), constant(Site::Last, 2, 1.0)],
            2,
        );
    }
}
