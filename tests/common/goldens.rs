//! The goldens of `tests/goldens/networks.json` as checkpoints in memory. `make_networks.py` makes them.

use std::collections::BTreeMap;

use half::{bf16, f16};
use serde::Deserialize;
use serde_json::Value;

use super::safetensors::Tensor;

/// A library's network, its config, and its logits for one image.
#[derive(Deserialize)]
pub struct Golden {
    pub name: String,
    /// `timm`, `torchvision` or `transformers`.
    pub flavour: String,
    /// As [`mobilenet_wasm::arch::Version::name`].
    pub version: String,
    pub minimalistic: bool,
    pub width: f64,
    pub resolution: usize,
    pub classes: usize,
    /// `symmetric` or `same`.
    pub padding: String,
    /// `config.json`.
    pub config: Value,
    preprocessor_config: Value,
    gain: f64,
    image: String,
    pub logits: Vec<f32>,
    /// Shapes by element type, module and parameter.
    tensors: BTreeMap<String, BTreeMap<String, BTreeMap<String, Vec<usize>>>>,
}

impl Golden {
    /// All goldens.
    pub fn all() -> impl Iterator<Item = Self> {
        let goldens: Vec<Self> =
            serde_json::from_str(include_str!("../goldens/networks.json")).expect("goldens");
        goldens.into_iter()
    }

    /// The golden of this name.
    pub fn named(name: &str) -> Self {
        Self::all()
            .find(|golden| golden.name == name)
            .unwrap_or_else(|| panic!("there is no golden {name}"))
    }

    /// `preprocessor_config.json`, which only transformers writes.
    pub fn preprocessor_config(&self) -> Option<String> {
        (!self.preprocessor_config.is_null()).then(|| self.preprocessor_config.to_string())
    }

    /// The image, `[y][x][channel]`.
    pub fn image(&self) -> Vec<f32> {
        let count = self.resolution * self.resolution * 3;
        uniform(&self.image, count).map(|value| (4.0 * value - 2.0) as f32).collect()
    }

    /// The checkpoint's tensors, grouped by element type.
    pub fn tensors(&self) -> Vec<Tensor> {
        let mut tensors = Vec::new();
        for (dtype, modules) in &self.tensors {
            for (module, parameters) in modules {
                for (parameter, shape) in parameters {
                    let name = format!("{module}.{parameter}");
                    let bytes = match dtype.as_str() {
                        "F32" => {
                            values(&name, shape, self.gain).flat_map(f32::to_le_bytes).collect()
                        }
                        "F16" => elements(&name, shape, self.gain, |value| {
                            f16::from_f32(value).to_le_bytes()
                        }),
                        "BF16" => elements(&name, shape, self.gain, |value| {
                            bf16::from_f32(value).to_le_bytes()
                        }),
                        "I64" => vec![0; 8 * shape.iter().product::<usize>()],
                        _ => panic!("{}: tensors of type {dtype}", self.name),
                    };
                    tensors.push(Tensor {
                        name,
                        dtype: dtype.clone(),
                        shape: shape.clone(),
                        bytes,
                    });
                }
            }
        }
        tensors
    }
}

fn elements(name: &str, shape: &[usize], gain: f64, convert: impl Fn(f32) -> [u8; 2]) -> Vec<u8> {
    values(name, shape, gain).flat_map(convert).collect()
}

/// A tensor's values, the same as those of `values` in make_networks.py.
fn values(name: &str, shape: &[usize], gain: f64) -> impl Iterator<Item = f32> {
    let parameter = name.rsplit('.').next().unwrap_or(name);
    let fan_in: usize = shape.iter().skip(1).product();
    let (centre, spread) = match (parameter, shape.len()) {
        ("running_var", _) => (0.55, 0.5),
        ("running_mean", _) => (0.0, 0.5),
        ("bias", _) => (0.0, 1.0),
        (_, 1) => (1.0, 0.5),
        _ => (0.0, (gain / fan_in as f64).sqrt()),
    };
    uniform(name, shape.iter().product())
        .map(move |value| (centre + spread * (2.0 * value - 1.0)) as f32)
}

/// Random numbers in [0, 1), the same as those of `uniform.py`: FNV-1a of `name` seeds SplitMix64, and
/// its upper 24 bits become the number.
pub fn uniform(name: &str, count: usize) -> impl Iterator<Item = f64> {
    let mut state = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    (0..count).map(move |_| {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 40) as f64 / f64::from(1 << 24)
    })
}
