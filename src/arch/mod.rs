//! The architectures as data.
//!
//! `version` holds the papers' tables. [`Network::new`] makes a [`Network`] of a table and a [`Config`]. [`Network::check`]
//! checks that a network can run, also one that no table describes.

mod activation;
mod builder;
mod check;
mod network;
mod rounding;
mod table;
mod version;

pub use activation::Activation;
pub use builder::{Config, MAX_CLASSES, MAX_RESOLUTION, MAX_WIDTH, MIN_RESOLUTION, MIN_WIDTH};
pub use network::{Block, Conv, ConvKind, Network, Padding, Site, SqueezeExcite};
pub use rounding::Rounding;
pub use version::{Family, Version};
