//! The normalisation of the picture: from the input's quantisation, the file's metadata and the graph's first
//! operators.

use crate::error::Error;
use crate::weights::format::tflite::{Kind, Quantization, Tensor};

/// `scale * x + shift`, for each channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Affine {
    scale: [f64; 3],
    shift: [f64; 3],
}

/// If the graph's normalisation maps 255 to more than this, it is made for values from 0 to 1, not from 0 to 255.
const LARGEST: f64 = 16.0;

impl Default for Affine {
    fn default() -> Self {
        Self { scale: [1.0; 3], shift: [0.0; 3] }
    }
}

impl Affine {
    pub fn plus(self, values: [f64; 3]) -> Self {
        Self { shift: std::array::from_fn(|c| self.shift[c] + values[c]), ..self }
    }

    pub fn times(self, values: [f64; 3]) -> Self {
        Self {
            scale: std::array::from_fn(|c| self.scale[c] * values[c]),
            shift: std::array::from_fn(|c| self.shift[c] * values[c]),
        }
    }
}

/// Mean and standard deviation of values from 0 to 1, and whether they are a guess.
pub(in crate::weights) struct Normalisation {
    pub mean: [f32; 3],
    pub std: [f32; 3],
    pub guessed: bool,
}

impl Affine {
    /// A picture's values from 0 to 1 as bytes.
    const BYTES: Self = Self { scale: [255.0; 3], shift: [0.0; 3] };

    /// The input's values for a picture's values from 0 to 1, and whether they are a guess. `declared` is a mean and a
    /// standard deviation of values from 0 to 255 that stand beside the graph, `own` the normalisation by the graph.
    pub fn of_floats(declared: Option<[[f32; 3]; 2]>, own: Self) -> (Self, bool) {
        match declared {
            Some([mean, std]) => (
                Self::BYTES
                    .plus(mean.map(|mean| -f64::from(mean)))
                    .times(std.map(|std| 1.0 / f64::from(std))),
                false,
            ),
            None if own == Self::default() => (Self { scale: [2.0; 3], shift: [-1.0; 3] }, true),
            None if own.scale.iter().all(|scale| 255.0 * scale <= LARGEST) => (Self::BYTES, false),
            None => (Self::default(), false),
        }
    }

    /// The mean and the standard deviation of values from 0 to 1 that amount to this normalisation, and then `own`. An
    /// error says why there are none.
    pub fn then(self, own: Self, guessed: bool) -> Result<Normalisation, String> {
        let all = self.times(own.scale).plus(own.shift);
        let mean = std::array::from_fn(|c| (-all.shift[c] / all.scale[c]) as f32);
        let std = std::array::from_fn(|c| (1.0 / all.scale[c]) as f32);
        let possible = |std: &f32| std.is_normal() && *std > 0.0;
        if mean.iter().all(|mean: &f32| mean.is_finite()) && std.iter().all(possible) {
            return Ok(Normalisation { mean, std, guessed });
        }
        Err(format!("it can't be normalised with mean {mean:?} and deviation {std:?}"))
    }
}

/// Combines the normalisation of the input of a `.tflite` file. `declared` is the metadata's mean and standard deviation of
/// values from 0 to 255, `own` the normalisation by the graph itself.
///
/// By convention an unsigned integer input takes the picture's bytes unchanged, and a signed one takes them minus 128.
pub(super) fn normalisation(
    input: &Tensor<'_>,
    declared: Option<[[f32; 3]; 2]>,
    own: Affine,
) -> Result<Normalisation, Error> {
    let quantised = |offset: f64| {
        let Some(Quantization { scale, zero_point }) = input.quantization()? else {
            return Err(input.error("an integer input without a scale".to_owned()));
        };
        Ok((Affine::BYTES.plus([offset - zero_point; 3]).times([scale; 3]), false))
    };
    let (given, guessed) = match input.kind {
        Kind::U8 => quantised(0.0)?,
        Kind::I8 => quantised(-128.0)?,
        Kind::F32 => Affine::of_floats(declared, own),
        kind @ (Kind::F16 | Kind::I32 | Kind::I64 | Kind::I16 | Kind::Other(_)) => {
            return Err(input.error(format!("an input of type {kind:?}")));
        }
    };
    given.then(own, guessed).map_err(|reason| input.error(reason))
}
