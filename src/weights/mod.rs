//! Trained weights: where they come from, and what the plan gets.
//!
//! A [`Checkpoint`] is a file of tensors, read piece by piece through a [`ByteSource`]: `format` reads the file, `library`
//! tells whose checkpoint it is and knows that library's names and conventions, `graph` matches a file that has operators,
//! `config` reads the JSON files beside it, both take JSON apart with `json`, and `fold` removes batch normalisation.

mod byte_source;
mod checkpoint;
mod config;
mod fold;
mod format;
mod graph;
mod json;
mod library;
mod untrained;

use crate::arch::{Conv, Site};
use crate::error::Error;

pub use byte_source::ByteSource;
pub use checkpoint::Checkpoint;
pub use library::Flavour;
pub use untrained::Untrained;

/// Width multipliers that a checkpoint may have: tf-slim's and timm's first, then all others.
fn widths() -> impl Iterator<Item = f64> {
    const PUBLISHED: [f64; 8] = [1.0, 0.75, 0.5, 0.35, 0.25, 1.25, 1.3, 1.4];
    PUBLISHED.into_iter().chain((10..=400_u16).map(|percent| f64::from(percent) / 100.0))
}

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
