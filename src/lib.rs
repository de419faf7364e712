//! MobileNet V1 to V4 on the CPU, for the browser. [`Model`] is the entry point.

pub mod arch;
mod buffer;
pub mod classify;
pub mod error;
pub mod kernels;
pub mod measure;
pub mod model;
pub mod plan;
pub mod preprocess;
pub mod simd;
mod sort;
mod stopwatch;
mod threads;
#[cfg(any(feature = "wasm", feature = "convert"))]
mod wasm;
pub mod weights;

pub use buffer::Buffer;
pub use error::Error;
pub use model::{Model, Source};
pub use plan::Plan;
pub use preprocess::RgbaImage;
