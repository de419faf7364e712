//! Named tensors whose places in their files are known: what the formats with an index of their own come down to.

use std::collections::BTreeMap;

use half::{bf16, f16};

use super::Tensors;
use crate::buffer::with_room;
use crate::error::Error;
use crate::weights::ByteSource;

/// Bytes that are read and converted at a time: a multiple of every element's size.
const CHUNK: usize = 1 << 16;

/// The fewest bytes of a tensor, with its entry in the index, on average over a file from a library. This bounds the
/// memory that the index of a small malicious file takes.
const LEAST: u64 = 200;

/// The most tensors. V3-Large has some 300.
const MAX_TENSORS: usize = 8192;

/// How many times its own length a checkpoint's tensors may have together, and bytes besides. Packed tensors are longer
/// than the file. Several tensors may name the same bytes, so without a bound a small file could be a huge network.
const MAX_SHARING: u64 = 4;
const SHARING: u64 = 16 << 10;

/// The elements of a tensor, little-endian.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Element {
    F32,
    F16,
    BF16,
    /// A byte `q` stands for `scale * q + least`.
    U8 {
        scale: f64,
        least: f64,
    },
    /// Likewise with 16 bits.
    U16 {
        scale: f64,
        least: f64,
    },
    /// A type that can't be read, of this name, and the bytes of an element.
    Other(&'static str, usize),
    /// Elements that lie in a way that can't be read, which these words describe.
    Stored(&'static str),
}

impl Element {
    /// Bytes of an element.
    pub fn size(&self) -> usize {
        match *self {
            Self::U8 { .. } => 1,
            Self::F16 | Self::BF16 | Self::U16 { .. } => 2,
            Self::F32 => 4,
            Self::Other(_, size) => size,
            Self::Stored(_) => 0,
        }
    }

    fn value(&self, bytes: &[u8]) -> f32 {
        let pair = || bytes.first_chunk().copied().unwrap_or_default();
        match *self {
            Self::F32 => f32::from_le_bytes(bytes.first_chunk().copied().unwrap_or_default()),
            Self::F16 => f16::from_le_bytes(pair()).to_f32(),
            Self::BF16 => bf16::from_le_bytes(pair()).to_f32(),
            Self::U8 { scale, least } => {
                (scale * f64::from(bytes.first().copied().unwrap_or_default()) + least) as f32
            }
            Self::U16 { scale, least } => {
                (scale * f64::from(u16::from_le_bytes(pair())) + least) as f32
            }
            Self::Other(..) | Self::Stored(_) => f32::NAN,
        }
    }
}

/// A tensor.
pub(super) struct Entry {
    pub shape: Vec<usize>,
    pub element: Element,
    /// The file's number.
    pub file: usize,
    /// Offset of its elements, which lie one after another.
    pub offset: u64,
}

/// The tensors and their files.
#[derive(Default)]
pub(super) struct Index<'a> {
    files: Vec<Box<dyn ByteSource + 'a>>,
    tensors: BTreeMap<String, Entry>,
    /// Bytes of all tensors.
    bytes: u64,
}

impl<'a> Index<'a> {
    /// Adds a file; returns its number.
    pub fn add_file(&mut self, file: Box<dyn ByteSource + 'a>) -> usize {
        self.files.push(file);
        self.files.len() - 1
    }

    /// Adds a tensor; returns the offset behind it. An error is a reason. The whole checkpoint has `length` bytes.
    pub fn add(&mut self, name: String, entry: Entry, length: u64) -> Result<u64, String> {
        let bytes = entry
            .shape
            .iter()
            .try_fold(entry.element.size() as u64, |bytes, &side| bytes.checked_mul(side as u64))
            .unwrap_or(u64::MAX);
        let end = entry.offset.checked_add(bytes);
        let there = self.files.get(entry.file).map_or(0, |file| file.len());
        let Some(end) = end.filter(|&end| end <= there) else {
            return Err(format!(
                "tensor `{}` of shape {:?} at {} reaches beyond the end of its {there} bytes",
                super::short(&name),
                entry.shape,
                entry.offset
            ));
        };
        if self.tensors.len() >= MAX_TENSORS || self.tensors.len() as u64 >= length / LEAST {
            return Err(format!("a file of {length} bytes has no room for so many tensors"));
        }
        if self.tensors.contains_key(&name) {
            return Err(format!("two tensors are named `{}`", super::short(&name)));
        }
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes > MAX_SHARING.saturating_mul(length).saturating_add(SHARING) {
            return Err(format!(
                "with tensor `{}` there are {} bytes of tensors, more than a file of {length} bytes can have",
                super::short(&name),
                self.bytes
            ));
        }
        self.tensors.insert(name, entry);
        Ok(end)
    }

    /// Finds a tensor and checks that it has floats and this shape.
    fn checked(&self, name: &str, shape: &[usize]) -> Result<&Entry, Error> {
        let tensor = || name.to_owned();
        let Some(entry) = self.tensors.get(name) else {
            return Err(Error::MissingTensor { tensor: tensor(), shape: shape.into() });
        };
        if let Element::Other(found, _) = entry.element {
            return Err(Error::TensorDtype { tensor: tensor(), found: found.to_owned() });
        }
        if let Element::Stored(how) = entry.element {
            return Err(Error::TensorStorage { tensor: tensor(), how });
        }
        if entry.shape != shape {
            let (expected, found) = (shape.into(), entry.shape.clone());
            return Err(Error::TensorShape { tensor: tensor(), expected, found });
        }
        Ok(entry)
    }
}

impl Tensors for Index<'_> {
    fn names(&self) -> Box<dyn Iterator<Item = &str> + '_> {
        Box::new(self.tensors.keys().map(|name| &**name))
    }

    fn shape(&self, name: &str) -> Option<&[usize]> {
        self.tensors.get(name).map(|entry| &entry.shape[..])
    }

    fn check(&self, name: &str, shape: &[usize]) -> Result<(), Error> {
        self.checked(name, shape).map(|_| ())
    }

    fn read(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, Error> {
        let entry = self.checked(name, shape)?;
        let size = entry.element.size();
        // `add` has checked that all of it is in the file.
        let count: usize = shape.iter().product();
        let bytes = count * size;
        let mut values = with_room(count)?;
        let mut buffer = with_room(CHUNK.min(bytes))?;
        buffer.resize(CHUNK.min(bytes), 0);
        for offset in (0..bytes).step_by(CHUNK) {
            let piece = &mut buffer[..CHUNK.min(bytes - offset)];
            self.files[entry.file].read(entry.offset + offset as u64, piece)?;
            values.extend(piece.chunks_exact(size).map(|bytes| entry.element.value(bytes)));
        }
        if let Some(index) = values.iter().position(|value: &f32| !value.is_finite()) {
            let (tensor, value) = (name.to_owned(), values[index]);
            return Err(Error::TensorValue { tensor, index, value, expected: "finite" });
        }
        Ok(values)
    }
}
