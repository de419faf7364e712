//! A network, as JavaScript has it.

use super::frame::Frame;
use super::{JsBytes, now};
use crate::arch::{self, Config, Padding, Version};
use crate::buffer::with_room;
use crate::error::Error;
use crate::kernels::{peak, stem};
use crate::model::{Model, Source};
use crate::plan::{ActivationMap, Extent, Gates, NamedTensor, Precision, Time};
use crate::preprocess::{CropStart, Interpolation, Rect};
use crate::simd::Native;
use crate::weights::Flavour;
use js_sys::{Array, Float32Array, Object, Reflect, Uint8Array};
use serde_json::{Value, json};
use wasm_bindgen::prelude::*;

/// Bytes that are free when a picture is classified, for what is small.
const ROOM: usize = 64 << 10;

/// One loaded network.
#[wasm_bindgen]
pub struct Network {
    model: Model,
    chosen: Chosen,
}

/// What was asked for, and how many times as fast as floats 8 bits are here, where that was timed.
struct Chosen {
    precision: Precision,
    speedup: Option<f64>,
}

impl Chosen {
    /// `auto` takes what a few milliseconds of timing say.
    fn new(precision: &str) -> Result<Self, Error> {
        let (precision, speedup) = match precision {
            "int8" => (Precision::Int8, None),
            "auto" => {
                let speedup = Precision::speedup::<Native>(&mut now)?;
                (Precision::faster(speedup), Some(speedup))
            }
            _ => (Precision::F32, None),
        };
        Ok(Self { precision, speedup })
    }
}

#[wasm_bindgen]
impl Network {
    /// Loads a `.safetensors` file, with the texts of `config.json` and `preprocessor_config.json`, to compute with
    /// `precision`: `f32`, `int8` or `auto`.
    pub fn load(
        bytes: Uint8Array,
        config: Option<String>,
        preprocessor_config: Option<String>,
        precision: &str,
    ) -> Result<Self, JsValue> {
        let (source, chosen) = (JsBytes(bytes), Chosen::new(precision)?);
        let (config, preprocessor_config) = (config.as_deref(), preprocessor_config.as_deref());
        let model = Model::load_with(&source, config, preprocessor_config, chosen.precision)?;
        Ok(Self { model, chosen })
    }

    /// A network with random weights.
    pub fn untrained(
        version: &str,
        minimalistic: bool,
        width: f64,
        resolution: usize,
        classes: usize,
        precision: &str,
    ) -> Result<Self, JsValue> {
        let version = Version::parse(version).ok_or_else(|| Error::UnknownNetwork {
            reason: format!("\"{version}\" is not one of its names"),
        })?;
        let config = Config { minimalistic, width, resolution, classes, ..Config::new(version) };
        let seed = getrandom::u64().unwrap_or_else(|_| now().to_bits());
        let chosen = Chosen::new(precision)?;
        let network = arch::Network::new(&config)?;
        let model = Model::untrained_with(network, seed, chosen.precision)?;
        Ok(Self { model, chosen })
    }

    /// What was loaded, as JSON.
    #[wasm_bindgen(getter)]
    pub fn info(&self) -> String {
        let network = self.model.network();
        let preprocessing = self.model.preprocessing();
        json!({
            "version": network.version.map(Version::name),
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
                Some(Flavour::Tflite) => "tflite",
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
            "precision": match self.model.plan().precision() {
                Precision::F32 => "f32",
                Precision::Int8 => "int8",
            },
            "speedup": self.chosen.speedup,
            "memory": {
                "weights": self.model.plan().weight_bytes(),
                "activations": self.model.plan().activation_bytes(),
            },
            "labels": self.model.labels(),
            "warnings": self.model.warnings(),
        })
        .to_string()
    }

    /// The rectangle of pictures of `width` x `height` pixels that the network reads: `[x, y, width, height]`.
    pub fn source(&mut self, width: usize, height: usize) -> Result<Vec<u32>, JsValue> {
        // The filter tables: 28 bytes for each pixel of the short side.
        self.make_room(width.min(height))?;
        let Rect { x, y, width, height } = self.model.source(width, height)?;
        Ok([x, y, width, height].map(|side| side as u32).into())
    }

    /// What is to be read next into `frame`, `[x, y, width, height]`; nothing when the network can have the picture.
    #[wasm_bindgen(js_name = nextStrip)]
    pub fn next_strip(&mut self, frame: &Frame) -> Result<Option<Vec<u32>>, JsValue> {
        self.make_room(frame.short_side())?;
        let strip = frame.next_strip(&mut self.model)?;
        let sides = |Rect { x, y, width, height }| [x, y, width, height].map(|side| side as u32);
        Ok(strip.map(|strip| sides(strip).into()))
    }

    /// Resizes what `frame` was read for, unless another network has resized it alike.
    pub fn resize(&mut self, frame: &mut Frame) -> Result<(), JsValue> {
        self.make_room(frame.short_side())?;
        Ok(frame.resize(&mut self.model)?)
    }

