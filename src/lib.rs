//! MobileNet V1, V2 and V3 for the browser.

pub mod arch;
pub mod error;
pub mod preprocess;
pub mod weights;

pub use error::Error;
