//! What the fuzz targets do with an input. `tests/fuzz_corpus.rs` includes this file, and does the same with the corpus.

mod checkpoint;
mod config;
#[path = "../../tests/common/goldens.rs"]
#[allow(dead_code, reason = "the goldens' images and logits are for other tests")]
pub mod goldens;
pub mod memory;
#[path = "../../tests/common/safetensors.rs"]
#[allow(dead_code, reason = "malformed headers are for other tests")]
pub mod safetensors;

pub use checkpoint::{MAX_PADDING, checkpoint};
pub use config::{NETWORKS, config};

/// Bytes that may be allocated for each byte of the file.
const PER_BYTE: usize = 4;

/// Bytes that may be allocated whatever the file's length is: the channel counts and tensor names of the network that
/// the file is compared with, and a message.
const SLACK: usize = 64 << 10;

/// Runs `read` on something of `length` bytes.
///
/// # Panics
/// If more bytes were allocated at a time than `PER_BYTE` for each of `length`, `SLACK` and `more`.
fn within_bound<T>(length: usize, more: usize, read: impl FnOnce() -> T) -> T {
    let (result, peak) = memory::peak(read);
    let bound = PER_BYTE * length + SLACK + more;
    assert!(
        peak <= bound,
        "{peak} bytes were allocated at a time to read {length}: at most {bound} may be"
    );
    result
}
