//! The MobileNet architectures as data.

mod network;

pub use network::{Activation, Block, Conv, ConvKind, Network, Padding, Site, SqueezeExcite, Version};
