//! The one error type of the crate.

use crate::arch::{MAX_CLASSES, MAX_RESOLUTION, MAX_WIDTH, MIN_RESOLUTION, MIN_WIDTH, Version};

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
            Self::InputLength { .. } => "BAD_INPUT",
            Self::Width { .. }
            | Self::Resolution { .. }
            | Self::Classes { .. }
            | Self::Minimalistic { .. } => "BAD_CONFIG",
        }
    }
}
