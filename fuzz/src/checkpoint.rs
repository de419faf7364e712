//! The targets for checkpoints: of one file, and of several.

use mobilenet_wasm::Error;
use mobilenet_wasm::weights::{ByteSource, Checkpoint, NamedFile, WeightSource};

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
    let file = Padded { bytes, padding: padding_of(*padding) };
    check(within_bound(file.len() as usize, 0, || read(Checkpoint::open(&file, None, None)?)));
}

/// The most files in an input of [`files`].
const MAX_FILES: usize = 256;

/// Reads a checkpoint of several files. `input` is the number of zeros after the last file, in 4 little-endian bytes, and
/// the files: for each the length of its name in a byte, the name, the length of its content in 4 bytes, and the
/// content. If the input ends before a file does, the file ends there.
pub fn files(input: &[u8]) {
    let Some((padding, mut rest)) = input.split_first_chunk() else {
        return;
    };
    let mut files = Vec::new();
    while let Some((&length, after)) = rest.split_first()
        && files.len() < MAX_FILES
    {
        let (name, after) = after.split_at(after.len().min(length.into()));
        let Ok(name) = std::str::from_utf8(name) else {
            return;
        };
        let Some((length, after)) = after.split_first_chunk() else {
            return;
        };
        let length = u32::from_le_bytes(*length) as usize;
        let (bytes, after) = after.split_at(after.len().min(length));
        files.push((name, Padded { bytes, padding: 0 }));
        rest = after;
    }
    let Some((_, last)) = files.last_mut() else {
        return;
    };
    last.padding = padding_of(*padding);
    let length = input.len() + last.padding as usize;
    let files: Vec<_> =
        files.iter().map(|&(name, ref source)| NamedFile { name, source }).collect();
    check(within_bound(length, 0, || read(Checkpoint::open_files(&files, None, None)?)));
}

/// The number of zeros that four bytes of an input stand for.
fn padding_of(bytes: [u8; 4]) -> u64 {
    u32::from_le_bytes(bytes).min(MAX_PADDING).into()
}

/// Checks that an error is about the file, and short.
fn check(result: Result<(), Error>) {
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
fn read(mut checkpoint: Checkpoint<'_>) -> Result<(), Error> {
    let network = checkpoint.network().clone();
    for (site, conv) in network.sites() {
        let folded = checkpoint.conv(site, conv)?;
        assert_eq!(folded.weight.len(), conv.weight_count(), "{site}");
        assert_eq!(folded.bias.len(), conv.out_channels, "{site}");
        assert!(folded.weight.iter().chain(&folded.bias).all(|value| value.is_finite()), "{site}");
    }
    Ok(())
}
