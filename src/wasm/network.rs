//! The JavaScript interface of a network.

use super::frame::Frame;
use super::{JsBytes, now};
use crate::arch::{self, Config, Version};
use crate::buffer::with_room;
use crate::error::Error;
use crate::kernels::{TileShape, peak, stem};
use crate::model::{LoadOptions, Model, Source};
use crate::plan::{ActivationMap, Extent, Filters, Gates, NamedTensor, Precision, Speedups, Time};
use crate::preprocess::Rect;
use crate::simd::Native;
use crate::weights::Flavour;
use js_sys::{Array, Float32Array, Object, Reflect, Uint8Array};
use serde_json::{Value, json};
use std::cell::Cell;
use wasm_bindgen::prelude::*;

/// Bytes that must be free before a picture is classified, for small allocations.
const ROOM: usize = 64 << 10;

/// One loaded network.
#[wasm_bindgen]
pub struct Network {
    model: Model,
    chosen: Chosen,
}

/// The chosen precision, and the measured speedup of 8 bits over floats if `auto` was requested.
struct Chosen {
    precision: Precision,
    speedup: Option<f64>,
}

impl Chosen {
    /// `auto` measures both for a few milliseconds.
    fn new(precision: &str) -> Result<Self, Error> {
        if precision == "auto" {
            let speedups = Speedups::measure::<Native>(true, &mut now)?;
            return Ok(Self { precision: speedups.precision(), speedup: speedups.int8 });
        }
        let known = Precision::parse(precision);
        let precision = known.ok_or_else(|| Error::Precision { name: precision.into() })?;
        Ok(Self { precision, speedup: None })
    }
}

/// How often an engine times the shapes of tiles before it takes the narrow one for good. The first time makes V8 optimise
/// the wide one, which takes it longer than that.
const TRIALS: u32 = 2;

thread_local! {
    /// The shape for this engine, and how often it was timed.
    static SHAPE: Cell<(TileShape, u32)> = const { Cell::new((TileShape::Narrow, 0)) };
}

#[wasm_bindgen]
impl Network {
    /// Loads a `.safetensors` file with the contents of `config.json` and `preprocessor_config.json`.
    /// `precision` is `f32`, `int8` or `auto`; `resolution` and `trim` are as in [`LoadOptions`].
    pub fn load(
        bytes: Uint8Array,
        config: Option<String>,
        preprocessor_config: Option<String>,
        precision: &str,
        resolution: Option<usize>,
        trim: bool,
    ) -> Result<Self, JsValue> {
        let (source, chosen) = (JsBytes(bytes), Chosen::new(precision)?);
        let (config, preprocessor_config) = (config.as_deref(), preprocessor_config.as_deref());
        let options = LoadOptions { precision: chosen.precision, resolution, trim };
        let model = Model::load_with(&source, config, preprocessor_config, options)?;
        Ok(Self { model, chosen })
    }

    /// Makes a network with random weights.
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

    /// Makes the network use the shape of tiles that is faster in this engine. The first calls in an engine time them for
    /// some milliseconds: one is to come before the network warms up, one after it.
    pub fn settle(&mut self) -> Result<(), JsValue> {
        let (mut shape, trials) = SHAPE.get();
        if shape == TileShape::Narrow && trials < TRIALS {
            shape = Speedups::measure::<Native>(false, &mut now)?.shape();
            SHAPE.set((shape, trials + 1));
        }
        if shape != self.model.plan().shape() {
            self.model.set_shape(shape)?;
        }
        Ok(())
    }

