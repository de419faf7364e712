//! `config.json` and `preprocessor_config.json`: settings that the tensors don't reveal.
//!
//! The fields' names, not the library that wrote the weights, decide whether a field is timm's or transformers'.
//! torchvision writes no such file, so a file beside its weights may use timm's fields.

mod fields;
mod labels;
mod size;

use self::fields::{ConfigJson, PreprocessorJson, PretrainedCfg};
use super::json::Json;
use super::library::{Architecture, Conventions, Flavour, Margin, Recognised};
use crate::arch::{Padding, Version};
use crate::error::Error;
use crate::preprocess::{Interpolation, MAX_SHORT_SIDE, Preprocessing};

const CONFIG: &str = "config.json";
const PREPROCESSOR: &str = "preprocessor_config.json";

/// Both files. No field of a missing file is set.
#[derive(Default)]
pub(super) struct ConfigFiles<'a> {
    config: ConfigJson<'a>,
    preprocessor: PreprocessorJson,
}

impl<'a> ConfigFiles<'a> {
    pub fn parse(config: Option<&'a str>, preprocessor: Option<&str>) -> Result<Self, Error> {
        let mut files = Self::default();
        if let Some(text) = config {
            fields::read(Json::new(text), |key, value| files.config.set(key, value))
                .map_err(|reason| Error::ConfigJson { file: CONFIG, reason })?;
        }
        if let Some(text) = preprocessor {
            fields::read(Json::new(text), |key, value| files.preprocessor.set(key, value))
                .map_err(|reason| Error::ConfigJson { file: PREPROCESSOR, reason })?;
        }
        Ok(files)
    }

    fn architecture(&self) -> Result<Option<Architecture>, Error> {
        let Some(name) = &self.config.architecture else {
            return Ok(None);
        };
        Architecture::parse(name).map(Some).ok_or_else(|| Error::UnknownNetwork {
            reason: format!(
                "{CONFIG} names the architecture `{name}`, which is none of timm's or torchvision's that are known here"
            ),
        })
    }

    /// Whether a checkpoint of timm is one of its `tf_*` networks. If no architecture is named, only minimalistic
    /// networks are, since timm trained every other version itself too.
    pub fn tensorflow(&self, recognised: &Recognised) -> Result<bool, Error> {
        Ok(self
            .architecture()?
            .map_or(recognised.minimalistic, |architecture| architecture.tensorflow))
    }

    /// Messages about settings that no field defines and that had to be guessed. Only ambiguous guesses are reported:
    /// torchvision has only one set of settings for each version, and timm's minimalistic networks all come from
    /// TensorFlow.
    pub fn warnings(&self, recognised: &Recognised, conventions: &Conventions) -> Vec<String> {
        let (config, preprocessor) = (&self.config, &self.preprocessor);
        let mut warnings = Vec::new();
        match recognised.flavour {
            Flavour::Timm if config.architecture.is_none() && !recognised.minimalistic => {
                let Conventions { eps, mean, std, padding, .. } = conventions;
                warnings.push(format!(
                    "no {CONFIG} names the architecture, so the tensors are taken for timm's own training (padding \
                     {padding:?}, eps {eps}, mean {mean:?}, std {std:?}): give the checkpoint's {CONFIG}, or at least its \
                     architecture, as the predictions of a tf_* network are wrong without it"
                ));
            }
            Flavour::Transformers
                if config.image_size.is_none() && preprocessor.crop_size.is_none() =>
            {
                warnings.push(format!(
                    "neither {CONFIG} nor {PREPROCESSOR} tells the size of the input, so 224 pixels are assumed: give \
                     the checkpoint's {CONFIG}, as the predictions of a network of another size are worse without it"
                ));
            }
            Flavour::Keras if !self.resolution().is_ok_and(|size| size.is_some()) => {
                warnings.push(
                    "the file has weights alone, so 224 pixels and values from -1 to 1 are assumed, as keras.applications \
                     has them: if it was trained with others, give a config.json with input_size, mean and std"
                        .to_owned(),
                );
            }
            Flavour::Timm
            | Flavour::Torchvision
            | Flavour::Transformers
            | Flavour::Tflite
            | Flavour::Keras
            | Flavour::TeachableMachine
            | Flavour::Folded => {}
        }
        warnings
    }

    /// The width multiplier, and the field that defines it.
    pub fn width(&self) -> Result<Option<(f64, &'static str)>, Error> {
        let named = self.architecture()?.and_then(|architecture| architecture.width);
        let width = self.config.depth_multiplier.map(|width| (width, "depth_multiplier"));
        Ok(width.or(named.map(|width| (width, "architecture"))))
    }

