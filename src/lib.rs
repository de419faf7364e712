//! MobileNet V1, V2 and V3 for the browser.

pub mod arch;
mod buffer;
pub mod error;
pub mod kernels;
pub mod simd;
pub mod weights;

pub use buffer::Buffer;
pub use error::Error;
