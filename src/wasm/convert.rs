//! The JavaScript interface of the build `convert`, which reads the files that the engine's builds don't.

use super::JsBytes;
use crate::error::Error;
use crate::weights::{Checkpoint, Storage};
use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;

/// Reads a file of any format, with the contents of `config.json` and `preprocessor_config.json`, and returns it as a
/// folded file: see [`Checkpoint::fold`]. `precision` is `f32`, `f16` or `int8`; without it the shortest without loss.
#[wasm_bindgen]
pub fn convert(
    bytes: Uint8Array,
    config: Option<String>,
    preprocessor_config: Option<String>,
    precision: Option<String>,
) -> Result<Uint8Array, JsValue> {
    let source = JsBytes(bytes);
    let (config, preprocessor_config) = (config.as_deref(), preprocessor_config.as_deref());
    let mut checkpoint = Checkpoint::open(&source, config, preprocessor_config)?;
    let storage = match precision {
        None => checkpoint.lossless()?,
        Some(name) => Storage::parse(&name).ok_or(Error::Storage { name })?,
    };
    Ok(Uint8Array::from(&checkpoint.fold(storage)?[..]))
}
