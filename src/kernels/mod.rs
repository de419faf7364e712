//! The kernels: one file per operation, each generic over the instruction set ([`crate::simd`]).
//!
//! A kernel is an `unsafe fn` on pointers. [`crate::plan`] owns the memory and calls them; it checks the whole network
//! once, when it is built ([`crate::arch::Network::check`]). [`crate::measure`] times single layers.

pub mod add;
pub mod convolution;
pub mod curve;
pub mod dense;
pub mod depthwise;
pub mod epilogue;
pub mod int8;
pub mod layout;
pub mod pack;
pub mod peak;
pub mod pointwise;
pub mod pool;
pub mod reference;
pub mod scale;
pub mod stem;
mod tile;
mod unroll;
mod wide;
mod window;

pub use wide::TileShape;
pub use window::Window;
