//! The JavaScript interface of the build `convert`, which reads the files that the engine's builds don't.

use super::JsBytes;
use crate::error::Error;
use crate::weights::{ByteSource, Checkpoint, NamedFile, Storage};
use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;

/// Reads a file of any format, or the files of a checkpoint that has several, with the contents of `config.json` and
/// `preprocessor_config.json`, and returns it as a folded file: see [`Checkpoint::fold`]. `precision` is `f32`, `f16` or
/// `int8`; without it the shortest without loss.
#[wasm_bindgen]
pub fn convert(
    names: Vec<String>,
    files: Vec<Uint8Array>,
    config: Option<String>,
    preprocessor_config: Option<String>,
    precision: Option<String>,
) -> Result<Uint8Array, JsValue> {
    let sources: Vec<JsBytes> = files.into_iter().map(JsBytes).collect();
    let files: Vec<NamedFile<'_>> = names
        .iter()
        .zip(&sources)
        .map(|(name, source)| NamedFile { name, source: source as &dyn ByteSource })
        .collect();
    let (config, preprocessor_config) = (config.as_deref(), preprocessor_config.as_deref());
    let mut checkpoint = Checkpoint::open_files(&files, config, preprocessor_config)?;
    let storage = match precision {
        None => checkpoint.lossless()?,
        Some(name) => Storage::parse(&name).ok_or(Error::Storage { name })?,
    };
    Ok(Uint8Array::from(&checkpoint.fold(storage)?[..]))
}
