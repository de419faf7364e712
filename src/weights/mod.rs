//! Trained weights: where they come from, and what the plan gets.
//!
//! A [`Checkpoint`] is a file of tensors, read piece by piece through a [`ByteSource`]: `format` reads the file, `library`
//! tells whose checkpoint it is and knows that library's names and conventions, `config` reads the JSON files beside it,
//! both take JSON apart with `json`, and `fold` removes batch normalisation.

mod byte_source;
mod checkpoint;
mod config;
mod fold;
mod format;
mod json;
mod library;
mod untrained;

use crate::arch::{Conv, Site};
use crate::error::Error;

pub use byte_source::ByteSource;
pub use checkpoint::Checkpoint;
pub use library::Flavour;
pub use untrained::Untrained;

/// One convolution's weights with batch normalisation folded in.
#[derive(Clone, Debug, PartialEq)]
pub struct FoldedConv {
    /// Stem and pointwise `[out][in][ky][kx]`, depthwise `[channel][ky][kx]`, dense `[out][in]`.
    pub weight: Vec<f32>,
    /// One per output channel.
    pub bias: Vec<f32>,
}

/// Hands out weights one convolution at a time, so that a checkpoint is never in memory as a whole.
pub trait WeightSource {
    /// The weights of the convolution `conv` that stands at `site`.
    ///
    /// # Errors
    /// Whatever is wrong with the tensors of that site.
    fn conv(&mut self, site: Site, conv: &Conv) -> Result<FoldedConv, Error>;
}
