//! The fields of both configuration files.

use serde::de::DeserializeOwned;

use super::labels::Labels;
use super::size::Size;
use crate::weights::json::Json;

/// `config.json`.
#[derive(Default)]
pub(super) struct ConfigJson<'a> {
    // timm
    pub architecture: Option<String>,
    pub num_classes: Option<usize>,
    pub global_pool: Option<String>,
    pub model_args: ModelArgs,
    pub pretrained_cfg: Option<PretrainedCfg>,
    /// In timm's older files these fields are at the top level.
    pub flat: PretrainedCfg,

    // transformers
    pub model_type: Option<String>,
    pub depth_multiplier: Option<f64>,
    pub image_size: Option<Size>,
    pub layer_norm_eps: Option<f64>,
    pub tf_padding: Option<bool>,
    pub hidden_act: Option<String>,
    pub num_channels: Option<usize>,
    pub depth_divisible_by: Option<usize>,
    pub min_depth: Option<usize>,
    pub expand_ratio: Option<f64>,
    pub output_stride: Option<usize>,
    pub first_layer_is_expansion: Option<bool>,
    pub finegrained_output: Option<bool>,

    // both
    pub labels: Labels<'a>,
}

/// The arguments of timm's model constructor that change what the same tensors compute.
#[derive(Default)]
pub(super) struct ModelArgs {
    pub bn_eps: Option<f64>,
    pub pad_type: Option<String>,
}

/// timm's preprocessing settings.
#[derive(Default)]
pub(super) struct PretrainedCfg {
    pub input_size: Option<[usize; 3]>,
    pub interpolation: Option<String>,
    pub crop_pct: Option<f64>,
    pub crop_mode: Option<String>,
    pub mean: Option<[f32; 3]>,
    pub std: Option<[f32; 3]>,
}

/// `preprocessor_config.json`.
#[derive(Default)]
pub(super) struct PreprocessorJson {
    pub do_resize: Option<bool>,
    pub size: Option<Size>,
    pub resample: Option<u8>,
    pub do_center_crop: Option<bool>,
    pub crop_size: Option<Size>,
    pub do_rescale: Option<bool>,
    pub rescale_factor: Option<f64>,
    pub do_normalize: Option<bool>,
    pub image_mean: Option<[f32; 3]>,
    pub image_std: Option<[f32; 3]>,
}

/// Calls `field` with each field of an object, except those that are `null`.
pub(super) fn read<'a>(
    object: Json<'a>,
    mut field: impl FnMut(&str, Json<'a>) -> Result<(), String>,
) -> Result<(), String> {
    object.entries(|key, value| {
        let result = if value.is_null() { Ok(()) } else { field(key, value) };
        result.map_err(|error| format!("`{key}`: {error}"))
    })
}

/// Sets a field to the result of `read`. Fails if the field is already set.
fn set_by<'a, T>(
    field: &mut Option<T>,
    value: Json<'a>,
    read: impl FnOnce(Json<'a>) -> Result<T, String>,
) -> Result<(), String> {
    if field.is_some() {
        return Err(value.error("the field occurs twice"));
    }
    *field = Some(read(value)?);
    Ok(())
}

/// Sets a field with a short value: see [`Json::read`].
fn set<T: DeserializeOwned>(field: &mut Option<T>, value: Json<'_>) -> Result<(), String> {
    set_by(field, value, Json::read)
}

impl<'a> ConfigJson<'a> {
    pub fn set(&mut self, key: &str, value: Json<'a>) -> Result<(), String> {
        match key {
            "architecture" => set(&mut self.architecture, value),
            "num_classes" => set(&mut self.num_classes, value),
            "global_pool" => set(&mut self.global_pool, value),
            "model_args" => read(value, |key, value| self.model_args.set(key, value)),
            "pretrained_cfg" => set_by(&mut self.pretrained_cfg, value, |value| {
                let mut fields = PretrainedCfg::default();
                read(value, |key, value| fields.set(key, value))?;
                Ok(fields)
            }),
            "model_type" => set(&mut self.model_type, value),
            "depth_multiplier" => set(&mut self.depth_multiplier, value),
            "image_size" => set_by(&mut self.image_size, value, Size::read),
            "layer_norm_eps" => set(&mut self.layer_norm_eps, value),
            "tf_padding" => set(&mut self.tf_padding, value),
            "hidden_act" => set(&mut self.hidden_act, value),
            "num_channels" => set(&mut self.num_channels, value),
            "depth_divisible_by" => set(&mut self.depth_divisible_by, value),
            "min_depth" => set(&mut self.min_depth, value),
            "expand_ratio" => set(&mut self.expand_ratio, value),
            "output_stride" => set(&mut self.output_stride, value),
            "first_layer_is_expansion" => set(&mut self.first_layer_is_expansion, value),
            "finegrained_output" => set(&mut self.finegrained_output, value),
            "id2label" => set_by(&mut self.labels.id2label, value, Labels::map),
            "label_names" => set_by(&mut self.labels.label_names, value, Labels::names),
            "label_descriptions" => set_by(&mut self.labels.label_descriptions, value, Labels::map),
            _ => self.flat.set(key, value),
        }
    }
}

impl ModelArgs {
    fn set(&mut self, key: &str, value: Json<'_>) -> Result<(), String> {
        match key {
            "bn_eps" => set(&mut self.bn_eps, value),
            "pad_type" => set(&mut self.pad_type, value),
            _ => Ok(()),
        }
    }
}

impl PretrainedCfg {
    fn set(&mut self, key: &str, value: Json<'_>) -> Result<(), String> {
        match key {
            "input_size" => set(&mut self.input_size, value),
            "interpolation" => set(&mut self.interpolation, value),
            "crop_pct" => set(&mut self.crop_pct, value),
            "crop_mode" => set(&mut self.crop_mode, value),
            "mean" => set(&mut self.mean, value),
            "std" => set(&mut self.std, value),
            _ => Ok(()),
        }
    }
}

impl PreprocessorJson {
    pub fn set(&mut self, key: &str, value: Json<'_>) -> Result<(), String> {
        match key {
            "do_resize" => set(&mut self.do_resize, value),
            "size" => set_by(&mut self.size, value, Size::read),
            "resample" => set(&mut self.resample, value),
            "do_center_crop" => set(&mut self.do_center_crop, value),
            "crop_size" => set_by(&mut self.crop_size, value, Size::read),
            "do_rescale" => set(&mut self.do_rescale, value),
            "rescale_factor" => set(&mut self.rescale_factor, value),
            "do_normalize" => set(&mut self.do_normalize, value),
            "image_mean" => set(&mut self.image_mean, value),
            "image_std" => set(&mut self.image_std, value),
            _ => Ok(()),
        }
    }
}
