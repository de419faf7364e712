//! Writes folded files.

use std::fmt::Write;

use half::f16;
use safetensors::Dtype;
use serde_json::{Map, Value, json};

use super::metadata::{FORMAT, flag_name};
use crate::arch::{Conv, ConvKind, MAX_WIDTH, MIN_WIDTH, Network, Site, Version};
use crate::buffer::with_room;
use crate::error::Error;
use crate::kernels::pack;
use crate::plan::{LEAST_WIDTH, gains};
use crate::weights::format::MAX_HEADER;
use crate::weights::{Checkpoint, Flavour, FoldedConv, WeightSource};

/// How a folded file stores the weights. Biases and scales are always `F32`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Storage {
    /// `F32`: the network that is read from it computes the same bits.
    F32,
    /// `F16`: half the length.
    F16,
    /// The pointwise convolutions that [`Precision::Int8`](crate::plan::Precision) runs on bytes and the dense layers
    /// have `I8` and a scale for each output channel, all others `F16`: a little more than a quarter of the length. In
    /// networks of a width below 0.75 layers with fewer than 256 inputs have `F16` too.
    Int8,
}

/// The fewest inputs of a layer with `I8` in a network of a width below [`LEAST_WIDTH`]. V1 of width 0.25 named another
/// class in 17 % of 300 crops with every layer in `I8`, in 6 % from 128 inputs on, and in 1 % from 256 on. The layers
/// with fewer have few weights.
const LEAST_INPUTS: usize = 256;

impl Storage {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::F32, Self::F16, Self::Int8];

    /// Its name in the package: `f16`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::Int8 => "int8",
        }
    }

    /// The storage of this name; `None` if there is none.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|storage| storage.name() == name)
    }

    /// The type of a layer's weights in `network`.
    fn dtype(self, network: &Network, conv: &Conv) -> Dtype {
        let matrix = gains(conv) || conv.kind == ConvKind::Dense;
        let many = network.width >= LEAST_WIDTH || conv.in_channels >= LEAST_INPUTS;
        match self {
            Self::F32 => Dtype::F32,
            Self::Int8 if matrix && many => Dtype::I8,
            Self::F16 | Self::Int8 => Dtype::F16,
        }
    }
}

/// A tensor of the file.
struct Piece {
    name: String,
    dtype: Dtype,
    shape: Vec<usize>,
    /// First byte, from the end of the header.
    start: usize,
}

impl Piece {
    fn bytes(&self) -> usize {
        self.shape.iter().product::<usize>() * self.dtype.bitsize() / 8
    }
}

/// The pieces of a layer, in the order weight, bias, scale.
fn pieces(site: Site, conv: &Conv, dtype: Dtype) -> Vec<Piece> {
    let piece = |part: &str, dtype, shape| {
        let name = format!("{site}.{part}");
        Piece { name, dtype, shape, start: 0 }
    };
    let channels = vec![conv.out_channels];
    let mut pieces = vec![
        piece("weight", dtype, Flavour::Folded.weight_shape(site, conv)),
        piece("bias", Dtype::F32, channels.clone()),
    ];
    if dtype == Dtype::I8 {
        pieces.push(piece("scale", Dtype::F32, channels));
    }
    pieces
}

