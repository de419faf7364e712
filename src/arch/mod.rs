//! The architectures as data.
//!
//! `v1`, `v2`, `v3`, `v4`, `mnasnet` and `efficientnet_lite` hold the papers' tables. [`Network::new`] makes a
//! [`Network`] of a table and a [`Config`]. [`Network::check`] checks that a network can run, also one that no table
//! describes.

mod activation;
mod builder;
mod check;
mod efficientnet_lite;
mod mnasnet;
mod network;
mod rounding;
mod table;
mod v1;
mod v2;
mod v3;
mod v4;
mod version;

pub use activation::Activation;
pub use builder::{Config, MAX_CLASSES, MAX_RESOLUTION, MAX_WIDTH, MIN_RESOLUTION, MIN_WIDTH};
pub use network::{Block, Conv, ConvKind, Network, Padding, Site, SqueezeExcite};
pub use rounding::Rounding;
pub use version::{Family, Version};
