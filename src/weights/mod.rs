//! Trained weights: where they come from, and what the plan gets.

use crate::arch::{Conv, Site};
use crate::error::Error;

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
