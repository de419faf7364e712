//! The header of a safetensors file: names, types, shapes and byte ranges of the tensors.

use safetensors::Dtype;

use crate::buffer::with_room;
use crate::error::Error;
use crate::sort::sort_by;
use crate::weights::json::Json;

/// The most dimensions of a tensor: a convolution's weights have 4.
const MAX_DIMENSIONS: usize = 4;

/// The key of free text: every other key is a tensor's name.
const METADATA: &str = "__metadata__";

/// A tensor's entry.
#[derive(Debug)]
pub(super) struct Entry {
    pub name: Box<str>,
    pub dtype: Dtype,
    sides: [usize; MAX_DIMENSIONS],
    dimensions: u8,
    /// First byte and one past the last byte, from the end of the header.
    pub range: (usize, usize),
}

impl Entry {
    pub fn shape(&self) -> &[usize] {
        &self.sides[..usize::from(self.dimensions)]
    }

    /// Reads the value of a tensor's name.
    fn read(name: &str, value: Json<'_>) -> Result<Self, String> {
        let (mut dtype, mut range) = (None, None);
        let (mut shape, mut sides, mut dimensions) = (false, [0; MAX_DIMENSIONS], 0);
        value.entries(|key, value| {
            match key {
                "dtype" => dtype = Some(value.read()?),
                "data_offsets" => range = Some(value.read()?),
                "shape" => {
                    (shape, dimensions) = (true, 0);
                    value.elements(|side| {
                        let next = sides.get_mut(usize::from(dimensions)).ok_or_else(|| {
                            side.error(&format!("more than {MAX_DIMENSIONS} dimensions"))
                        })?;
                        *next = side.read()?;
                        dimensions += 1;
                        Ok(())
                    })?;
                }
                _ => {}
            }
            Ok(())
        })?;
        let missing = |field| value.error(&format!("missing field `{field}`"));
        Ok(Self {
            name: name.into(),
            dtype: dtype.ok_or_else(|| missing("dtype"))?,
            sides: if shape { sides } else { return Err(missing("shape")) },
            dimensions,
            range: range.ok_or_else(|| missing("data_offsets"))?,
        })
    }
}

/// The entries of a header, sorted by name and without duplicates, and the text of its `__metadata__`, which is empty if
/// there is none. `data` is the number of bytes after the header.
pub(super) fn parse(header: &[u8], data: u64) -> Result<(Vec<Entry>, Box<str>), Error> {
    let malformed = |reason| Error::Header { reason };
    let header = std::str::from_utf8(header).map_err(|error| malformed(error.to_string()))?;
    let (mut count, mut metadata) = (0, "");
    Json::new(header)
        .entries(|name, value| {
            if name == METADATA {
                metadata = value.text();
            } else {
                count += 1;
            }
            Ok(())
        })
        .map_err(malformed)?;
    // Counts first, because a list that grows needs up to three times its memory.
    let mut entries = with_room(count)?;
    Json::new(header)
        .entries(|name, value| {
            if name != METADATA {
                let entry = Entry::read(name, value);
                entries.push(entry.map_err(|error| format!("tensor `{name}`: {error}"))?);
            }
            Ok(())
        })
        .map_err(malformed)?;
    sort_by(&mut entries, |a, b| a.range.cmp(&b.range));
    check_ranges(&entries, data)?;
    sort_by(&mut entries, |a, b| a.name.cmp(&b.name));
    match entries.windows(2).find(|pair| pair[0].name == pair[1].name) {
        Some(pair) => Err(malformed(format!("tensor `{}` occurs twice", pair[0].name))),
        None => Ok((entries, metadata.into())),
    }
}

/// Checks that the tensors, sorted by their ranges, fill `data` bytes without gap or overlap, and that each range has
/// the length of its shape and type.
fn check_ranges(in_order: &[Entry], data: u64) -> Result<(), Error> {
    let mut filled = 0;
    for entry in in_order {
        let &Entry { ref name, dtype, range: (start, end), .. } = entry;
        let shape = entry.shape();
        let range = |expected| Error::TensorRange {
            tensor: name.to_string(),
            expected,
            found: (start, end),
        };
        let elements = shape.iter().try_fold(1_usize, |product, &side| product.checked_mul(side));
        let bits = elements.and_then(|elements| elements.checked_mul(dtype.bitsize()));
        let Some(bits) = bits else {
            return Err(range(format!("a shape that can exist, not {shape:?}")));
        };
        if start != filled {
            return Err(range(format!("to begin at {filled}, where the tensor before it ends")));
        }
        if end.checked_sub(start) != Some(bits.div_ceil(8)) {
            let bytes = bits.div_ceil(8);
            return Err(range(format!("{bytes} bytes for {dtype:?} of shape {shape:?}")));
        }
        if end as u64 > data {
            return Err(range(format!(
                "to end within the {data} bytes that the file has for tensors"
            )));
        }
        filled = end;
    }
    if filled as u64 != data {
        return Err(Error::TrailingBytes { expected: filled as u64, found: data });
    }
    Ok(())
}
