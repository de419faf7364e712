//! The metadata of a folded file.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use serde::de::DeserializeOwned;

use crate::arch::{
    Activation, Block, Conv, ConvKind, MAX_WIDTH, MIN_WIDTH, Network, Padding, Site, SqueezeExcite,
    Version,
};
use crate::buffer::with_room;
use crate::error::Error;
use crate::preprocess::{CropStart, Interpolation, MAX_SHORT_SIDE};
use crate::weights::json::{Json, quote};
use crate::weights::library::{Conventions, Flavour, Margin};

/// The version of the format.
pub(super) const FORMAT: &str = "1";

/// The most warnings of a file.
const MAX_WARNINGS: usize = 8;

/// What the metadata says.
pub(in crate::weights) struct Metadata<'a> {
    fields: Fields<'a>,
    pub network: Network,
    /// The settings of the preprocessing. The others don't matter.
    pub conventions: Conventions,
    pub origin: Flavour,
    pub has_background: bool,
}

impl<'a> Metadata<'a> {
    /// Reads the text of the `__metadata__` of a file of `tensors` tensors; `None` if it is not a folded file's. The
    /// network can be run.
    pub fn read(text: &'a str, tensors: usize) -> Result<Option<Self>, Error> {
        let fields = Fields(Json::new(text));
        match fields.find("mobilenet-wasm") {
            Some(format) if format == FORMAT => {}
            Some(format) => {
                let expected = format!("{FORMAT}, the format's version");
                return Err(bad("mobilenet-wasm", &expected, &format));
            }
            None => return Ok(None),
        }
        let network = fields.network(tensors)?;
        let has_background = fields.named("background", &FLAGS, flag_name)?;
        if has_background && network.classes() == 1 {
            return Err(bad("background", "false, as there is one class", "true"));
        }
        let resolution = network.resolution;
        let resize: usize = fields.number("resize")?;
        let range = resolution..=MAX_SHORT_SIDE;
        if !range.contains(&resize) {
            return Err(bad("resize", &format!("{range:?} pixels"), &resize.to_string()));
        }
        let conventions = Conventions {
            resolution,
            interpolation: fields.named(
                "interpolation",
                &Interpolation::ALL,
                Interpolation::name,
            )?,
            margin: Margin::Pixels(resize - resolution),
            crop_start: fields.named("crop-start", &CropStart::ALL, CropStart::name)?,
            mean: fields.channels("mean", f32::is_finite)?,
            std: fields.channels("std", |value| value.is_normal() && value > 0.0)?,
            ..Flavour::Folded.library().conventions(Version::V1, true)
        };
        let origin = fields.named("origin", &Flavour::OTHERS, Flavour::name)?;
        Ok(Some(Self { fields, network, conventions, origin, has_background }))
    }

    /// The class names without the background class, if there are any. To be called when the file is known to have the
    /// classifier's tensors, so that their number is not made up.
    pub fn labels(&self) -> Result<Option<Vec<String>>, Error> {
        let classes = self.network.classes() - usize::from(self.has_background);
        self.fields.list("labels", classes..=classes)
    }

    pub fn warnings(&self) -> Result<Vec<String>, Error> {
        Ok(self.fields.list("warnings", 0..=MAX_WARNINGS)?.unwrap_or_default())
    }
}

pub(super) const FLAGS: [bool; 2] = [false, true];

pub(super) fn flag_name(flag: bool) -> &'static str {
    if flag { "true" } else { "false" }
}

/// The fields of `__metadata__`.
struct Fields<'a>(Json<'a>);

