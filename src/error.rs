//! The one error type of the crate.

use crate::arch::Site;

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
}

impl Error {
    /// A stable upper-case code, for JavaScript's `error.code`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::WeightLength { .. } => "BAD_WEIGHTS",
            Self::InputLength { .. } => "BAD_INPUT",
        }
    }
}