    /// Checks that the files describe the network of the tensors.
    pub fn check_network(&self, recognised: &Recognised, classes: usize) -> Result<(), Error> {
        let &Recognised { version, minimalistic, .. } = recognised;
        let form =
            if minimalistic { format!("a minimalistic {version}") } else { format!("a {version}") };
        let tensors = format!("{form}, as the tensors are");
        if let Some(architecture) = self.architecture()?
            && (architecture.version, architecture.minimalistic) != (version, minimalistic)
        {
            return Err(bad(
                CONFIG,
                "architecture",
                tensors,
                self.config.architecture.as_deref().unwrap_or_default(),
            ));
        }
        if let Some(model_type) = &self.config.model_type {
            let named = match model_type.as_str() {
                "mobilenet_v1" => Some(Version::V1),
                "mobilenet_v2" => Some(Version::V2),
                _ => None,
            };
            if named != Some(version) {
                return Err(bad(CONFIG, "model_type", tensors, model_type));
            }
        }
        if let Some(count) = self.config.num_classes.filter(|&count| count != classes) {
            return Err(bad(
                CONFIG,
                "num_classes",
                format!("{classes}, as the classifier has"),
                count,
            ));
        }
        self.check_variant()
    }

    /// Refuses settings that change what the same tensors compute, or their shapes, in ways that no published
    /// MobileNet uses.
    fn check_variant(&self) -> Result<(), Error> {
        let config = &self.config;
        only("num_channels", config.num_channels.as_ref(), &3)?;
        only("hidden_act", config.hidden_act.as_deref(), "relu6")?;
        only("depth_divisible_by", config.depth_divisible_by.as_ref(), &8)?;
        only("min_depth", config.min_depth.as_ref(), &8)?;
        only("expand_ratio", config.expand_ratio.as_ref(), &6.0)?;
        only("output_stride", config.output_stride.as_ref(), &32)?;
        only("first_layer_is_expansion", config.first_layer_is_expansion.as_ref(), &true)?;
        only("finegrained_output", config.finegrained_output.as_ref(), &true)?;
        only("global_pool", config.global_pool.as_deref(), "avg")?;
        only("crop_mode", self.pretrained().crop_mode.as_deref(), "center")
    }

    /// The padding, if a field defines it.
    pub fn padding(&self) -> Result<Option<Padding>, Error> {
        match (self.config.tf_padding, self.config.model_args.pad_type.as_deref()) {
            (Some(true), _) | (None, Some("same")) => Ok(Some(Padding::Same)),
            (Some(false), _) | (None, Some("")) => Ok(Some(Padding::Symmetric)),
            (None, None) => Ok(None),
            (None, Some(pad_type)) => {
                Err(bad(CONFIG, "model_args.pad_type", "\"same\" or \"\"".into(), pad_type))
            }
        }
    }

    /// The eps of batch normalisation, if a field defines it.
    pub fn eps(&self) -> Result<Option<f64>, Error> {
        let transformers = self.config.layer_norm_eps.map(|eps| ("layer_norm_eps", eps));
        let timm = self.config.model_args.bn_eps.map(|eps| ("model_args.bn_eps", eps));
        let Some((field, eps)) = transformers.or(timm) else {
            return Ok(None);
        };
        if eps > 0.0 && eps < 1.0 {
            Ok(Some(eps))
        } else {
            Err(bad(CONFIG, field, "between 0 and 1".into(), eps))
        }
    }

    fn pretrained(&self) -> &PretrainedCfg {
        self.config.pretrained_cfg.as_ref().unwrap_or(&self.config.flat)
    }

    /// The preprocessing. Its `crop` is the network's resolution.
    pub fn preprocessing(&self, conventions: &Conventions) -> Result<Preprocessing, Error> {
        self.check_pipeline()?;
        let crop = self.resolution()?.unwrap_or(conventions.resolution);
        let pretrained = self.pretrained();
        let normalise = self.preprocessor.do_normalize != Some(false);
        let mean = if normalise {
            self.preprocessor.image_mean.or(pretrained.mean)
        } else {
            Some([0.0; 3])
        };
        let std =
            if normalise { self.preprocessor.image_std.or(pretrained.std) } else { Some([1.0; 3]) };
        let mean = mean.unwrap_or(conventions.mean);
        let std = std.unwrap_or(conventions.std);
        if !mean.iter().all(|mean| mean.is_finite()) {
            return Err(bad(CONFIG, "mean", "three finite numbers".into(), format!("{mean:?}")));
        }
        if !std.iter().all(|&std| std.is_normal() && std > 0.0) {
            return Err(bad(CONFIG, "std", "three positive numbers".into(), format!("{std:?}")));
        }
        Ok(Preprocessing {
            resize_short_side: self.short_side(conventions, crop)?,
            crop,
            crop_start: conventions.crop_start,
            interpolation: self.interpolation()?.unwrap_or(conventions.interpolation),
            mean,
            std,
        })
    }

