//! The JavaScript face of the crate, and all of its `#[wasm_bindgen]`.
//!
//! Meant for the npm package's worker, which gives users the friendlier API.

mod frame;
mod measure;
mod network;

use crate::error::Error;
use crate::weights::ByteSource;
use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance)]
    fn now() -> f64;

    /// JavaScript's `Error`, with the `code` that the package puts on its own.
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

/// A file that stays in JavaScript's memory: WebAssembly's never shrinks again.
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

/// The threads that run a worker's networks. All but the calling one are workers of the same memory that call
/// [`join_threads`], now or later; as long as one hasn't, the others do its work.
#[cfg(feature = "threads")]
#[wasm_bindgen]
pub struct Threads(crate::plan::Threads);

#[cfg(feature = "threads")]
#[wasm_bindgen]
impl Threads {
    /// `count` threads, the calling one among them.
    #[wasm_bindgen(constructor)]
    pub fn new(count: usize) -> Result<Self, JsValue> {
        Ok(Self(crate::plan::Threads::new(count)?))
    }
}

/// Makes the calling worker one of the threads that a [`Threads`] asks for. Returns when they are no longer wanted.
#[cfg(feature = "threads")]
#[wasm_bindgen(js_name = joinThreads)]
pub fn join_threads() {
    crate::threads::enter();
}
