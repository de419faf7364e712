//! `cargo xtask convert`: writes a checkpoint as a folded file.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use mobilenet_wasm::weights::{Checkpoint, NamedFile, Storage};

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

/// Reads `from`, a file or a folder with the files of a model, and writes `to`.
pub fn convert(from: &Path, to: &Path, options: &Options) -> Result<()> {
    let storage = Storage::parse(&options.precision).with_context(|| {
        let names = Storage::ALL.map(Storage::name).join(", ");
        format!("--precision {}: it is one of {names}", options.precision)
    })?;
    let files = files(from).with_context(|| format!("cannot read {}", from.display()))?;
    let sources: Vec<&[u8]> = files.iter().map(|(_, bytes)| bytes.as_slice()).collect();
    let named: Vec<NamedFile<'_>> =
        files.iter().zip(&sources).map(|((name, _), source)| NamedFile { name, source }).collect();
    let config = text(options.config.as_deref(), &beside(from, "config.json"))?;
    let preprocessor_config = beside(from, "preprocessor_config.json");
    let preprocessor_config = text(options.preprocessor_config.as_deref(), &preprocessor_config)?;
    let mut checkpoint =
        Checkpoint::open_files(&named, config.as_deref(), preprocessor_config.as_deref())
            .with_context(|| format!("cannot read {}", from.display()))?;
    for warning in checkpoint.warnings() {
        say("convert", format_args!("NOTE: {warning}"));
    }
    let file = checkpoint.fold(storage)?;
    fs::write(to, &file).with_context(|| format!("cannot write {}", to.display()))?;
    let before: usize = sources.iter().map(|bytes| bytes.len()).sum();
    let after = file.len();
    say("convert", format_args!("{}: {after} bytes, of {before}", to.display()));
    Ok(())
}

/// The names and the contents of the file, or of the files in the folder. Those of folders in it are not read.
fn files(from: &Path) -> Result<Vec<(String, Vec<u8>)>> {
    let mut paths = vec![from.to_owned()];
    if from.is_dir() {
        paths = fs::read_dir(from)?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<std::io::Result<_>>()?;
        paths.retain(|path| path.is_file());
        ensure!(!paths.is_empty(), "the folder has no files");
        paths.sort();
    }
    let named = |path: PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok((name, fs::read(&path).with_context(|| path.display().to_string())?))
    };
    paths.into_iter().map(named).collect()
}

/// Where a file lies that belongs to the one at `from`, or to the folder.
fn beside(from: &Path, name: &str) -> PathBuf {
    if from.is_dir() { from.join(name) } else { from.with_file_name(name) }
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
    fn a_folder_becomes_one_file() {
        let folder = std::env::temp_dir().join(format!("convert-folder-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let to = folder.join("one.safetensors");
        let error =
            |options: &Options| format!("{:#}", convert(&folder, &to, options).unwrap_err());
        assert!(error(&Options::default()).contains("the folder has no files"));

        let text = fs::read_to_string(project::path("tests/goldens/keras/transfer-keras2.json"));
        let text = text.unwrap();
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        let weights = json["weightsManifest"][0]["weights"].as_array().unwrap();
        let sides = weights.iter().map(|weight| weight["shape"].as_array().unwrap().iter());
        let count: u64 =
            sides.map(|sides| sides.map(|side| side.as_u64().unwrap()).product::<u64>()).sum();
        fs::write(folder.join("model.json"), text).unwrap();
        assert!(error(&Options::default()).contains("group1-shard1of1.bin: it is missing"));
        fs::write(folder.join("group1-shard1of1.bin"), vec![0; 4 * count as usize]).unwrap();
        let labels = r#"{"labels": ["a", "b", "c", "d", "e"]}"#;
        fs::write(folder.join("metadata.json"), labels).unwrap();
        convert(&folder, &to, &Options::default()).unwrap();
        let bytes = fs::read(&to).unwrap();
        fs::remove_dir_all(&folder).unwrap();
        let source = bytes.as_slice();
        let checkpoint = Checkpoint::open(&source, None, None).unwrap();
        assert_eq!(checkpoint.labels().unwrap(), ["a", "b", "c", "d", "e"]);
    }

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
