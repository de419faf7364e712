//! The one error type of the crate.

use crate::arch::{
    MAX_CLASSES, MAX_RESOLUTION, MAX_WIDTH, MIN_RESOLUTION, MIN_WIDTH, Site, Version,
};
use crate::plan::MAX_RUNS;
use crate::preprocess::Rect;

/// What went wrong, and where.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An input of the wrong length was given to a network.
    #[error("the network takes {expected} values, {got} were given")]
    InputLength {
        /// Values that the network takes: height x width x 3.
        expected: usize,
        /// Values that were given.
        got: usize,
    },
    /// An input with a value that is no number: it would reach only some of the logits, as activations cut NaN off.
    #[error("the network takes finite values, the one at index {index} is {value}")]
    InputValue {
        /// Where it is.
        index: usize,
        /// NaN or an infinity.
        value: f32,
    },
    /// A profile of no run, or of too many.
    #[error("the number of runs must be from 1 to {MAX_RUNS}, not {runs}")]
    Runs {
        /// The number that was asked for.
        runs: usize,
    },
    /// A layer that the network has not.
    #[error("the network has no layer `{name}`; it has {}", known.join(", "))]
    Layer {
        /// The name that was asked for.
        name: String,
        /// All names.
        known: Vec<String>,
    },
    /// A class that the network has not.
    #[error("there is no class {class}: the network has {classes}, from 0 on")]
    Class {
        /// The class that was asked for.
        class: usize,
        /// How many there are.
        classes: usize,
    },
    /// A source of weights gave a tensor of the wrong length.
    #[error("{site}: {expected} {what} expected, {got} were given")]
    WeightLength {
        /// The convolution.
        site: Site,
        /// `weights` or `biases`.
        what: &'static str,
        /// Values that it takes.
        expected: usize,
        /// Values that were given.
        got: usize,
    },
    /// A picture with an empty side, or one too long to be a picture.
    #[error("a picture of {width} x {height} pixels: each side must be from 1 to {max}")]
    ImageSide {
        /// Pixels per row.
        width: usize,
        /// Rows.
        height: usize,
        /// The longest side that is accepted.
        max: usize,
    },
    /// A picture whose pixels don't fill its sides.
    #[error(
        "a picture of {width} x {height} pixels has {expected} bytes of RGBA, {got} were given"
    )]
    ImageLength {
        /// Pixels per row.
        width: usize,
        /// Rows.
        height: usize,
        /// Bytes that these sides need: width x height x 4.
        expected: u64,
        /// Bytes that were given.
        got: usize,
    },
    /// A rectangle that is empty, or reaches out of its picture.
    #[error("no {rect} pixels are within a picture of {width} x {height}")]
    ImageRect {
        /// The picture's pixels per row.
        width: usize,
        /// The picture's rows.
        height: usize,
        /// The rectangle.
        rect: Rect,
    },
    /// A part of a picture whose pixels don't fill its rectangle.
    #[error(
        "{rect} pixels are rows of {row} bytes of RGBA, {expected} bytes in all; \
         rows {stride} bytes apart and {got} bytes were given"
    )]
    ImageRows {
        /// The rectangle.
        rect: Rect,
        /// Bytes of a row: width x 4.
        row: usize,
        /// Bytes from the first pixel to the last.
        expected: u64,
        /// Bytes from the start of a row to that of the next.
        stride: usize,
        /// Bytes that were given.
        got: usize,
    },
    /// A part of a picture that lacks pixels of the crop.
    #[error("of a picture of {width} x {height} pixels {needed} are needed, {got} were given")]
    ImagePart {
        /// The picture's pixels per row.
        width: usize,
        /// The picture's rows.
        height: usize,
        /// What the crop is made of.
        needed: Rect,
        /// What was given.
        got: Rect,
    },
    /// A picture that is prepared before all of it was resized.
    #[error("{rows} of the {crop} rows of the resized picture are there")]
    Unread {
        /// Those that were resized.
        rows: usize,
        /// Those of the crop.
        crop: usize,
    },
    /// Preprocessing settings that no picture can be prepared with.
    #[error("preprocessing: {field} is {value}, it must be {expected}")]
    Preprocessing {
        /// The field of [`Preprocessing`](crate::preprocess::Preprocessing).
        field: &'static str,
        /// Its value.
        value: String,
        /// What is accepted.
        expected: String,
    },
    /// A width multiplier outside the allowed range.
    #[error("the width multiplier must be from {MIN_WIDTH} to {MAX_WIDTH}, not {width}")]
    Width {
        /// The multiplier that was asked for.
        width: f64,
    },
    /// An input size outside the allowed range or not a multiple of 32.
    #[error(
        "the resolution must be a multiple of 32 from {MIN_RESOLUTION} to {MAX_RESOLUTION}, not {resolution}"
    )]
    Resolution {
        /// The size that was asked for, pixels.
        resolution: usize,
    },
    /// A class count outside the allowed range.
    #[error("the class count must be from 1 to {MAX_CLASSES}, not {classes}")]
    Classes {
        /// The count that was asked for.
        classes: usize,
    },
    /// A network whose layers don't fit together, or that no kernel runs.
    #[error("this network can't be run: {site}: {reason}")]
    Network {
        /// The layer.
        site: Site,
        /// What is wrong with it.
        reason: String,
    },
    /// Only V3 has a minimalistic form.
    #[error("{version} has no minimalistic form, only V3 has")]
    Minimalistic {
        /// The version that was asked for.
        version: Version,
    },

    /// A weights file can't be read where it should have bytes.
    #[error("{length} bytes at {offset} of the weights can't be read: {reason}")]
    Read {
        /// Where they should be.
        offset: u64,
        /// How many.
        length: usize,
        /// Why not.
        reason: String,
    },
    /// A weights file ends too early.
    #[error("the weights file ends after {length} bytes, {what} needs {expected}")]
    Truncated {
        /// What is cut off.
        what: &'static str,
        /// Bytes that the file needs to hold it.
        expected: u64,
        /// The file's bytes.
        length: u64,
    },
    /// A weights file claims a header longer than any MobileNet's.
    #[error(
        "the weights file claims a header of {length} bytes, at most {max} are allowed: is it a safetensors file?"
    )]
    HeaderLength {
        /// The length that the file claims.
        length: u64,
        /// The longest that is read.
        max: u64,
    },
    /// A weights file's header is not what safetensors writes.
    #[error("the weights file's header is malformed: {reason}")]
    Header {
        /// What the JSON parser says.
        reason: String,
    },
    /// A weights file has more bytes than its tensors.
    #[error("the weights file has {found} bytes after its header, its tensors fill {expected}")]
    TrailingBytes {
        /// Bytes that the tensors fill.
        expected: u64,
        /// Bytes after the header.
        found: u64,
    },
    /// A tensor's place in the file is impossible.
    #[error("tensor `{tensor}` lies at bytes {} to {}: expected {expected}", found.0, found.1)]
    TensorRange {
        /// The tensor's name.
        tensor: String,
        /// What the place must be.
        expected: String,
        /// First byte, and the one after the last.
        found: (usize, usize),
    },
    /// The network needs a tensor that the file hasn't.
    #[error("tensor `{tensor}` of shape {shape:?} is missing")]
    MissingTensor {
        /// The tensor's name.
        tensor: String,
        /// Its shape.
        shape: Vec<usize>,
    },
    /// The file has a tensor that the network has no use for.
    #[error("tensor `{tensor}` is not a part of {network}")]
    SurplusTensor {
        /// The tensor's name.
        tensor: String,
        /// The network that the other tensors are.
        network: String,
    },
    /// A tensor's elements are not floats.
    #[error("tensor `{tensor}` has elements of type {found}: expected F32, F16 or BF16")]
    TensorDtype {
        /// The tensor's name.
        tensor: String,
        /// The type, as safetensors calls it.
        found: String,
    },
    /// A tensor's shape is not the network's.
    #[error("tensor `{tensor}` has shape {found:?}: expected {expected:?}")]
    TensorShape {
        /// The tensor's name.
        tensor: String,
        /// The network's shape.
        expected: Vec<usize>,
        /// The file's shape.
        found: Vec<usize>,
    },
    /// A weight that can't be: NaN, infinite, or a negative variance.
    #[error("tensor `{tensor}` holds {value} at index {index}: expected {expected}")]
    TensorValue {
        /// The tensor's name.
        tensor: String,
        /// Index into its elements.
        index: usize,
        /// The element.
        value: f32,
        /// What it must be.
        expected: &'static str,
    },

    /// A part of a `.tflite` file lies outside of it.
    #[error("the .tflite file has {file} bytes, {what} needs {length} at {offset}")]
    TfliteRange {
        /// The part.
        what: &'static str,
        /// Where it should be.
        offset: u64,
        /// Its bytes.
        length: u64,
        /// The file's bytes.
        file: u64,
    },
    /// A `.tflite` file refers to what it hasn't.
    #[error("the .tflite file refers to number {index} of {what}, which has {len}")]
    TfliteIndex {
        /// What has numbers.
        what: &'static str,
        /// The number.
        index: i64,
        /// How many there are.
        len: u32,
    },
    /// A `.tflite` file claims more than its length has room for.
    #[error("{what}: {count} can't be in a .tflite file of {length} bytes")]
    TfliteCount {
        /// What there is too much of.
        what: &'static str,
        /// How much.
        count: u32,
        /// The file's bytes.
        length: u64,
    },
    /// A `.tflite` file's tensor can't be read, or isn't what its operator needs.
    #[error("tensor `{tensor}` of the .tflite file: {reason}")]
    TfliteTensor {
        /// The tensor's name.
        tensor: String,
        /// What is wrong with it.
        reason: String,
    },
    /// An operator of a `.tflite` file is no part of a MobileNet. The first that isn't.
    #[error(
        "not a network that is known here: operator {index}, {name}, which makes `{tensor}`, doesn't fit: {reason}"
    )]
    TfliteOperator {
        /// Its place in the graph, from 0 on.
        index: u32,
        /// What it does, as TensorFlow Lite calls it.
        name: String,
        /// The tensor that it makes.
        tensor: String,
        /// Why it doesn't fit.
        reason: String,
    },

    /// There is no memory for what was asked for. Nothing has changed: everything that was there can go on.
    #[error("there is no memory for {bytes} bytes more")]
    OutOfMemory {
        /// What could not be allocated.
        bytes: u64,
    },
    /// A number of threads that can't be had.
    #[error("{threads} threads can't be had: {reason}")]
    Threads {
        /// The number asked for.
        threads: usize,
        /// What is possible, or what the system says.
        reason: String,
    },

    /// The weights are those of another network.
    #[error("not a network that is known here: {reason}")]
    UnknownNetwork {
        /// How it differs.
        reason: String,
    },

    /// A configuration file is not the JSON that it should be.
    #[error("{file}: {reason}")]
    ConfigJson {
        /// `config.json` or `preprocessor_config.json`.
        file: &'static str,
        /// What the JSON parser says.
        reason: String,
    },
    /// A configuration file contradicts the weights, or asks for what is not supported.
    #[error("{file}: `{field}` is {found}, expected {expected}")]
    ConfigValue {
        /// `config.json` or `preprocessor_config.json`.
        file: &'static str,
        /// The field's name.
        field: &'static str,
        /// What is accepted.
        expected: String,
        /// What the file says.
        found: String,
    },
}

