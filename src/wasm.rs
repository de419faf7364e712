//! The JavaScript face of the crate, and all of its `#[wasm_bindgen]`.
//!
//! Meant for the npm package's worker, which gives users the friendlier API.

use crate::arch::{Config, Network, Padding, Version};
use crate::buffer::with_room;
use crate::error::Error;
use crate::kernels::{peak, stem};
use crate::model::Model;
#[cfg(feature = "threads")]
use crate::plan::Threads;
use crate::plan::{Extent, Time};
use crate::preprocess::{CropStart, Interpolation, RgbaImage};
use crate::simd::Native;
use crate::weights::{ByteSource, Flavour};
use js_sys::{Float32Array, Uint8Array};
use serde_json::{Value, json};
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

/// Makes the calling worker one of the threads that [`Engine::set_threads`] asks for. Returns when they are
/// no longer wanted.
#[cfg(feature = "threads")]
#[wasm_bindgen(js_name = joinThreads)]
pub fn join_threads() {
    crate::threads::enter();
}

/// Bytes for each pixel of a side and for each class that are free when a picture is classified.
const ROOM: usize = 64;

/// Bytes of a picture that are kept for the next one: a camera's of 4096 x 4096 pixels.
const KEPT: usize = 64 << 20;

/// One loaded network.
#[wasm_bindgen]
pub struct Engine {
    model: Model,
    /// The last picture, kept so that a camera's frames need no new memory.
    pixels: Vec<u8>,
}

#[wasm_bindgen]
impl Engine {
    /// Loads a `.safetensors` file, with the texts of `config.json` and `preprocessor_config.json`.
    pub fn load(
        bytes: Uint8Array,
        config: Option<String>,
        preprocessor_config: Option<String>,
    ) -> Result<Self, JsValue> {
        let source = JsBytes(bytes);
        let model = Model::load(&source, config.as_deref(), preprocessor_config.as_deref())?;
        Ok(Self { model, pixels: Vec::new() })
    }

    /// A network with random weights.
    pub fn untrained(
        version: &str,
        minimalistic: bool,
        width: f64,
        resolution: usize,
        classes: usize,
    ) -> Result<Self, JsValue> {
        let version = Version::parse(version).ok_or_else(|| Error::UnknownNetwork {
            reason: format!("\"{version}\" is not one of its names"),
        })?;
        let config = Config { minimalistic, width, resolution, classes, ..Config::new(version) };
        let seed = getrandom::u64().unwrap_or_else(|_| now().to_bits());
        let model = Model::untrained(Network::new(&config)?, seed)?;
        Ok(Self { model, pixels: Vec::new() })
    }

    /// What was loaded, as JSON.
    #[wasm_bindgen(getter)]
    pub fn info(&self) -> String {
        let network = self.model.network();
        let preprocessing = self.model.preprocessing();
        json!({
            "version": network.version.name(),
            "minimalistic": network.minimalistic,
            "width": network.width,
            "resolution": network.resolution,
            "classes": network.classes() - usize::from(self.model.has_background()),
            "logits": network.classes(),
            "parameters": network.parameters(),
            "macs": network.macs(),
            "trained": self.model.flavour().is_some(),
            "flavour": match self.model.flavour() {
                Some(Flavour::Timm) => "timm",
                Some(Flavour::Torchvision) => "torchvision",
                Some(Flavour::Transformers) => "transformers",
                None => "untrained",
            },
            "padding": match network.padding {
                Padding::Symmetric => "symmetric",
                Padding::Same => "same",
            },
            "preprocessing": {
                "resizeShortSide": preprocessing.resize_short_side,
                "crop": preprocessing.crop,
                "cropStart": match preprocessing.crop_start {
                    CropStart::Even => "even",
                    CropStart::First => "first",
                },
                "interpolation": match preprocessing.interpolation {
                    Interpolation::Bilinear => "bilinear",
                    Interpolation::Bicubic => "bicubic",
                },
                "mean": preprocessing.mean,
                "std": preprocessing.std,
            },
            "memory": {
                "weights": self.model.plan().weight_bytes(),
                "activations": self.model.plan().activation_bytes(),
            },
            "labels": self.model.labels(),
            "warnings": self.model.warnings(),
        })
        .to_string()
    }

    /// Classifies `width` x `height` pixels of RGBA. Gives the milliseconds of preprocessing and
    /// inference, then index and probability of the `top_k` best classes.
    pub fn classify(
        &mut self,
        rgba: &Uint8Array,
        width: usize,
        height: usize,
        top_k: usize,
    ) -> Result<Vec<f64>, JsValue> {
        let answer = self.rank(rgba, width, height, top_k);
        if self.pixels.capacity() > KEPT {
            // Or the next call may find no memory.
            self.pixels = Vec::new();
        }
        Ok(answer?)
    }

