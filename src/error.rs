//! The error type of the crate.

use crate::arch::{
    MAX_CLASSES, MAX_RESOLUTION, MAX_WIDTH, MIN_RESOLUTION, MIN_WIDTH, Site, Version,
};
use crate::plan::MAX_RUNS;
use crate::preprocess::Rect;

/// What went wrong and where. The message says what was expected and what was found.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An input has the wrong length for the network.
    #[error("the network takes {expected} values, {got} were given")]
    InputLength {
        /// Values that the network takes: height x width x 3.
        expected: usize,
        /// Values that were given.
        got: usize,
    },
    /// An input has a value that is not finite. The network can't report it later, because clamping activations turn
    /// NaN and infinities into ordinary numbers.
    #[error("the network takes finite values, the one at index {index} is {value}")]
    InputValue {
        /// Its index.
        index: usize,
        /// NaN or an infinity.
        value: f32,
    },
    /// A profile with no runs or too many.
    #[error("the number of runs must be from 1 to {MAX_RUNS}, not {runs}")]
    Runs {
        /// The number that was asked for.
        runs: usize,
    },
    /// A layer or an activation that can't be timed.
    #[error("this can't be timed: {reason}")]
    Timed {
        /// What is wrong with it.
        reason: String,
    },
    /// The network has no layer of this name.
    #[error("the network has no layer `{name}`; it has {}", known.join(", "))]
    Layer {
        /// The name that was asked for.
        name: String,
        /// All names.
        known: Vec<String>,
    },
    /// The network has no class of this index.
    #[error("there is no class {class}: the network has {classes}, from 0 on")]
    Class {
        /// The class that was asked for.
        class: usize,
        /// How many there are.
        classes: usize,
    },
    /// A weight source returned a tensor of the wrong length.
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
    /// A side of the picture is 0 or longer than the maximum.
    #[error("a picture of {width} x {height} pixels: each side must be from 1 to {max}")]
    ImageSide {
        /// Pixels per row.
        width: usize,
        /// Rows.
        height: usize,
        /// The longest side that is accepted.
        max: usize,
    },
    /// The number of bytes doesn't match the picture's sides.
    #[error(
        "a picture of {width} x {height} pixels has {expected} bytes of RGBA, {got} were given"
    )]
    ImageLength {
        /// Pixels per row.
        width: usize,
        /// Rows.
        height: usize,
        /// Bytes that these sides need: width x height x 4 for RGBA.
        expected: u64,
        /// Bytes that were given.
        got: usize,
    },
    /// A rectangle is empty, reaches beyond its picture, or cuts through pixels that share a colour.
    #[error("no {rect} pixels are within a picture of {width} x {height}")]
    ImageRect {
        /// The picture's pixels per row.
        width: usize,
        /// The picture's rows.
        height: usize,
        /// The rectangle.
        rect: Rect,
    },
    /// A part of a picture has too few bytes for its rectangle, or its rows overlap.
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
    /// A part of a picture lacks pixels that the crop needs.
    #[error("of a picture of {width} x {height} pixels {needed} are needed, {got} were given")]
    ImagePart {
        /// The picture's pixels per row.
        width: usize,
        /// The picture's rows.
        height: usize,
        /// The rectangle that the crop needs.
        needed: Rect,
        /// The rectangle that was given.
        got: Rect,
    },
    /// A picture is used before all of its strips are resized.
    #[error("only {rows} of the {crop} rows of the picture are resized")]
    Unread {
        /// Rows of the crop that are resized.
        rows: usize,
        /// Rows of the crop.
        crop: usize,
    },
    /// A preprocessing setting is out of range.
    #[error("preprocessing: {field} is {value}, it must be {expected}")]
    Preprocessing {
        /// The field of [`Preprocessing`](crate::preprocess::Preprocessing).
        field: &'static str,
        /// Its value.
        value: String,
        /// What is accepted.
        expected: String,
    },
    /// The width multiplier is out of range.
    #[error("the width multiplier must be from {MIN_WIDTH} to {MAX_WIDTH}, not {width}")]
    Width {
        /// The multiplier that was asked for.
        width: f64,
    },
    /// The input size is out of range or not a multiple of 32.
    #[error(
        "the resolution must be a multiple of 32 from {MIN_RESOLUTION} to {MAX_RESOLUTION}, not {resolution}"
    )]
    Resolution {
        /// The size that was asked for, pixels.
        resolution: usize,
    },
    /// The class count is out of range.
    #[error("the class count must be from 1 to {MAX_CLASSES}, not {classes}")]
    Classes {
        /// The count that was asked for.
        classes: usize,
    },
    /// The network's layers don't fit together, or no kernel runs one of them.
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

    /// Bytes of the weights file can't be read.
    #[error("{length} bytes at {offset} of the weights can't be read: {reason}")]
    Read {
        /// Offset of the first one in the file.
        offset: u64,
        /// Number of bytes.
        length: usize,
        /// Why they can't be read.
        reason: String,
    },
    /// The weights file ends too early.
    #[error("the weights file ends after {length} bytes, {what} needs {expected}")]
    Truncated {
        /// What is cut off.
        what: &'static str,
        /// Bytes that the file needs to hold it.
        expected: u64,
        /// The file's bytes.
        length: u64,
    },
    /// The weights file claims a longer header than any MobileNet has.
    #[error(
        "the weights file claims a header of {length} bytes, at most {max} are allowed: is it a safetensors file?"
    )]
    HeaderLength {
        /// The length that the file claims.
        length: u64,
        /// The longest that is read.
        max: u64,
    },
    /// The header of the weights file is not a valid safetensors header.
    #[error("the weights file's header is malformed: {reason}")]
    Header {
        /// What the JSON parser says.
        reason: String,
    },
    /// The tensors don't fill the weights file.
    #[error("the weights file has {found} bytes after its header, its tensors fill {expected}")]
    TrailingBytes {
        /// Bytes that the tensors fill.
        expected: u64,
        /// Bytes after the header.
        found: u64,
    },
    /// A tensor's byte range contradicts its shape, its neighbours or the file's length.
    #[error("tensor `{tensor}` lies at bytes {} to {}: expected {expected}", found.0, found.1)]
    TensorRange {
        /// The tensor's name.
        tensor: String,
        /// What the range must be.
        expected: String,
        /// First byte, and the one after the last.
        found: (usize, usize),
    },
    /// The file lacks a tensor that the network needs.
    #[error("tensor `{tensor}` of shape {shape:?} is missing")]
    MissingTensor {
        /// The tensor's name.
        tensor: String,
        /// Its shape.
        shape: Vec<usize>,
    },
    /// The file has a tensor that the network doesn't use.
    #[error("tensor `{tensor}` doesn't belong to {network}")]
    SurplusTensor {
        /// The tensor's name.
        tensor: String,
        /// The network that the other tensors belong to.
        network: String,
    },
    /// A tensor's elements are not floats.
    #[error("tensor `{tensor}` has elements of type {found}: expected F32, F16 or BF16")]
    TensorDtype {
        /// The tensor's name.
        tensor: String,
        /// The type's name in safetensors.
        found: String,
    },
    /// A tensor's elements lie in an HDF5 file in a way that can't be read.
    #[error(
        "tensor `{tensor}` lies {how}, which can't be read: load the file in Keras and save it again"
    )]
    TensorStorage {
        /// The tensor's name.
        tensor: String,
        /// Where or how its elements lie.
        how: &'static str,
    },
    /// A tensor has another shape than the network needs.
    #[error("tensor `{tensor}` has shape {found:?}: expected {expected:?}")]
    TensorShape {
        /// The tensor's name.
        tensor: String,
        /// The network's shape.
        expected: Vec<usize>,
        /// The file's shape.
        found: Vec<usize>,
    },
    /// A weight is NaN or infinite, or a variance is negative.
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

    /// The metadata of a folded file lacks a field, or a field is not what it should be.
    #[error("the weights file's metadata: `{field}` is {found}, expected {expected}")]
    Metadata {
        /// The field's name.
        field: &'static str,
        /// What is accepted.
        expected: String,
        /// What the file says.
        found: String,
    },

    /// An offset or a length in a `.tflite` file leads outside of the file.
    #[error("the .tflite file has {file} bytes, {what} needs {length} at {offset}")]
    TfliteRange {
        /// The part that it leads to.
        what: &'static str,
        /// Offset of that part in the file.
        offset: u64,
        /// Bytes of that part.
        length: u64,
        /// The file's bytes.
        file: u64,
    },
    /// An index in a `.tflite` file is out of range.
    #[error("the .tflite file refers to element {index} of {what}, which has {len}")]
    TfliteIndex {
        /// The list that it refers to.
        what: &'static str,
        /// The index.
        index: i64,
        /// Elements of that list.
        len: u32,
    },
    /// A list in a `.tflite` file claims more elements than the file has room for.
    #[error("{what}: a .tflite file of {length} bytes has no room for {count}")]
    TfliteCount {
        /// The list.
        what: &'static str,
        /// The number of elements that the file claims.
        count: u32,
        /// The file's bytes.
        length: u64,
    },
    /// A tensor of a `.tflite` file can't be read, or doesn't fit its operator.
    #[error("tensor `{tensor}` of the .tflite file: {reason}")]
    TfliteTensor {
        /// The tensor's name.
        tensor: String,
        /// What is wrong with it.
        reason: String,
    },
    /// An operator of a `.tflite` file doesn't fit a MobileNet. It is the first one that doesn't.
    #[error(
        "unknown network: operator {index}, {name}, which makes `{tensor}`, doesn't fit: {reason}"
    )]
    TfliteOperator {
        /// Its index in the graph.
        index: u32,
        /// Its name in TensorFlow Lite.
        name: String,
        /// The tensor that it computes.
        tensor: String,
        /// Why it doesn't fit.
        reason: String,
    },

    /// A file of a checkpoint of several files, a zip archive or a file within it is missing or malformed.
    #[error("{file}: {reason}")]
    File {
        /// The file's name.
        file: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A layer of a model of Keras doesn't fit a MobileNet. It is the first one that doesn't.
    #[error("unknown network: layer `{name}`, {class}, doesn't fit: {reason}")]
    KerasLayer {
        /// Its name.
        name: String,
        /// Its class in Keras.
        class: String,
        /// Why it doesn't fit.
        reason: String,
    },

    /// An allocation failed. Nothing has changed: what was loaded before still works.
    #[error("there is no memory for {bytes} bytes more")]
    OutOfMemory {
        /// Bytes that could not be allocated.
        bytes: u64,
    },
    /// The threads can't be started.
    #[error("{threads} threads can't be had: {reason}")]
    Threads {
        /// The number asked for.
        threads: usize,
        /// The possible range, or the system's error.
        reason: String,
    },

    /// There is no such form to write weights in.
    #[error("weights can't be written as {name:?}: expected f32, f16 or int8")]
    Storage {
        /// The form that was asked for.
        name: String,
    },

    /// There is no such number format to compute with.
    #[error("a network can't compute with {name:?}: expected f32, int8 or auto")]
    Precision {
        /// The format that was asked for.
        name: String,
    },

    /// The weights belong to a network that the crate doesn't know.
    #[error("unknown network: {reason}")]
    UnknownNetwork {
        /// How it differs.
        reason: String,
    },

    /// A configuration file is not JSON, or a field has the wrong type.
    #[error("{file}: {reason}")]
    ConfigJson {
        /// `config.json` or `preprocessor_config.json`.
        file: &'static str,
        /// What the JSON parser says.
        reason: String,
    },
    /// A configuration file contradicts the weights, or asks for something unsupported.
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
    /// A stable upper-case code. It becomes JavaScript's `error.code`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::InputLength { .. }
            | Self::InputValue { .. }
            | Self::Runs { .. }
            | Self::Timed { .. }
            | Self::Layer { .. }
            | Self::Class { .. }
            | Self::ImageSide { .. }
            | Self::ImageLength { .. }
            | Self::ImageRect { .. }
            | Self::ImageRows { .. }
            | Self::ImagePart { .. }
            | Self::Unread { .. }
            | Self::Storage { .. } => "BAD_INPUT",
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
            | Self::TensorStorage { .. }
            | Self::Metadata { .. }
            | Self::File { .. }
            | Self::TfliteRange { .. }
            | Self::TfliteIndex { .. }
            | Self::TfliteCount { .. }
            | Self::TfliteTensor { .. }
            | Self::TensorShape { .. }
            | Self::TensorValue { .. } => "BAD_WEIGHTS",
            Self::UnknownNetwork { .. } | Self::TfliteOperator { .. } | Self::KerasLayer { .. } => {
                "UNKNOWN_NETWORK"
            }
            Self::Threads { .. } => "UNSUPPORTED",
            Self::OutOfMemory { .. } => "OUT_OF_MEMORY",
            Self::Preprocessing { .. }
            | Self::Width { .. }
            | Self::Resolution { .. }
            | Self::Classes { .. }
            | Self::Precision { .. }
            | Self::Network { .. }
            | Self::Minimalistic { .. }
            | Self::ConfigJson { .. }
            | Self::ConfigValue { .. } => "BAD_CONFIG",
        }
    }
}
