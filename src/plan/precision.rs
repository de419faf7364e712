//! Chooses between floats and 8 bits: which layers may use 8 bits, and whether that is faster on this processor.

use crate::arch::{Conv, ConvKind, Network};
use crate::buffer::{Buffer, with_room};
use crate::error::Error;
use crate::kernels::epilogue::Finish;
use crate::kernels::int8::{self, Products};
use crate::kernels::{layout, pack, pointwise};
use crate::simd::F32x4;
use crate::stopwatch::least_times;

/// The number format of the pointwise convolutions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Precision {
    /// `f32`, as in all other layers.
    #[default]
    F32,
    /// Weights of 8 bits and inputs of 7: see [`crate::kernels::int8`]. Networks of a width below 0.75 use floats
    /// anyway.
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

/// A layer with at most this many inputs, or at most this many outputs, uses floats. These are the first layers, on
/// large maps. Quantising their input takes about as long as 8 bits save, and V3's projections to 24 channels alone
/// caused a quarter of the change in its probabilities.
const FEW_INPUTS: usize = 16;
const FEW_OUTPUTS: usize = 32;

/// The smallest width multiplier for 8 bits. V1 of width 0.25 named another class in 15 % of 300 crops, networks of
/// width 1 in 1 to 4 %: with few channels each one matters, and there is little time to save.
pub const LEAST_WIDTH: f64 = 0.75;

/// The precision of `network` if `wanted` is requested.
pub fn of_network(network: &Network, wanted: Precision) -> Precision {
    if network.width < LEAST_WIDTH { Precision::F32 } else { wanted }
}

/// Whether a layer is faster on 8 bits: see [`FEW_INPUTS`].
pub fn gains(conv: &Conv) -> bool {
    conv.kind == ConvKind::Pointwise
        && conv.in_channels > FEW_INPUTS
        && conv.out_channels > FEW_OUTPUTS
}

/// The layer that is timed: V2's expansion at 14 x 14, on a number of pixels that takes about 10 microseconds.
const CHANNELS: usize = 64;
const OUT_CHANNELS: usize = 384;
const PIXELS: usize = 12;

/// How long both are timed at least, for V8 to optimise them, and at most. Milliseconds.
const LIMITS: [f64; 2] = [6.0, 60.0];

/// How many times as fast as floats 8 bits must be to be worth what they cost in agreement.
const WORTH: f64 = 1.1;

impl Precision {
    /// Times a layer on floats and on 8 bits; returns the speedup by 8 bits, above 1 if they are faster. `clock`
    /// returns milliseconds.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`].
    pub fn speedup<V: F32x4>(clock: &mut dyn FnMut() -> f64) -> Result<f64, Error> {
        let mut weight = with_room(CHANNELS * OUT_CHANNELS)?;
        weight.extend((0..CHANNELS * OUT_CHANNELS).map(|k| (k % 7) as f32 - 3.0));
        let bias = [0.0; OUT_CHANNELS];
        let (floats, bytes) = (pack::pointwise(&weight, &bias)?, pack::int8(&weight, &bias)?);
        let mut input = Buffer::zeros(layout::tensor(CHANNELS, PIXELS))?;
        for (index, value) in input.iter_mut().enumerate() {
            *value = (index % 5) as f32;
        }
        let mut quantised = Buffer::zeros(layout::tensor(CHANNELS, PIXELS))?;
        let mut ranges = [0.0; PIXELS * int8::RANGE];
        let mut output = Buffer::zeros(layout::tensor(OUT_CHANNELS, PIXELS))?;
        let (input_plane, panels) = (layout::plane(PIXELS), layout::blocks(OUT_CHANNELS));
        let on_floats = pointwise::Pointwise {
            input: input.as_ptr(),
            input_plane,
            in_channels: CHANNELS,
            weights: floats.as_ptr(),
            panels,
            output: output.as_mut_ptr(),
            output_plane: input_plane,
            finish: Finish::new(crate::arch::Activation::Relu6),
            accumulate: false,
        };
        let tensor = int8::Quantise {
            input: input.as_ptr(),
            input_plane,
            blocks: layout::blocks(CHANNELS),
            output: quantised.as_mut_ptr().cast(),
            output_plane: int8::plane(PIXELS),
            ranges: ranges.as_mut_ptr(),
        };
        let on_bytes = int8::Pointwise {
            input: tensor.output,
            input_plane: tensor.output_plane,
            ranges: tensor.ranges,
            in_channels: CHANNELS,
            weights: bytes.as_ptr().cast(),
            panels,
            output: on_floats.output,
            output_plane: input_plane,
            finish: on_floats.finish,
            accumulate: false,
            products: Products::suited::<V>(),
        };
        // SAFETY: the buffers have the shapes that the kernels are told, and nobody else uses them.
        let run_floats = || unsafe { pointwise::pointwise::<V>(&on_floats, 0..panels, 0..PIXELS) };
        let run_bytes = || {
            // SAFETY: the buffers have the shapes that the kernels are told, nobody else uses them, and `PIXELS` is even.
            unsafe {
                int8::quantise::<V::PairDots>(&tensor, 0..PIXELS);
                int8::pointwise::<V>(&on_bytes, 0..panels, 0..PIXELS);
            }
        };
        let [floats, bytes] = least_times(clock, LIMITS, [&run_floats, &run_bytes]);
        Ok(if bytes > 0.0 { floats / bytes } else { 1.0 })
    }

    /// The precision to choose on a processor with this speedup: see [`Precision::speedup`].
    #[must_use]
    pub fn faster(speedup: f64) -> Self {
        if speedup >= WORTH { Self::Int8 } else { Self::F32 }
    }
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
