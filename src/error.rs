//! The one error type of the crate.

use crate::arch::{
    MAX_CLASSES, MAX_RESOLUTION, MAX_WIDTH, MIN_RESOLUTION, MIN_WIDTH, Site, Version,
};

/// What went wrong, and where.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An input of the wrong length was given to a network.
    #[error("the network takes {expected} values, {got} were given")]
    InputLength {
        /// Values that the network takes: height x width x 3.
        expected: usize,
        /// Values that were given.
        got: usize,
    },
    /// A source of weights gave a tensor of the wrong length.
    #[error("{site}: {expected} {what} expected, {got} were given")]
    WeightLength {
        /// The convolution.
        site: Site,
        /// `weights` or `biases`.
        what: &'static str,
        /// Values that it takes.
        expected: usize,
        /// Values that were given.
        got: usize,
    },
    /// A picture with an empty side, or one too long to be a picture.
    #[error("a picture of {width} x {height} pixels: each side must be from 1 to {max}")]
    ImageSide {
        /// Pixels per row.
        width: usize,
        /// Rows.
        height: usize,
        /// The longest side that is accepted.
        max: usize,
    },
    /// A picture whose pixels don't fill its sides.
    #[error(
        "a picture of {width} x {height} pixels has {expected} bytes of RGBA, {got} were given"
    )]
    ImageLength {
        /// Pixels per row.
        width: usize,
        /// Rows.
        height: usize,
        /// Bytes that these sides need: width x height x 4.
        expected: u64,
        /// Bytes that were given.
        got: usize,
    },
    /// Preprocessing settings that no picture can be prepared with.
    #[error("preprocessing: {field} is {value}, it must be {expected}")]
    Preprocessing {
        /// The field of [`Preprocessing`](crate::preprocess::Preprocessing).
        field: &'static str,
        /// Its value.
        value: String,
        /// What is accepted.
        expected: String,
    },
    /// A width multiplier outside the allowed range.
    #[error("the width multiplier must be from {MIN_WIDTH} to {MAX_WIDTH}, not {width}")]
    Width {
        /// The multiplier that was asked for.
        width: f64,
    },
    /// An input size outside the allowed range or not a multiple of 32.
    #[error(
        "the resolution must be a multiple of 32 from {MIN_RESOLUTION} to {MAX_RESOLUTION}, not {resolution}"
    )]
    Resolution {
        /// The size that was asked for, pixels.
        resolution: usize,
    },
    /// A class count outside the allowed range.
    #[error("the class count must be from 1 to {MAX_CLASSES}, not {classes}")]
    Classes {
        /// The count that was asked for.
        classes: usize,
    },
    /// Only V3 has a minimalistic form.
    #[error("{version} has no minimalistic form, only V3 has")]
    Minimalistic {
        /// The version that was asked for.
        version: Version,
    },
}

impl Error {
    /// A stable upper-case code, for JavaScript's `error.code`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::WeightLength { .. } => "BAD_WEIGHTS",
            Self::InputLength { .. } | Self::ImageSide { .. } | Self::ImageLength { .. } => {
                "BAD_INPUT"
            }
            Self::Preprocessing { .. }
            | Self::Width { .. }
            | Self::Resolution { .. }
            | Self::Classes { .. }
            | Self::Minimalistic { .. } => "BAD_CONFIG",
        }
    }
}