impl<'a> Fields<'a> {
    /// A field's string; `None` if there is no such field, or its value is not a string.
    fn find(&self, name: &str) -> Option<Cow<'a, str>> {
        let mut found = None;
        let walked = self.0.entries(|key, value| {
            if key == name {
                found = Some(value);
            }
            Ok(())
        });
        walked.ok()?;
        found?.string().ok()
    }

    fn get(&self, name: &'static str) -> Result<Cow<'a, str>, Error> {
        self.find(name).ok_or_else(|| bad(name, "a string", "missing"))
    }

    /// A number, or a list of them.
    fn number<T: DeserializeOwned>(&self, name: &'static str) -> Result<T, Error> {
        let text = self.get(name)?;
        Json::new(&text).read().map_err(|error| bad(name, &format!("a number: {error}"), &text))
    }

    /// The value of `all` with this name.
    fn named<T: Copy>(
        &self,
        name: &'static str,
        all: &[T],
        name_of: impl Fn(T) -> &'static str,
    ) -> Result<T, Error> {
        one_of(name, &self.get(name)?, all, name_of)
    }

    /// Three numbers that are all `valid`.
    fn channels(&self, name: &'static str, valid: fn(f32) -> bool) -> Result<[f32; 3], Error> {
        let values: [f32; 3] = self.number(name)?;
        if values.into_iter().all(valid) {
            return Ok(values);
        }
        Err(bad(name, "three numbers in range", &format!("{values:?}")))
    }

    /// Whole numbers, at most `most`.
    fn numbers(&self, name: &'static str, most: usize) -> Result<Vec<usize>, Error> {
        let text = self.get(name)?;
        let mut numbers = with_room(most)?;
        for number in text.split_ascii_whitespace() {
            match number.parse() {
                Ok(number) if numbers.len() < most => numbers.push(number),
                _ => return Err(bad(name, &format!("at most {most} whole numbers"), &text)),
            }
        }
        Ok(numbers)
    }

    /// A list of so many strings; `None` if there is no such field.
    fn list(
        &self,
        name: &'static str,
        range: RangeInclusive<usize>,
    ) -> Result<Option<Vec<String>>, Error> {
        let Some(text) = self.find(name) else { return Ok(None) };
        let json = Json::new(&text);
        let wrong = |found: &str| bad(name, &format!("a list of {range:?} strings"), found);
        let mut count = 0;
        let counted = json.elements(|_| {
            count += 1;
            Ok(())
        });
        counted.map_err(|error| wrong(&error))?;
        if !range.contains(&count) {
            return Err(wrong(&format!("a list of {count}")));
        }
        let mut list = with_room(count)?;
        let read = json.elements(|value| {
            list.push(value.string()?.into_owned());
            Ok(())
        });
        read.map_err(|error| wrong(&error))?;
        Ok(Some(list))
    }

    /// The network, which can be run.
    fn network(&self, tensors: usize) -> Result<Network, Error> {
        let version = match self.find("version") {
            Some(text) => Some(one_of("version", &text, &Version::ALL, Version::name)?),
            None => None,
        };
        let width = self.number("width")?;
        if !(MIN_WIDTH..=MAX_WIDTH).contains(&width) {
            return Err(Error::Width { width });
        }
        let layers = self.get("layers")?;
        let count = layers.split(';').count();
        if 2 * count > tensors {
            let found = format!("{count} layers for {tensors} tensors");
            return Err(bad("layers", "two tensors or more for each layer", &found));
        }
        let [mut stem, mut last, mut head, mut classifier] = [None; 4];
        let mut blocks = with_room(count)?;
        let mut parts = Parts::default();
        for text in layers.split(';') {
            let (site, conv) = layer(text)
                .ok_or_else(|| bad("layers", "a layer's site, sizes and activation", text))?;
            let place = match site {
                Site::Stem => &mut stem,
                Site::Last => &mut last,
                Site::Head => &mut head,
                Site::Classifier => &mut classifier,
                Site::Start(index)
                | Site::Expand(index)
                | Site::Depthwise(index)
                | Site::SqueezeReduce(index)
                | Site::SqueezeExpand(index)
                | Site::Project(index) => {
                    if index != blocks.len() {
                        return Err(bad("layers", "the blocks in their order", text));
                    }
                    parts.place(site)
                }
            };
            if place.replace(conv).is_some() {
                return Err(bad("layers", "each layer once", text));
            }
            if let Some(project) = parts.project {
                let both = || bad("layers", "both layers of squeeze-and-excite before it", text);
                blocks.push(parts.block(project).ok_or_else(both)?);
                parts = Parts::default();
            }
        }
        let missing = |site: Site| bad("layers", &format!("a layer `{site}`"), "none");
        if parts != Parts::default() {
            return Err(missing(Site::Project(blocks.len())));
        }
        for index in self.numbers("residuals", blocks.len())? {
            let block = blocks.get_mut(index);
            block.ok_or_else(|| bad("residuals", "blocks", &index.to_string()))?.residual = true;
        }
        let network = Network {
            version,
            minimalistic: self.named("minimalistic", &FLAGS, flag_name)?,
            width,
            resolution: self.number("resolution")?,
            padding: self.named("padding", &Padding::ALL, Padding::name)?,
            stages: self.numbers("stages", blocks.len())?,
            stem: stem.ok_or_else(|| missing(Site::Stem))?,
            blocks,
            last,
            head,
            classifier: classifier.ok_or_else(|| missing(Site::Classifier))?,
        };
        network.check()?;
        Ok(network)
    }
}

