//! Floats or 8 bits, and which layers may use 8 bits. [`super::Speedups`] tells whether that is faster.

use crate::arch::{Conv, ConvKind, Network};

/// The number format of the pointwise convolutions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Precision {
    /// `f32`, as in all other layers.
    #[default]
    F32,
    /// Weights of 8 bits and inputs of 7: see [`crate::kernels::int8`]. Dense layers have weights of 16 bits: see
    /// [`crate::kernels::dense`]. Networks of a width below 0.75 use floats all the same.
    Int8,
}

impl Precision {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::F32, Self::Int8];

    /// Its name in the package: `int8`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::Int8 => "int8",
        }
    }

    /// The precision of this name; `None` if there is none.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|precision| precision.name() == name)
    }
}

/// A layer with at most this many inputs and fewer than [`MANY`] outputs uses floats: to quantise the inputs takes about as
/// long as 8 bits save.
const FEW_INPUTS: usize = 16;

/// A layer with at most this many outputs and fewer than [`MANY`] inputs uses floats too. V3's projections of 64 to 88
/// channels to 24 alone caused a quarter of the change in its probabilities; V2's of 96 to 192 channels to 24 and 32 change
/// nothing that 300 crops show, and V2 is a tenth faster with them on 8 bits (AVX-VNNI).
const FEW_OUTPUTS: usize = 32;

/// A layer with as many inputs or outputs uses 8 bits.
const MANY: usize = 96;

/// The smallest width multiplier for 8 bits. V1 of width 0.25 named another class in 15 % of 300 crops, networks of
/// width 1 in 1 to 3 %: with few channels each one matters, and there is little time to save.
pub const LEAST_WIDTH: f64 = 0.75;

/// The precision of `network` if `wanted` is requested.
pub fn of_network(network: &Network, wanted: Precision) -> Precision {
    if network.width < LEAST_WIDTH { Precision::F32 } else { wanted }
}

/// Whether a layer is faster on 8 bits: see [`FEW_INPUTS`] and [`FEW_OUTPUTS`].
pub fn gains(conv: &Conv) -> bool {
    let (inputs, outputs) = (conv.in_channels, conv.out_channels);
    conv.kind == ConvKind::Pointwise
        && (inputs >= MANY || outputs >= MANY || inputs > FEW_INPUTS && outputs > FEW_OUTPUTS)
}

#[cfg(test)]
mod tests {
    use super::Precision;

    #[test]
    fn names_are_parsed() {
        for precision in Precision::ALL {
            assert_eq!(Precision::parse(precision.name()), Some(precision));
        }
        assert_eq!(Precision::parse("f16"), None);
    }
}