    /// Prepares the picture in `frame`, of which nothing is to be read any more.
    pub fn prepare(&mut self, frame: &Frame) -> Result<(), JsValue> {
        self.make_room(frame.short_side())?;
        Ok(self.model.prepare_source(frame.source()?)?)
    }

    /// Runs the network on what was prepared. Gives index and probability of the `top_k` best classes.
    pub fn predict(&mut self, top_k: usize) -> Vec<f64> {
        let predictions = self.model.predict(top_k);
        predictions
            .iter()
            .flat_map(|prediction| [prediction.index as f64, f64::from(prediction.probability)])
            .collect()
    }

    /// What the classifier takes, of a prepared `input`, or of the picture in `frame` where there is none.
    pub fn embed(
        &mut self,
        frame: &Frame,
        input: Option<Float32Array>,
    ) -> Result<Float32Array, JsValue> {
        let input = self.take_look(frame, input)?;
        let features = self.model.embed(look(frame, input.as_deref())?)?;
        Ok(Float32Array::from(features))
    }

    /// The tensors of one run on `input`, or on the picture in `frame`: those named in `layers`, or all.
    pub fn inspect(
        &mut self,
        frame: &Frame,
        input: Option<Float32Array>,
        layers: Option<Vec<String>>,
        open_gates: bool,
    ) -> Result<Array, JsValue> {
        let gates = if open_gates { Gates::Open } else { Gates::Learned };
        let input = self.take_look(frame, input)?;
        let inspector = self.model.inspect(look(frame, input.as_deref())?, gates)?;
        let layers = layers.unwrap_or_else(|| inspector.names().map(str::to_owned).collect());
        let tensors = Array::new();
        for name in layers {
            let NamedTensor { name, extent, values } = inspector.tensor(&name)?;
            let tensor = Object::new();
            set(&tensor, "name", &name.into())?;
            set(&tensor, "height", &extent.height.into())?;
            set(&tensor, "width", &extent.width.into())?;
            set(&tensor, "channels", &extent.channels.into())?;
            set(&tensor, "data", &Float32Array::from(&values[..]))?;
            tensors.push(&tensor);
        }
        Ok(tensors)
    }

    /// How much each part of `input`, or of the picture in `frame`, speaks for a class, or for the most probable one.
    #[wasm_bindgen(js_name = activationMap)]
    pub fn activation_map(
        &mut self,
        frame: &Frame,
        input: Option<Float32Array>,
        class_index: Option<usize>,
    ) -> Result<Object, JsValue> {
        let input = self.take_look(frame, input)?;
        let source = look(frame, input.as_deref())?;
        let ActivationMap { class, logit, height, width, values } =
            self.model.activation_map(source, class_index)?;
        let map = Object::new();
        set(&map, "classIndex", &class.into())?;
        set(&map, "logit", &logit.into())?;
        set(&map, "height", &height.into())?;
        set(&map, "width", &width.into())?;
        set(&map, "data", &Float32Array::from(&values[..]))?;
        Ok(map)
    }

    /// Gives back the memory that [`Network::inspect`] and [`Network::activation_map`] keep for the next call.
    #[wasm_bindgen(js_name = dropInspector)]
    pub fn drop_inspector(&mut self) {
        self.model.drop_inspector();
    }

    /// Has these threads run the network; other networks may have the same.
    #[cfg(feature = "threads")]
    #[wasm_bindgen(js_name = setThreads)]
    pub fn set_threads(&mut self, threads: &super::Threads) -> Result<(), JsValue> {
        Ok(self.model.set_threads(&threads.0)?)
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
impl Network {
    /// Says whether there is memory for what a picture takes that can't be without: filter tables of 28 bytes for each
    /// pixel of the short side and 14 more for each thread, and the ranking.
    fn make_room(&self, short_side: usize) -> Result<(), Error> {
        let tables = 16 * (2 + self.model.plan().threads().count()) * short_side;
        let ranking = 64 * self.model.network().classes();
        drop(with_room::<u8>(tables.saturating_add(ranking + ROOM))?);
        Ok(())
    }

    /// Copies a prepared picture, if there is one; else looks for the room that the picture in `frame` takes.
    fn take_look(
        &self,
        frame: &Frame,
        input: Option<Float32Array>,
    ) -> Result<Option<Vec<f32>>, Error> {
        match input {
            Some(input) => self.take_input(&input).map(Some),
            None => self.make_room(frame.short_side()).map(|()| None),
        }
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

/// What a network is to look at.
fn look<'a>(frame: &'a Frame, input: Option<&'a [f32]>) -> Result<Source<'a>, Error> {
    input.map_or_else(|| frame.source(), |input| Ok(Source::Input(input)))
}

fn set(object: &Object, name: &str, value: &JsValue) -> Result<(), JsValue> {
    Reflect::set(object, &name.into(), value).map(|_| ())
}
