//! The code of the fuzz targets. `tests/fuzz_corpus.rs` includes this file and replays the corpus with it.

#[path = "../../tests/common/archives.rs"]
#[allow(dead_code, reason = "whole files of PyTorch are for other tests")]
pub mod archives;
mod checkpoint;
mod config;
#[path = "../../tests/common/goldens.rs"]
#[allow(dead_code, reason = "the goldens' images and logits are for other tests")]
pub mod goldens;
pub mod memory;
mod network;
#[path = "../../tests/common/safetensors.rs"]
#[allow(dead_code, reason = "malformed headers are for other tests")]
pub mod safetensors;

pub use checkpoint::{MAX_PADDING, checkpoint, files};
pub use config::{NETWORKS, config};
pub use network::network;

/// Bytes that may be allocated for each byte of the file.
const PER_BYTE: usize = 4;

/// Bytes that may be allocated for a file of any length: for the channel counts and tensor names of the network that
/// the file is compared with, and for an error message.
const SLACK: usize = 64 << 10;

/// Runs `read`, which reads `length` bytes.
///
/// # Panics
/// If its peak allocation exceeds `PER_BYTE * length + SLACK + more` bytes.
fn within_bound<T>(length: usize, more: usize, read: impl FnOnce() -> T) -> T {
    let (result, peak) = memory::peak(read);
    let bound = PER_BYTE * length + SLACK + more;
    assert!(
        peak <= bound,
        "{peak} bytes were allocated at a time to read {length}: at most {bound} may be"
    );
    result
}
