//! Checks that a build has no relaxed SIMD instruction.

use anyhow::{Context, Result};
use wasmparser::{Validator, WasmFeatures};

/// Fails if `module` has a relaxed SIMD instruction. An engine without them (Safari, unless a flag is set) rejects the
/// whole module because of a single one.
pub fn without_relaxed_simd(module: &[u8]) -> Result<()> {
    let features = WasmFeatures::all() - WasmFeatures::RELAXED_SIMD;
    Validator::new_with_features(features)
        .validate_all(module)
        .context("the build is meant for engines without relaxed SIMD")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::without_relaxed_simd;

    /// One function of type `[] -> [v128]` with this body.
    fn module(body: &[u8]) -> Vec<u8> {
        let mut bytes = b"\0asm\x01\0\0\0\x01\x05\x01\x60\0\x01\x7b\x03\x02\x01\0\x0a".to_vec();
        let size = body.len() as u8;
        bytes.extend([size + 3, 1, size + 1, 0]);
        bytes.extend(body);
        bytes
    }

    #[test]
    fn tells_simd_from_relaxed_simd() {
        let splat = [0x41, 0, 0xfd, 0x0f];
        let add = [&splat[..], &splat, &[0xfd, 0xe4, 0x01, 0x0b]].concat();
        without_relaxed_simd(&module(&add)).expect("f32x4.add");
        let relaxed_madd = [&splat[..], &splat, &splat, &[0xfd, 0x85, 0x02, 0x0b]].concat();
        let error = without_relaxed_simd(&module(&relaxed_madd)).expect_err("f32x4.relaxed_madd");
        assert!(format!("{error:#}").contains("relaxed SIMD"), "{error:#}");
    }
}