impl Error {
    /// A stable upper-case code, for JavaScript's `error.code`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::InputLength { .. }
            | Self::InputValue { .. }
            | Self::Runs { .. }
            | Self::Layer { .. }
            | Self::Class { .. }
            | Self::ImageSide { .. }
            | Self::ImageLength { .. }
            | Self::ImageRect { .. }
            | Self::ImageRows { .. }
            | Self::ImagePart { .. }
            | Self::Unread { .. } => "BAD_INPUT",
            Self::WeightLength { .. }
            | Self::Read { .. }
            | Self::Truncated { .. }
            | Self::HeaderLength { .. }
            | Self::Header { .. }
            | Self::TrailingBytes { .. }
            | Self::TensorRange { .. }
            | Self::MissingTensor { .. }
            | Self::SurplusTensor { .. }
            | Self::TensorDtype { .. }
            | Self::TfliteRange { .. }
            | Self::TfliteIndex { .. }
            | Self::TfliteCount { .. }
            | Self::TfliteTensor { .. }
            | Self::TensorShape { .. }
            | Self::TensorValue { .. } => "BAD_WEIGHTS",
            Self::UnknownNetwork { .. } | Self::TfliteOperator { .. } => "UNKNOWN_NETWORK",
            Self::Threads { .. } => "UNSUPPORTED",
            Self::OutOfMemory { .. } => "OUT_OF_MEMORY",
            Self::Preprocessing { .. }
            | Self::Width { .. }
            | Self::Resolution { .. }
            | Self::Classes { .. }
            | Self::Network { .. }
            | Self::Minimalistic { .. }
            | Self::ConfigJson { .. }
            | Self::ConfigValue { .. } => "BAD_CONFIG",
        }
    }
}