/// The layers of a block.
#[derive(Default, PartialEq)]
struct Parts {
    start: Option<Conv>,
    expand: Option<Conv>,
    depthwise: Option<Conv>,
    reduce: Option<Conv>,
    excite: Option<Conv>,
    project: Option<Conv>,
}

impl Parts {
    /// The place of a block's site.
    fn place(&mut self, site: Site) -> &mut Option<Conv> {
        match site {
            Site::Start(_) => &mut self.start,
            Site::Expand(_) => &mut self.expand,
            Site::Depthwise(_) => &mut self.depthwise,
            Site::SqueezeReduce(_) => &mut self.reduce,
            Site::SqueezeExpand(_) => &mut self.excite,
            Site::Project(_) | Site::Stem | Site::Last | Site::Head | Site::Classifier => {
                &mut self.project
            }
        }
    }

    /// `None` if half of squeeze-and-excite is missing.
    fn block(&self, project: Conv) -> Option<Block> {
        let &Self { start, expand, depthwise, reduce, excite, .. } = self;
        let squeeze_excite = match (reduce, excite) {
            (Some(reduce), Some(expand)) => Some(SqueezeExcite { reduce, expand }),
            (None, None) => None,
            _ => return None,
        };
        Some(Block { start, expand, depthwise, squeeze_excite, project, residual: false })
    }
}

/// Reads an element of `layers`.
fn layer(text: &str) -> Option<(Site, Conv)> {
    let (site, rest) = text.split_once(':')?;
    let site = Site::parse(site.trim())?;
    let mut words = rest.split_ascii_whitespace();
    let mut number = || words.next()?.parse::<usize>().ok();
    let (kernel, stride) = (number()?, number()?);
    let (in_channels, out_channels) = (number()?, number()?);
    let activation = words.next()?;
    let activation = Activation::ALL.into_iter().find(|other| other.name() == activation)?;
    let batch_norm = match (words.next(), words.next()) {
        (None, None) => false,
        (Some("norm"), None) => true,
        _ => return None,
    };
    let kind = match site {
        Site::Stem => ConvKind::Stem,
        Site::Start(_) | Site::Depthwise(_) => ConvKind::Depthwise,
        Site::SqueezeReduce(_) | Site::SqueezeExpand(_) | Site::Head | Site::Classifier => {
            ConvKind::Dense
        }
        Site::Expand(_) | Site::Project(_) | Site::Last if kernel == 1 => ConvKind::Pointwise,
        Site::Expand(_) | Site::Project(_) | Site::Last => ConvKind::Convolution,
    };
    Some((site, Conv { kind, kernel, stride, in_channels, out_channels, activation, batch_norm }))
}

/// The value of `all` that `name_of` gives the name `text`.
fn one_of<T: Copy>(
    field: &'static str,
    text: &str,
    all: &[T],
    name_of: impl Fn(T) -> &'static str,
) -> Result<T, Error> {
    let found = all.iter().copied().find(|&value| name_of(value) == text);
    found.ok_or_else(|| {
        let names: Vec<&str> = all.iter().map(|&value| name_of(value)).collect();
        bad(field, &names.join(" or "), text)
    })
}

fn bad(field: &'static str, expected: &str, found: &str) -> Error {
    Error::Metadata { field, expected: expected.to_owned(), found: format!("`{}`", quote(found)) }
}
