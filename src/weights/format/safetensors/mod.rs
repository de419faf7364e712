//! The safetensors format: 8 bytes of header length, a JSON header with each tensor's byte range, and the bytes. The
//! file is not trusted: every length is checked against the file before anything of that size is allocated.

mod header;

use half::{bf16, f16};
use safetensors::Dtype;

use self::header::Entry;
use super::Tensors;
use crate::buffer::with_room;
use crate::error::Error;
use crate::weights::ByteSource;

/// The longest header in bytes. MobileNets' headers have 18 to 40 kB; the rest leaves room for `__metadata__`.
pub(in crate::weights) const MAX_HEADER: u64 = 1 << 20;

/// Bytes before the header: its length, little-endian.
const PREFIX: u64 = 8;

/// The types of floats.
const FLOATS: [Dtype; 3] = [Dtype::F32, Dtype::F16, Dtype::BF16];

/// Bytes that are read and converted at a time.
const CHUNK: usize = 1 << 16;

/// An open file. Its header is checked against its length.
pub(super) struct File<'a> {
    source: &'a dyn ByteSource,
    /// Offset of the tensors' bytes in the file.
    data: u64,
    /// Sorted by name.
    tensors: Vec<Entry>,
    /// The text of `__metadata__`.
    metadata: Box<str>,
}

impl<'a> File<'a> {
    pub fn open(source: &'a dyn ByteSource) -> Result<Self, Error> {
        let length = source.len();
        if length < PREFIX {
            return Err(Error::Truncated { what: "the header's length", expected: PREFIX, length });
        }
        let mut prefix = [0; PREFIX as usize];
        source.read(0, &mut prefix)?;
        let header_length = u64::from_le_bytes(prefix);
        if header_length > MAX_HEADER {
            return Err(Error::HeaderLength { length: header_length, max: MAX_HEADER });
        }
        let data = PREFIX + header_length;
        if length < data {
            return Err(Error::Truncated { what: "the header", expected: data, length });
        }
        // At most MAX_HEADER, and no more than the file has.
        let mut header = with_room(header_length as usize)?;
        header.resize(header_length as usize, 0);
        source.read(PREFIX, &mut header)?;
        let (tensors, metadata) = header::parse(&header, length - data)?;
        Ok(Self { source, data, tensors, metadata })
    }

    fn find(&self, name: &str) -> Option<&Entry> {
        let index = self.tensors.binary_search_by(|entry| (*entry.name).cmp(name)).ok()?;
        self.tensors.get(index)
    }

    /// Finds a tensor and checks that it has one of these types and this shape.
    fn checked(&self, name: &str, shape: &[usize], types: &[Dtype]) -> Result<&Entry, Error> {
        let Some(entry) = self.find(name) else {
            return Err(Error::MissingTensor { tensor: name.into(), shape: shape.into() });
        };
        if !types.contains(&entry.dtype) {
            return Err(Error::TensorDtype {
                tensor: name.into(),
                found: format!("{:?}", entry.dtype),
            });
        }
        if entry.shape() != shape {
            return Err(Error::TensorShape {
                tensor: name.into(),
                expected: shape.into(),
                found: entry.shape().into(),
            });
        }
        Ok(entry)
    }

    /// Reads a tensor as `f32`; fails if a value is not finite.
    fn values(&self, entry: &Entry) -> Result<Vec<f32>, Error> {
        // `open` has checked that the range has the shape's length and lies within the file.
        let (start, end) = entry.range;
        let mut values = with_room(entry.shape().iter().product())?;
        let mut buffer = vec![0; CHUNK.min(end - start)];
        for offset in (start..end).step_by(CHUNK) {
            let piece = &mut buffer[..CHUNK.min(end - offset)];
            self.source.read(self.data + offset as u64, piece)?;
            #[expect(
                clippy::wildcard_enum_match_arm,
                reason = "`checked` lets only four types through"
            )]
            match entry.dtype {
                Dtype::F16 => {
                    values.extend(elements(piece).map(|bytes| f16::from_le_bytes(bytes).to_f32()))
                }
                Dtype::BF16 => {
                    values.extend(elements(piece).map(|bytes| bf16::from_le_bytes(bytes).to_f32()))
                }
                Dtype::I8 => values.extend(piece.iter().map(|&byte| f32::from(byte as i8))),
                _ => values.extend(elements(piece).map(f32::from_le_bytes)),
            }
        }
        if let Some(index) = values.iter().position(|value| !value.is_finite()) {
            return Err(Error::TensorValue {
                tensor: (*entry.name).into(),
                index,
                value: values[index],
                expected: "finite",
            });
        }
        Ok(values)
    }
}

impl Tensors for File<'_> {
    fn names(&self) -> Box<dyn Iterator<Item = &str> + '_> {
        Box::new(self.tensors.iter().map(|entry| &*entry.name))
    }

    fn shape(&self, name: &str) -> Option<&[usize]> {
        self.find(name).map(Entry::shape)
    }

    fn is_bytes(&self, name: &str) -> bool {
        self.find(name).is_some_and(|entry| entry.dtype == Dtype::I8)
    }

    fn metadata(&self) -> &str {
        &self.metadata
    }

    fn check(&self, name: &str, shape: &[usize]) -> Result<(), Error> {
        self.checked(name, shape, &FLOATS).map(|_| ())
    }

    fn check_bytes(&self, name: &str, shape: &[usize]) -> Result<(), Error> {
        self.checked(name, shape, &[Dtype::I8]).map(|_| ())
    }

    fn read(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, Error> {
        self.values(self.checked(name, shape, &FLOATS)?)
    }

    fn read_bytes(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, Error> {
        self.values(self.checked(name, shape, &[Dtype::I8])?)
    }
}

/// The elements of `bytes`, `N` bytes each.
fn elements<const N: usize>(bytes: &[u8]) -> impl Iterator<Item = [u8; N]> {
    bytes.as_chunks::<N>().0.iter().copied()
}