    /// Refuses configurations of transformers that switch off a step of the preprocessing that networks need.
    fn check_pipeline(&self) -> Result<(), Error> {
        let steps = [
            ("do_resize", self.preprocessor.do_resize),
            ("do_center_crop", self.preprocessor.do_center_crop),
            ("do_rescale", self.preprocessor.do_rescale),
        ];
        for (field, step) in steps {
            if step == Some(false) {
                return Err(bad(PREPROCESSOR, field, "true".into(), false));
            }
        }
        match self.preprocessor.rescale_factor {
            Some(factor) if (factor * 255.0 - 1.0).abs() > 1e-6 => {
                Err(bad(PREPROCESSOR, "rescale_factor", "1/255".into(), factor))
            }
            _ => Ok(()),
        }
    }

    fn resolution(&self) -> Result<Option<usize>, Error> {
        if let Some(size) = self.preprocessor.crop_size {
            let square = size
                .square()
                .ok_or_else(|| bad(PREPROCESSOR, "crop_size", "a square".into(), size))?;
            return Ok(Some(square));
        }
        if let Some(size) = self.config.image_size {
            let square =
                size.square().ok_or_else(|| bad(CONFIG, "image_size", "a square".into(), size))?;
            return Ok(Some(square));
        }
        match self.pretrained().input_size {
            Some([3, height, width]) if height == width => Ok(Some(height)),
            Some(size) => {
                Err(bad(CONFIG, "input_size", "[3, side, side]".into(), format!("{size:?}")))
            }
            None => Ok(None),
        }
    }

    fn short_side(&self, conventions: &Conventions, crop: usize) -> Result<usize, Error> {
        if let Some(size) = self.preprocessor.size {
            let range = crop..=MAX_SHORT_SIDE;
            return size.short_side().filter(|side| range.contains(side)).ok_or_else(|| {
                let expected =
                    format!("the length of the short side, from {crop} to {MAX_SHORT_SIDE}");
                bad(PREPROCESSOR, "size", expected, size)
            });
        }
        let share = match (self.pretrained().crop_pct, &conventions.margin) {
            (Some(share), _) => share,
            (None, &Margin::Share(share)) => share,
            (None, &Margin::Pixels(pixels)) => return Ok(crop.saturating_add(pixels)),
        };
        // Rounded down, as timm/data/transforms_factory.py does.
        let side = (crop as f64 / share).floor();
        if share > 0.0 && share <= 1.0 && side <= MAX_SHORT_SIDE as f64 {
            Ok(side as usize)
        } else {
            Err(bad(
                CONFIG,
                "crop_pct",
                format!("at most 1, and a short side up to {MAX_SHORT_SIDE}"),
                share,
            ))
        }
    }

    fn interpolation(&self) -> Result<Option<Interpolation>, Error> {
        // Pillow's numbers.
        match self.preprocessor.resample {
            Some(2) => return Ok(Some(Interpolation::Bilinear)),
            Some(3) => return Ok(Some(Interpolation::Bicubic)),
            Some(other) => {
                return Err(bad(
                    PREPROCESSOR,
                    "resample",
                    "2 (bilinear) or 3 (bicubic)".into(),
                    other,
                ));
            }
            None => {}
        }
        match self.pretrained().interpolation.as_deref() {
            Some("bilinear") => Ok(Some(Interpolation::Bilinear)),
            Some("bicubic") => Ok(Some(Interpolation::Bicubic)),
            Some(other) => Err(bad(CONFIG, "interpolation", "bilinear or bicubic".into(), other)),
            None => Ok(None),
        }
    }

    /// The names of the network's `classes` classes, if the files have them.
    pub fn labels(&self, classes: usize) -> Result<Option<Vec<String>>, Error> {
        self.config.labels.of(classes)
    }
}

/// Refuses any value but `expected`.
fn only<T>(field: &'static str, found: Option<&T>, expected: &T) -> Result<(), Error>
where
    T: PartialEq + std::fmt::Display + ?Sized,
{
    match found {
        Some(found) if found != expected => Err(bad(CONFIG, field, expected.to_string(), found)),
        _ => Ok(()),
    }
}

fn bad(
    file: &'static str,
    field: &'static str,
    expected: String,
    found: impl std::fmt::Display,
) -> Error {
    Error::ConfigValue { file, field, expected, found: found.to_string() }
}
