//! Random weights, to measure a network's speed without a checkpoint.

use super::{FoldedConv, WeightSource};
use crate::arch::{Conv, ConvKind, Site};
use crate::buffer::with_room;
use crate::error::Error;

/// Random weights. The same seed and network give the same weights on every machine.
///
/// They are uniform with He's variance (arXiv 1502.01852): 2 / fan-in before an activation that cuts off negative
/// values, else 1 / fan-in. So activations neither vanish nor overflow in deep networks.
#[derive(Clone, Copy, Debug)]
pub struct Untrained {
    seed: u64,
}

impl Untrained {
    /// Random weights from this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { seed }
    }
}

impl WeightSource for Untrained {
    fn conv(&mut self, site: Site, conv: &Conv) -> Result<FoldedConv, Error> {
        let fan_in = conv.weight_count() / conv.out_channels.max(1);
        // A uniform value of [-bound, bound] has variance bound^2 / 3.
        let bound = (3.0 * conv.activation.gain() / fan_in.max(1) as f32).sqrt();
        let mut random = SplitMix64(self.seed ^ stream(site));
        let mut weight = with_room(conv.weight_count())?;
        weight.extend((0..conv.weight_count()).map(|_| bound * random.signed_unit()));
        let bias_bound = if conv.kind == ConvKind::Dense { 0.0 } else { 0.1 };
        let bias = (0..conv.out_channels).map(|_| bias_bound * random.signed_unit()).collect();
        Ok(FoldedConv { weight, bias })
    }
}

/// A different seed for each site.
fn stream(site: Site) -> u64 {
    let (kind, block) = match site {
        Site::Stem => (1, 0),
        Site::Expand(block) => (2, block),
        Site::Depthwise(block) => (3, block),
        Site::SqueezeReduce(block) => (4, block),
        Site::SqueezeExpand(block) => (5, block),
        Site::Project(block) => (6, block),
        Site::Last => (7, 0),
        Site::Head => (8, 0),
        Site::Classifier => (9, 0),
        Site::Start(block) => (10, block),
    };
    SplitMix64((block as u64) << 8 | kind).next()
}

/// The random number generator SplitMix64: Steele, Lea and Flood, "Fast splittable pseudorandom number generators"
/// (OOPSLA 2014).
struct SplitMix64(u64);

impl SplitMix64 {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    /// Uniform in [-1, 1), 24 bits.
    fn signed_unit(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1 << 23) as f32 - 1.0
    }
}

#[cfg(test)]
mod tests {
    use super::SplitMix64;

    /// The first outputs for seed 1234567 from Rosetta Code's "Pseudo-random numbers/Splitmix64".
    #[test]
    fn splitmix64_is_the_reference_one() {
        let mut random = SplitMix64(1_234_567);
        assert_eq!(random.next(), 6_457_827_717_110_365_317);
        assert_eq!(random.next(), 3_203_168_211_198_807_973);
    }
}