    /// The network's properties as JSON: the fields of the package's `NetworkInfo` that don't depend on the page, and
    /// the class names.
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
            "flavour": self.model.flavour().map_or("untrained", Flavour::name),
            "padding": network.padding.name(),
            "preprocessing": {
                "resizeShortSide": preprocessing.resize_short_side,
                "crop": preprocessing.crop,
                "cropStart": preprocessing.crop_start.name(),
                "interpolation": preprocessing.interpolation.name(),
                "mean": preprocessing.mean,
                "std": preprocessing.std,
            },
            "precision": self.model.plan().precision().name(),
            "speedup": self.chosen.speedup,
            "vectors": match self.model.plan().shape() {
                TileShape::Narrow => 128,
                TileShape::Wide => 256,
            },
            "trimmed": self.model.trimmed(),
            "memory": {
                "weights": self.model.plan().weight_bytes(),
                "activations": self.model.plan().activation_bytes(),
            },
            "labels": self.model.labels(),
            "warnings": self.model.warnings(),
        })
        .to_string()
    }

    /// The rectangle that the network reads of a picture of `width` x `height` pixels: `[x, y, width, height]`.
    pub fn source(&mut self, width: usize, height: usize) -> Result<Vec<u32>, JsValue> {
        // The filter tables: 28 bytes for each pixel of the short side.
        self.make_room(width.min(height))?;
        let Rect { x, y, width, height } = self.model.source(width, height)?;
        Ok([x, y, width, height].map(|side| side as u32).into())
    }

    /// The rectangle to read next into `frame`, `[x, y, width, height]`; `undefined` when the picture is complete.
    #[wasm_bindgen(js_name = nextStrip)]
    pub fn next_strip(&mut self, frame: &Frame) -> Result<Option<Vec<u32>>, JsValue> {
        self.make_room(frame.short_side())?;
        let strip = frame.next_strip(&mut self.model)?;
        let sides = |Rect { x, y, width, height }| [x, y, width, height].map(|side| side as u32);
        Ok(strip.map(|strip| sides(strip).into()))
    }

    /// Resizes the pixels in `frame`, unless another network with the same resize settings has done it.
    pub fn resize(&mut self, frame: &mut Frame) -> Result<(), JsValue> {
        self.make_room(frame.short_side())?;
        Ok(frame.resize(&mut self.model)?)
    }

    /// Preprocesses the picture in `frame`, which must be complete: see [`Network::next_strip`].
    pub fn prepare(&mut self, frame: &Frame) -> Result<(), JsValue> {
        self.make_room(frame.short_side())?;
        Ok(self.model.prepare_source(frame.source()?)?)
    }

    /// Runs the network on the preprocessed picture. Returns index and probability of the `top_k` most probable
    /// classes, alternating.
    pub fn predict(&mut self, top_k: usize) -> Vec<f64> {
        let predictions = self.model.predict(top_k);
        predictions
            .iter()
            .flat_map(|prediction| [prediction.index as f64, f64::from(prediction.probability)])
            .collect()
    }

    /// Computes the classifier's input, from the preprocessed `input` or else from the picture in `frame`.
    pub fn embed(
        &mut self,
        frame: &Frame,
        input: Option<Float32Array>,
    ) -> Result<Float32Array, JsValue> {
        let input = self.take_look(frame, input)?;
        let features = self.model.embed(look(frame, input.as_deref())?)?;
        Ok(Float32Array::from(features))
    }

    /// Runs the network on the preprocessed `input` or else on the picture in `frame`; returns the tensors named in
    /// `layers`, or all.
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

    /// The filters of the depthwise convolution `layer`.
    pub fn filters(&self, layer: &str) -> Result<Object, JsValue> {
        let Filters { kernel, channels, values, biases } = self.model.plan().filters(layer)?;
        let filters = Object::new();
        set(&filters, "kernel", &kernel.into())?;
        set(&filters, "channels", &channels.into())?;
        set(&filters, "data", &Float32Array::from(&values[..]))?;
        set(&filters, "biases", &Float32Array::from(&biases[..]))?;
        Ok(filters)
    }

    /// Computes the class activation map of a class, or of the most probable one, for the preprocessed `input` or else
    /// for the picture in `frame`.
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

    /// Frees the memory that [`Network::inspect`] and [`Network::activation_map`] keep for the next call.
    #[wasm_bindgen(js_name = dropInspector)]
    pub fn drop_inspector(&mut self) {
        self.model.drop_inspector();
    }

    /// Makes these threads run the network. Several networks may share them.
    #[cfg(feature = "threads")]
    #[wasm_bindgen(js_name = setThreads)]
    pub fn set_threads(&mut self, threads: &super::Threads) -> Result<(), JsValue> {
        Ok(self.model.set_threads(&threads.0)?)
    }

    /// Computes the logits of a preprocessed picture, `[y][x][rgb]`, normalised, `resolution` x `resolution`.
    pub fn run(&mut self, input: &Float32Array) -> Result<Float32Array, JsValue> {
        let input = self.take_input(input)?;
        Ok(Float32Array::from(self.model.run(&input)?))
    }

    /// Times each step of the network over `runs` runs on a preprocessed picture, and measures the core's peak
    /// multiply-add rate. Returns the package's `Profile` as JSON.
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

/// These methods copy arrays from JavaScript explicitly. If a `&[f32]` argument found no memory, wasm-bindgen would
/// trap, and after a trap the whole memory is suspect.
impl Network {
    /// Checks that there is memory for the allocations of a picture that can't report failure: filter tables of 28
    /// bytes for each pixel of the short side and 14 more for each thread, and the ranking.
    fn make_room(&self, short_side: usize) -> Result<(), Error> {
        let tables = 16 * (2 + self.model.plan().threads().count()) * short_side;
        let ranking = 64 * self.model.network().classes();
        drop(with_room::<u8>(tables.saturating_add(ranking + ROOM))?);
        Ok(())
    }

    /// Copies the preprocessed picture, if there is one; else checks that there is memory for the picture in `frame`.
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

    /// Checks the length of a preprocessed picture and copies it.
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

/// The timing fields of the package's `Profile` for a step or network of `macs` multiply-accumulates.
fn times(macs: u64, time: &Time) -> Value {
    json!({
        "macs": macs,
        "microseconds": time.mean,
        "minimum": time.minimum,
        "median": time.median,
        "gflops": time.gflops(macs),
    })
}

/// The input for a network: `input`, or else the picture in `frame`.
fn look<'a>(frame: &'a Frame, input: Option<&'a [f32]>) -> Result<Source<'a>, Error> {
    input.map_or_else(|| frame.source(), |input| Ok(Source::Input(input)))
}

fn set(object: &Object, name: &str, value: &JsValue) -> Result<(), JsValue> {
    Reflect::set(object, &name.into(), value).map(|_| ())
}
