//! `cargo xtask convert`: writes a checkpoint as a folded file.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use mobilenet_wasm::weights::{Checkpoint, Storage};

use crate::process::say;

pub struct Options {
    /// The name of a [`Storage`].
    pub precision: String,
    /// The JSON files, if they are not those beside the weights.
    pub config: Option<PathBuf>,
    pub preprocessor_config: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        let precision = Storage::F32.name().to_owned();
        Self { precision, config: None, preprocessor_config: None }
    }
}

/// Reads `from` and writes `to`.
pub fn convert(from: &Path, to: &Path, options: &Options) -> Result<()> {
    let storage = Storage::parse(&options.precision).with_context(|| {
        let names = Storage::ALL.map(Storage::name).join(", ");
        format!("--precision {}: it is one of {names}", options.precision)
    })?;
    let weights = fs::read(from).with_context(|| format!("cannot read {}", from.display()))?;
    let config = text(options.config.as_deref(), &from.with_file_name("config.json"))?;
    let beside = from.with_file_name("preprocessor_config.json");
    let preprocessor_config = text(options.preprocessor_config.as_deref(), &beside)?;
    let source = weights.as_slice();
    let mut checkpoint =
        Checkpoint::open(&source, config.as_deref(), preprocessor_config.as_deref())
            .with_context(|| format!("cannot read {}", from.display()))?;
    for warning in checkpoint.warnings() {
        say("convert", format_args!("NOTE: {warning}"));
    }
    let file = checkpoint.fold(storage)?;
    fs::write(to, &file).with_context(|| format!("cannot write {}", to.display()))?;
    let (before, after) = (weights.len(), file.len());
    say("convert", format_args!("{}: {after} bytes, of {before}", to.display()));
    Ok(())
}

/// The text of the file that was asked for, or else of the one beside the weights, if it exists.
fn text(asked: Option<&Path>, beside: &Path) -> Result<Option<String>> {
    let file = match asked {
        Some(file) => file,
        None if beside.is_file() => beside,
        None => return Ok(None),
    };
    let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()));
    text.map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project;

    #[test]
    fn a_graph_becomes_one_file() {
        let from = project::path("tests/goldens/tflite/v3-like-f16.tflite");
        let to = std::env::temp_dir().join(format!("convert-{}", std::process::id()));
        let options = Options { precision: "f16".to_owned(), ..Options::default() };
        convert(&from, &to, &options).unwrap();
        let bytes = fs::read(&to).unwrap();
        fs::remove_file(&to).unwrap();
        let source = bytes.as_slice();
        let mut checkpoint = Checkpoint::open(&source, None, None).unwrap();
        assert_eq!(checkpoint.lossless().unwrap(), Storage::F16);
        let options = Options { precision: "f8".to_owned(), ..Options::default() };
        let error = convert(&from, &to, &options).unwrap_err().to_string();
        assert!(error.contains("f32, f16, int8"), "{error}");
    }
}
