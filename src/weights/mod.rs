//! Trained weights: reads checkpoints and hands their weights to the plan.
//!
//! A [`Checkpoint`] is a file of tensors, read in pieces through a [`ByteSource`]. `format` reads the file format.
//! `library` recognises the library that wrote it and knows its tensor names and conventions. `graph` matches a file
//! that has operators or layers instead of names. `folded` reads and writes this crate's own files. `config` reads the
//! JSON files beside a checkpoint, `json` parses all JSON, and `fold` folds batch normalisation into the convolution
//! before it. A [`Trim`] removes channels that never change.

#![forbid(unsafe_code)]

mod byte_source;
mod checkpoint;
mod config;
mod fold;
mod folded;
mod format;
#[cfg(feature = "foreign")]
mod graph;
mod json;
mod library;
mod trim;
mod untrained;

use crate::arch::{Conv, Site};
use crate::error::Error;

pub use byte_source::ByteSource;
pub use checkpoint::Checkpoint;
pub use folded::Storage;
#[cfg(feature = "foreign")]
pub use format::NamedFile;
pub use library::Flavour;
pub use trim::Trim;
pub use untrained::Untrained;

/// The width multipliers to try for a checkpoint: those published by tf-slim and timm first, then 0.1 to 4.0 in steps
/// of 0.01.
fn widths() -> impl Iterator<Item = f64> {
    const PUBLISHED: [f64; 8] = [1.0, 0.75, 0.5, 0.35, 0.25, 1.25, 1.3, 1.4];
    PUBLISHED.into_iter().chain((10..=400_u16).map(|percent| f64::from(percent) / 100.0))
}

/// One convolution's weights with batch normalisation folded in.
#[derive(Clone, Debug, PartialEq)]
pub struct FoldedConv {
    /// Stem, full and pointwise convolutions `[out][in][ky][kx]`, depthwise `[channel][ky][kx]`, dense `[out][in]`.
    pub weight: Vec<f32>,
    /// One value per output channel.
    pub bias: Vec<f32>,
}

impl FoldedConv {
    /// Checks that there are as many values as the convolution `conv` at `site` has.
    pub(crate) fn check(&self, site: Site, conv: &Conv) -> Result<(), Error> {
        for (what, expected, got) in [
            ("weights", conv.weight_count(), self.weight.len()),
            ("biases", conv.out_channels, self.bias.len()),
        ] {
            if got != expected {
                return Err(Error::WeightLength { site, what, expected, got });
            }
        }
        Ok(())
    }
}

/// A source of weights. It returns one convolution at a time, so that a whole checkpoint is never in memory.
pub trait WeightSource {
    /// The weights of the convolution `conv` at `site`.
    ///
    /// # Errors
    /// Any error in the tensors of that site, and [`Error::OutOfMemory`].
    fn conv(&mut self, site: Site, conv: &Conv) -> Result<FoldedConv, Error>;
}
