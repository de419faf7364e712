//! The MobileNet architectures as data.
//!
//! `v1`, `v2` and `v3` hold the papers' tables; [`Network::new`] turns one into a [`Network`] for a [`Config`].

mod builder;
mod network;
mod rounding;
mod v1;
mod v2;
mod v3;

pub use builder::{Config, MAX_CLASSES, MAX_RESOLUTION, MAX_WIDTH, MIN_RESOLUTION, MIN_WIDTH};
pub use network::{
    Activation, Block, Conv, ConvKind, Network, Padding, Site, SqueezeExcite, Version,
};
pub use rounding::Rounding;
