//! The crate's JavaScript interface, and the only module with `#[wasm_bindgen]`.
//!
//! It is for the workers of the npm package, which wraps it in a friendlier API: the engine's builds have the feature
//! `wasm`, and the build that reads other files than `.safetensors` has `convert`.

#[cfg(feature = "convert")]
mod convert;
#[cfg(feature = "wasm")]
mod frame;
#[cfg(feature = "wasm")]
mod measure;
#[cfg(feature = "wasm")]
mod network;

use crate::error::Error;
use crate::weights::ByteSource;
use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;

#[cfg(feature = "wasm")]
#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance)]
    fn now() -> f64;
}

#[wasm_bindgen]
extern "C" {
    /// JavaScript's `Error` with the property `code`, like the package's own errors.
    #[wasm_bindgen(js_name = Error)]
    type CodedError;
    #[wasm_bindgen(constructor, js_class = "Error")]
    fn new(message: &str) -> CodedError;
    #[wasm_bindgen(method, setter)]
    fn set_code(this: &CodedError, code: &str);
}

impl From<Error> for JsValue {
    fn from(error: Error) -> Self {
        let coded = CodedError::new(&error.to_string());
        coded.set_code(error.code());
        coded.into()
    }
}

/// A file that stays in JavaScript's memory, because WebAssembly's memory never shrinks.
struct JsBytes(Uint8Array);

impl ByteSource for JsBytes {
    fn len(&self) -> u64 {
        self.0.length().into()
    }

    fn read(&self, offset: u64, buffer: &mut [u8]) -> Result<(), Error> {
        let len = buffer.len() as u64;
        let end = offset.checked_add(len).filter(|&end| end <= self.len());
        let (Ok(start), Some(Ok(end))) = (u32::try_from(offset), end.map(u32::try_from)) else {
            let reason = format!("there are {} bytes", self.len());
            return Err(Error::Read { offset, length: buffer.len(), reason });
        };
        self.0.subarray(start, end).copy_to(buffer);
        Ok(())
    }
}

/// The threads that run a worker's networks. All but the calling one are workers with the same memory that call
/// [`join_threads`]. They may do so later; until then the other threads do their work.
#[cfg(feature = "threads")]
#[wasm_bindgen]
pub struct Threads(crate::plan::Threads);

#[cfg(feature = "threads")]
#[wasm_bindgen]
impl Threads {
    /// `count` threads, including the calling one.
    #[wasm_bindgen(constructor)]
    pub fn new(count: usize) -> Result<Self, JsValue> {
        Ok(Self(crate::plan::Threads::new(count)?))
    }
}

/// Makes the calling worker one of the threads of a [`Threads`]. Returns when that is dropped.
#[cfg(feature = "threads")]
#[wasm_bindgen(js_name = joinThreads)]
pub fn join_threads() {
    crate::threads::enter();
}