impl Checkpoint<'_> {
    /// The checkpoint as a file of this crate's own format, which needs no configuration file beside it. It is a
    /// `.safetensors` file: batch normalisation is folded into the weights, and `__metadata__` has the architecture, the
    /// preprocessing and the class names. See `src/weights/folded`.
    ///
    /// # Errors
    /// Any error in the checkpoint's tensors; [`Error::TensorValue`] for a weight that is too large for 16 bits;
    /// [`Error::Metadata`] for class names that no reader would take; [`Error::OutOfMemory`].
    pub fn fold(&mut self, storage: Storage) -> Result<Vec<u8>, Error> {
        let network = self.network().clone();
        if !(MIN_WIDTH..=MAX_WIDTH).contains(&network.width) {
            return Err(Error::Width { width: network.width });
        }
        let of_layer = |(site, conv)| pieces(site, conv, storage.dtype(&network, conv));
        let mut layers: Vec<Vec<Piece>> = network.sites().map(of_layer).collect();
        // Larger elements come first, so that all are aligned.
        let mut length = 0;
        for size in [32, 16, 8] {
            let of_size = |piece: &&mut Piece| piece.dtype.bitsize() == size;
            for piece in layers.iter_mut().flatten().filter(of_size) {
                piece.start = length;
                length += piece.bytes();
            }
        }
        let header = self.header(&network, &layers)?;
        let data = 8 + header.len();
        let mut file = with_room(data + length)?;
        file.extend((header.len() as u64).to_le_bytes());
        file.extend(header.as_bytes());
        file.resize(data + length, 0);
        for ((site, conv), pieces) in network.sites().zip(&layers) {
            let folded = self.conv(site, conv)?;
            write_layer(&mut file[data..], pieces, conv, &folded)?;
        }
        Ok(file)
    }

    /// The shortest storage of floats that loses nothing: `F16` if it can hold every weight.
    ///
    /// # Errors
    /// Any error in the checkpoint's tensors, and [`Error::OutOfMemory`].
    pub fn lossless(&mut self) -> Result<Storage, Error> {
        let network = self.network().clone();
        for (site, conv) in network.sites() {
            let FoldedConv { weight, .. } = self.conv(site, conv)?;
            if weight.iter().any(|&value| f16::from_f32(value).to_f32() != value) {
                return Ok(Storage::F32);
            }
        }
        Ok(Storage::F16)
    }

    /// The JSON header, with spaces up to a multiple of 8 bytes.
    fn header(&self, network: &Network, layers: &[Vec<Piece>]) -> Result<String, Error> {
        let mut header = Map::new();
        header.insert("__metadata__".to_owned(), self.metadata(network));
        for piece in layers.iter().flatten() {
            let name = format!("{:?}", piece.dtype);
            let range = [piece.start, piece.start + piece.bytes()];
            let entry = json!({ "dtype": name, "shape": piece.shape, "data_offsets": range });
            header.insert(piece.name.clone(), entry);
        }
        let mut header = Value::Object(header).to_string();
        header.push_str(&" ".repeat(header.len().next_multiple_of(8) - header.len()));
        if header.len() as u64 > MAX_HEADER {
            return Err(Error::Metadata {
                field: if self.labels().is_some() { "labels" } else { "layers" },
                expected: format!("at most {MAX_HEADER}"),
                found: format!("too long: the header has {} bytes", header.len()),
            });
        }
        Ok(header)
    }

    /// The value of `__metadata__`.
    fn metadata(&self, network: &Network) -> Value {
        let preprocessing = self.preprocessing();
        let residuals = network.blocks.iter().enumerate().filter(|(_, block)| block.residual);
        let mut fields = json!({
            "mobilenet-wasm": FORMAT,
            "minimalistic": flag_name(network.minimalistic),
            "width": network.width.to_string(),
            "resolution": network.resolution.to_string(),
            "padding": network.padding.name(),
            "stages": listed(network.stages.iter().copied()),
            "layers": layers_of(network),
            "residuals": listed(residuals.map(|(index, _)| index)),
            "resize": preprocessing.resize_short_side.to_string(),
            "crop-start": preprocessing.crop_start.name(),
            "interpolation": preprocessing.interpolation.name(),
            "mean": json!(preprocessing.mean).to_string(),
            "std": json!(preprocessing.std).to_string(),
            "origin": self.origin().name(),
            "background": flag_name(self.has_background()),
        });
        if let Some(version) = network.version.map(Version::name) {
            fields["version"] = json!(version);
        }
        if let Some(labels) = self.labels() {
            fields["labels"] = json!(json!(labels).to_string());
        }
        if !self.warnings().is_empty() {
            fields["warnings"] = json!(json!(self.warnings()).to_string());
        }
        fields
    }
}

/// The values with spaces between them.
fn listed(values: impl IntoIterator<Item = usize>) -> String {
    let values: Vec<String> = values.into_iter().map(|value| value.to_string()).collect();
    values.join(" ")
}

fn layers_of(network: &Network) -> String {
    let mut text = String::new();
    for (site, conv) in network.sites() {
        let &Conv { kernel, stride, in_channels, out_channels, activation, batch_norm, .. } = conv;
        let separator = if text.is_empty() { "" } else { "; " };
        let norm = if batch_norm { " norm" } else { "" };
        let activation = activation.name();
        // Writing to a string can't fail.
        let _ = write!(
            text,
            "{separator}{site}: {kernel} {stride} {in_channels} {out_channels} {activation}{norm}"
        );
    }
    text
}

/// Writes a layer's tensors to their places in `data`.
fn write_layer(
    data: &mut [u8],
    pieces: &[Piece],
    conv: &Conv,
    FoldedConv { weight, bias }: &FoldedConv,
) -> Result<(), Error> {
    let [weights, biases, scales @ ..] = pieces else { return Ok(()) };
    fill(data, biases, bias.iter().map(|value| value.to_le_bytes()));
    if let [scales] = scales {
        let rows = || weight.chunks_exact(weight.len() / conv.out_channels).map(pack::quantise);
        fill(data, scales, rows().map(|(scale, _)| scale.to_le_bytes()));
        fill(data, weights, rows().flat_map(|(_, row)| row).map(i8::to_le_bytes));
    } else if weights.dtype == Dtype::F16 {
        let halves = || weight.iter().map(|&value| f16::from_f32(value));
        if let Some(index) = halves().position(|half| !half.is_finite()) {
            return Err(Error::TensorValue {
                tensor: weights.name.clone(),
                index,
                value: weight[index],
                expected: "a number that 16 bits can hold",
            });
        }
        fill(data, weights, halves().map(f16::to_le_bytes));
    } else {
        fill(data, weights, weight.iter().map(|value| value.to_le_bytes()));
    }
    Ok(())
}

/// Writes a tensor's elements to its place in `data`.
fn fill<const N: usize>(data: &mut [u8], piece: &Piece, elements: impl Iterator<Item = [u8; N]>) {
    let places = data[piece.start..][..piece.bytes()].as_chunks_mut().0;
    for (place, element) in places.iter_mut().zip(elements) {
        *place = element;
    }
}
