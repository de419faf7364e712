//! SHA-256 of files and bytes, as hexadecimal text.

use std::fmt::Write;
use std::fs::File;
use std::path::Path;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

#[cfg(test)]
pub fn of_bytes(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

pub fn of_file(path: &Path) -> Result<String> {
    let context = || format!("cannot read {}", path.display());
    let mut hasher = Sha256::new();
    std::io::copy(&mut File::open(path).with_context(context)?, &mut hasher)
        .with_context(context)?;
    Ok(hex(&hasher.finalize()))
}

fn hex(digest: &[u8]) -> String {
    digest.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    /// The first test vectors of FIPS 180-4.
    #[test]
    fn known_digests() {
        assert_eq!(
            super::of_bytes(b""),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        assert_eq!(
            super::of_bytes(b"abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
