//! Finds the network of a `.safetensors` file with the crate's own reader.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use mobilenet_wasm::Model;
use mobilenet_wasm::arch::Network;

/// Loads `weights` with the JSON files beside it, as the page does.
pub fn read(weights: &Path) -> Result<Network> {
    let bytes = fs::read(weights)?;
    let text = |name: &str| fs::read_to_string(weights.with_file_name(name)).ok();
    let (config, preprocessor) = (text("config.json"), text("preprocessor_config.json"));
    let model = Model::load(&bytes.as_slice(), config.as_deref(), preprocessor.as_deref());
    Ok(model.context("the page could not load it")?.network().clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_file_is_refused_with_its_fault() {
        let path = std::env::temp_dir().join(format!("checkpoint-{}", std::process::id()));
        fs::write(&path, [0xff; 20]).unwrap();
        let error = format!("{:#}", read(&path).unwrap_err());
        fs::remove_file(&path).unwrap();
        assert!(error.contains("is it a safetensors file?"), "{error}");
        assert!(read(&path).is_err(), "no file");
    }
}
