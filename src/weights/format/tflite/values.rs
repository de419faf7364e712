//! Reads the values of constant tensors, and dequantises integers.

use half::f16;

use super::{Kind, Quantization, Tensor};
use crate::buffer::with_room;
use crate::error::Error;

/// Bytes that are read and converted at a time: a multiple of every element size.
const CHUNK: usize = 1 << 16;

impl Kind {
    /// Bytes per element; `None` if the type can't be read.
    fn size(self) -> Option<usize> {
        match self {
            Self::U8 | Self::I8 => Some(1),
            Self::F16 | Self::I16 => Some(2),
            Self::F32 | Self::I32 => Some(4),
            Self::I64 => Some(8),
            Self::Other(_) => None,
        }
    }

    /// The least and the greatest integer of a quantised activation.
    fn limits(self) -> Option<[f64; 2]> {
        match self {
            Self::U8 => Some([0.0, 255.0]),
            Self::I8 => Some([-128.0, 127.0]),
            Self::I16 => Some([-32768.0, 32767.0]),
            Self::F32 | Self::F16 | Self::I32 | Self::I64 | Self::Other(_) => None,
        }
    }

    fn is_float(self) -> bool {
        matches!(self, Self::F32 | Self::F16)
    }
}

impl Tensor<'_> {
    /// The scales of its integers, one for all or one for each index of its quantised dimension; empty for floats.
    pub fn scales(&self) -> Result<Vec<Quantization>, Error> {
        let Some(table) = self.table.table(4, "a quantization")? else { return Ok(Vec::new()) };
        let scales = table.vector(2, 4, "the scales")?;
        let zeros = table.vector(3, 8, "the zero points")?;
        // One scale for all elements, or one per channel.
        let most = self.shape().iter().copied().max().unwrap_or(1).max(1);
        if scales.len as usize > most {
            return Err(self.error(format!("{} scales, at most {most} can be", scales.len)));
        }
        let mut found = with_room(scales.len as usize)?;
        for index in 0..scales.len {
            let scale = f64::from(scales.f32(index)?);
            let zero_point = match zeros.len {
                0 => 0.0,
                1 => zeros.i64(0)? as f64,
                _ => zeros.i64(index)? as f64,
            };
            if !scale.is_finite() || scale < 0.0 {
                return Err(self.error(format!("scale {scale}: it must be finite and positive")));
            }
            found.push(Quantization { scale, zero_point });
        }
        Ok(found)
    }

    /// The scale of all its integers; `None` for floats and for tensors with a scale per channel.
    pub fn quantization(&self) -> Result<Option<Quantization>, Error> {
        if self.kind.is_float() {
            return Ok(None);
        }
        Ok(match self.scales()?[..] {
            [quantization] => Some(quantization),
            _ => None,
        })
    }

    /// The least and the greatest number that a quantised activation can represent.
    pub fn range(&self) -> Result<Option<[f64; 2]>, Error> {
        Ok(match (self.kind.limits(), self.quantization()?) {
            (Some(limits), Some(Quantization { scale, zero_point })) => {
                Some(limits.map(|limit| (limit - zero_point) * scale))
            }
            _ => None,
        })
    }

    /// Number of elements. Fails unless the file has exactly the bytes for its shape.
    fn elements(&self, size: usize) -> Result<usize, Error> {
        let count = self.shape().iter().try_fold(1_usize, |count, &side| count.checked_mul(side));
        match count {
            Some(count) if count.checked_mul(size) == Some(self.data.len as usize) => Ok(count),
            _ => Err(self.error(format!(
                "{} bytes for elements of {size} bytes in the shape {:?}",
                self.data.len,
                self.shape()
            ))),
        }
    }

    /// Checks that its values can be read; returns their size in bytes.
    pub fn check(&self) -> Result<u64, Error> {
        let Some(size) = self.kind.size() else {
            return Err(self.error(format!("elements of type {:?} can't be read", self.kind)));
        };
        if self.table.table(6, "a sparsity")?.is_some() {
            return Err(self.error("sparse tensors can't be read".to_owned()));
        }
        Ok((self.elements(size)? * size) as u64)
    }

    /// Calls `take` with the index and value of each element; fails if a value is not finite. If an integer tensor has
    /// no scales, `given` has them: one for all, or one for each index of the first dimension.
    pub fn each(&self, given: &[f64], mut take: impl FnMut(usize, f32)) -> Result<(), Error> {
        let bytes = self.check()? as usize;
        let size = self.kind.size().unwrap_or(1);
        let mut scales = if self.kind.is_float() { Vec::new() } else { self.scales()? };
        if scales.is_empty() {
            scales = with_room(given.len())?;
            scales.extend(given.iter().map(|&scale| Quantization { scale, zero_point: 0.0 }));
        }
        if scales.is_empty() && !self.kind.is_float() {
            return Err(self.error("integers without a scale".to_owned()));
        }
        let channel = self.channel(scales.len())?;
        let mut index = 0;
        let mut buffer = with_room(CHUNK.min(bytes))?;
        buffer.resize(CHUNK.min(bytes), 0);
        for offset in (0..bytes).step_by(CHUNK) {
            let piece = &mut buffer[..CHUNK.min(bytes - offset)];
            self.table.source().read(self.data.start + offset as u64, piece)?;
            for element in piece.chunks_exact(size) {
                let value = match self.kind {
                    Kind::F32 => f64::from(f32::from_le_bytes(whole(element))),
                    Kind::F16 => f64::from(f16::from_le_bytes(whole(element)).to_f32()),
                    Kind::U8 => f64::from(element[0]),
                    Kind::I8 => f64::from(element[0] as i8),
                    Kind::I16 => f64::from(i16::from_le_bytes(whole(element))),
                    Kind::I32 => f64::from(i32::from_le_bytes(whole(element))),
                    Kind::I64 | Kind::Other(_) => i64::from_le_bytes(whole(element)) as f64,
                };
                let value = match scales.get(channel.of(index)) {
                    Some(Quantization { scale, zero_point }) => (value - zero_point) * scale,
                    None => value,
                } as f32;
                if !value.is_finite() {
                    let (tensor, expected) = (self.name()?, "finite");
                    return Err(Error::TensorValue { tensor, index, value, expected });
                }
                take(index, value);
                index += 1;
            }
        }
        Ok(())
    }

    /// Maps an element's index to the index of its scale, for a tensor with `scales` scales.
    fn channel(&self, scales: usize) -> Result<Channel, Error> {
        if scales <= 1 {
            return Ok(Channel { inner: 1, count: 1 });
        }
        let dimension = match self.table.table(4, "a quantization")? {
            Some(table) => table.i32(6, 0)?,
            None => 0,
        };
        let dimension = usize::try_from(dimension).ok().filter(|&dimension| dimension < self.rank);
        match dimension.map(|dimension| self.shape().split_at(dimension)) {
            Some((_, [count, inner @ ..])) if *count == scales => {
                Ok(Channel { inner: inner.iter().product::<usize>().max(1), count: *count })
            }
            _ => Err(self.error(format!("{scales} scales for the shape {:?}", self.shape()))),
        }
    }

    /// Reads the integers of a small tensor, such as axes or paddings: at most two for each of `MAX_RANK` dimensions.
    pub fn integers(&self) -> Result<Vec<i64>, Error> {
        let size = match self.kind {
            Kind::I32 => 4,
            Kind::I64 => 8,
            Kind::F32 | Kind::F16 | Kind::U8 | Kind::I8 | Kind::I16 | Kind::Other(_) => {
                return Err(self.error(format!("integers expected, not {:?}", self.kind)));
            }
        };
        let count = self.elements(size)?;
        if count > 2 * super::MAX_RANK {
            return Err(self.error(format!("{count} integers, expected one or two for each axis")));
        }
        let mut values = with_room(count)?;
        let mut buffer = [0; 16 * super::MAX_RANK];
        let bytes = &mut buffer[..count * size];
        self.table.source().read(self.data.start, bytes)?;
        values.extend(bytes.chunks_exact(size).map(|element| match size {
            4 => i64::from(i32::from_le_bytes(whole(element))),
            _ => i64::from_le_bytes(whole(element)),
        }));
        Ok(values)
    }
}

/// Computes the index of an element along the quantised dimension. `inner` is the number of elements per index, and
/// `count` the length of that dimension.
struct Channel {
    inner: usize,
    count: usize,
}

impl Channel {
    fn of(&self, index: usize) -> usize {
        index / self.inner % self.count
    }
}

/// The bytes of an element as an array. `chunks_exact` guarantees its length.
fn whole<const N: usize>(element: &[u8]) -> [u8; N] {
    element.first_chunk().copied().unwrap_or([0; N])
}