    /// Has `threads` threads run the network. All but the calling one are workers of the same memory that
    /// call [`join_threads`], now or later; as long as one hasn't, the others do its work.
    #[cfg(feature = "threads")]
    #[wasm_bindgen(js_name = setThreads)]
    pub fn set_threads(&mut self, threads: usize) -> Result<(), JsValue> {
        Ok(self.model.set_threads(&Threads::new(threads)?)?)
    }

    /// The logits of a prepared picture, `[y][x][rgb]`, normalised.
    pub fn run(&mut self, input: &Float32Array) -> Result<Float32Array, JsValue> {
        let input = self.take_input(input)?;
        Ok(Float32Array::from(self.model.run(&input)?))
    }

    /// Times each step of the network over `runs` runs on a prepared picture, and the core's multiply-add
    /// rate; gives the package's `Profile` as JSON.
    pub fn profile(&mut self, input: &Float32Array, runs: usize) -> Result<String, JsValue> {
        let input = self.take_input(input)?;
        let profile = self.model.profile(&input, &mut now, runs)?;
        let steps = profile.steps.iter().map(|step| {
            let info = &step.info;
            let mut line = times(info.macs, &step.time);
            line["name"] = json!(info.name);
            line["kind"] = json!(info.kind.to_string());
            line["shape"] = json!(info.shape());
            line["input"] = json!(sides(info.input));
            line["output"] = json!(sides(info.output));
            line["kernel"] = json!(info.kernel);
            line["stride"] = json!(info.stride);
            line
        });
        Ok(json!({
            "steps": steps.collect::<Vec<_>>(),
            "total": times(self.model.network().macs(), &profile.total),
            "runs": runs,
            "peak": peak::gflops::<Native>(&mut now),
        })
        .to_string())
    }
}

/// What comes from JavaScript is copied by hand: where there is no memory for it, a `&[f32]` argument would trap, after
/// which nothing in the memory can be trusted.
impl Engine {
    /// See [`Engine::classify`].
    fn rank(
        &mut self,
        rgba: &Uint8Array,
        width: usize,
        height: usize,
        top_k: usize,
    ) -> Result<Vec<f64>, Error> {
        let start = now();
        self.take_pixels(rgba)?;
        let picture = RgbaImage::new(width, height, &self.pixels)?;
        // What the rest of this call allocates, and can't be without: filter tables of 42 bytes for each pixel of the
        // short side, and the ranking.
        let rest = ROOM * (1024 + width.min(height) + self.model.network().classes());
        drop(with_room::<u8>(rest)?);
        self.model.prepare(picture)?;
        let prepared = now();
        let predictions = self.model.predict(top_k);
        let timing = [prepared - start, now() - prepared];
        let pairs = predictions
            .iter()
            .flat_map(|prediction| [prediction.index as f64, f64::from(prediction.probability)]);
        Ok(timing.into_iter().chain(pairs).collect())
    }

    /// Copies a picture's bytes.
    fn take_pixels(&mut self, rgba: &Uint8Array) -> Result<(), Error> {
        let got = rgba.length() as usize;
        if self.pixels.capacity() < got {
            // First, so that the memory need not hold both.
            self.pixels = Vec::new();
            self.pixels = with_room(got)?;
        }
        self.pixels.resize(got, 0);
        rgba.copy_to(&mut self.pixels);
        Ok(())
    }

    /// Copies a prepared picture, whose length is looked at first.
    fn take_input(&self, input: &Float32Array) -> Result<Vec<f32>, Error> {
        let expected = self.model.network().resolution.pow(2) * stem::RGB;
        let got = input.length() as usize;
        if got != expected {
            return Err(Error::InputLength { expected, got });
        }
        let mut values = with_room(got)?;
        values.resize(got, 0.0);
        input.copy_to(&mut values);
        Ok(values)
    }
}

/// `[height, width, channels]`.
fn sides(extent: Extent) -> [usize; 3] {
    [extent.height, extent.width, extent.channels]
}

/// What the package says of a time in which `macs` multiply-accumulates were done.
fn times(macs: u64, time: &Time) -> Value {
    json!({
        "macs": macs,
        "microseconds": time.mean,
        "minimum": time.minimum,
        "median": time.median,
        "gflops": time.gflops(macs),
    })
}
