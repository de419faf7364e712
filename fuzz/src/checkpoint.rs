//! The target for checkpoints.

use mobilenet_wasm::Error;
use mobilenet_wasm::weights::{ByteSource, Checkpoint, WeightSource};

use super::within_bound;

/// The most zeros that may follow a file.
pub const MAX_PADDING: u32 = 4 << 20;

/// A file that ends with zeros, which take no memory.
struct Padded<'a> {
    bytes: &'a [u8],
    padding: u64,
}

impl ByteSource for Padded<'_> {
    fn len(&self) -> u64 {
        self.bytes.len() as u64 + self.padding
    }

    fn read(&self, offset: u64, buf: &mut [u8]) -> Result<(), Error> {
        let end = offset.checked_add(buf.len() as u64).filter(|&end| end <= self.len());
        assert!(end.is_some(), "{} bytes at {offset} of {}", buf.len(), self.len());
        let from = self.bytes.get(offset as usize..).unwrap_or_default();
        let there = from.len().min(buf.len());
        buf[..there].copy_from_slice(&from[..there]);
        buf[there..].fill(0);
        Ok(())
    }
}

/// Reads a whole checkpoint. `input` is the number of zeros after the file, in 4 little-endian bytes, and the file. So
/// an input that is hardly longer than a header can be a whole network.
pub fn checkpoint(input: &[u8]) {
    let Some((padding, bytes)) = input.split_first_chunk() else {
        return;
    };
    let padding = u64::from(u32::from_le_bytes(*padding).min(MAX_PADDING));
    let file = Padded { bytes, padding };
    let result = within_bound(file.len() as usize, 0, || read(&file));
    if let Err(error) = result {
        let (code, message) = (error.code(), error.to_string());
        assert!(
            matches!(code, "BAD_WEIGHTS" | "UNKNOWN_NETWORK" | "BAD_CONFIG"),
            "{code}: {message}"
        );
        assert!(message.len() < 8 << 10, "a message of {} bytes", message.len());
    }
}

/// Reads every convolution, as a plan does.
fn read(file: &Padded<'_>) -> Result<(), Error> {
    let mut checkpoint = Checkpoint::open(file, None, None)?;
    let network = checkpoint.network().clone();
    for (site, conv) in network.sites() {
        let folded = checkpoint.conv(site, conv)?;
        assert_eq!(folded.weight.len(), conv.weight_count(), "{site}");
        assert_eq!(folded.bias.len(), conv.out_channels, "{site}");
        assert!(folded.weight.iter().chain(&folded.bias).all(|value| value.is_finite()), "{site}");
    }
    Ok(())
}
