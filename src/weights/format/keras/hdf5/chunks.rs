//! Reads arrays that lie in chunks, which a tree lists, and unpacks those that h5py's `compression="gzip"` and `shuffle`
//! have packed.

use std::collections::BTreeSet;

use miniz_oxide::inflate::decompress_slice_iter_to_slice;

use super::{Object, Reader};
use crate::buffer::with_room;
use crate::error::Error;
use crate::weights::format::index::{Element, Entry};
use crate::weights::format::short;

/// How many times its own length, and bytes besides, the unpacked chunks of a file may take, with what a layer's weights take
/// while they are read from the largest array.
const MAX_INFLATION: u64 = 4;
const INFLATION: u64 = 16 << 10;
/// How often the largest array is in memory besides, as floats: as it is stored, and transposed.
const COPIES: u64 = 2;

/// What was done with a chunk when it was written.
#[derive(Clone, Copy, PartialEq)]
enum Filter {
    Deflated,
    /// The first bytes of all elements come first, then the second bytes, and so on.
    Shuffled,
}

/// The filters that this module doesn't undo, by their numbers: HDF5's own, h5py's lzf, and those of the package hdf5plugin.
const OTHERS: [(u16, &str); 13] = [
    (3, "in chunks with Fletcher's checksums"),
    (4, "in chunks packed by szip"),
    (5, "in chunks packed by nbit"),
    (6, "in chunks packed by scaleoffset"),
    (307, "in chunks packed by bzip2"),
    (32000, "in chunks packed by lzf"),
    (32001, "in chunks packed by Blosc"),
    (32004, "in chunks packed by LZ4"),
    (32008, "in chunks packed by Bitshuffle"),
    (32013, "in chunks packed by ZFP"),
    (32015, "in chunks packed by Zstandard"),
    (32017, "in chunks packed by SZ"),
    (32026, "in chunks packed by Blosc2"),
];

/// An array and its chunks.
struct Chunks {
    shape: Vec<usize>,
    /// A chunk's dimensions.
    sides: Vec<usize>,
    /// Bytes of an element.
    size: usize,
    /// Bytes of an unpacked chunk.
    length: usize,
    filters: Vec<Filter>,
}

/// The memory of a file's unpacked arrays.
pub(super) struct Unpacked {
    /// The bytes that chunks may still have, with [`Unpacked::besides`].
    left: u64,
    /// The bytes that must be left, for copies of the largest array.
    besides: u64,
    pub arrays: Vec<Vec<u8>>,
}

impl Unpacked {
    /// That of a checkpoint of `length` bytes.
    pub fn new(length: u64) -> Self {
        let left = MAX_INFLATION.saturating_mul(length).saturating_add(INFLATION);
        Self { left, besides: 0, arrays: Vec::new() }
    }

    /// Whether `bytes` more have room.
    fn fits(&self, bytes: u64) -> bool {
        self.left.checked_sub(self.besides).is_some_and(|left| bytes <= left)
    }
}

impl Reader<'_> {
    /// Unpacks the array whose layout is at `layout`, into a file of its own. `filters` is the message that lists them.
    pub(super) fn unpack(
        &mut self,
        path: &str,
        shape: Vec<usize>,
        element: Element,
        layout: u64,
        filters: Option<u64>,
    ) -> Result<Object, Error> {
        let other =
            |element, shape| Ok(Object::Array(Entry { shape, element, file: 0, offset: 0 }));
        if matches!(element, Element::Other(..)) {
            return other(element, shape);
        }
        let filters = match filters.map(|at| self.filters(at)).transpose()?.unwrap_or(Ok(vec![])) {
            Ok(filters) => filters,
            Err(how) => return other(Element::Stored(how), shape),
        };
        let failed = |reason: &str| format!("array `{}`: {reason}", short(path));
        let size = element.size();
        // Behind the version, the class, the rank and the tree's offset. The last side is an element's size.
        let mut sides = Vec::new();
        for side in 0..shape.len() as u64 {
            sides.push(self.u32(layout.saturating_add(11 + 4 * side))? as usize);
        }
        let rank = usize::from(self.u8(layout.saturating_add(2))?);
        if rank != shape.len() + 1 || shape.is_empty() || sides.contains(&0) {
            return Err(self.error(failed(&format!("chunks of {sides:?} don't divide {shape:?}"))));
        }
        let bytes = |sides: &[usize]| {
            let mut sides = sides.iter().map(|&side| side as u64);
            sides.try_fold(size as u64, |bytes, side| bytes.checked_mul(side)).unwrap_or(u64::MAX)
        };
        let (whole, length) = (bytes(&shape), bytes(&sides));
        let floats = (whole / size as u64).saturating_mul(size_of::<f32>() as u64);
        let besides = COPIES.saturating_mul(floats.max(length));
        self.unpacked.besides = self.unpacked.besides.max(besides);
        if !self.unpacked.fits(whole.max(length)) {
            let reason =
                format!("{whole} bytes in chunks of {length}, more than weights can shrink");
            return Err(self.error(failed(&reason)));
        }
        let (Ok(whole), Ok(length)) = (usize::try_from(whole), usize::try_from(length)) else {
            return Err(Error::OutOfMemory { bytes: whole.max(length) });
        };
        let mut array: Vec<u8> = with_room(whole)?;
        array.resize(whole, 0);
        let chunks = Chunks { shape, sides, size, length, filters };
        let tree = self.u64(layout.saturating_add(3))?;
        if let Err(reason) = self.gather(tree, &chunks, &mut array)? {
            return Err(self.error(failed(reason)));
        }
        self.unpacked.arrays.push(array);
        let file = self.unpacked.arrays.len();
        Ok(Object::Array(Entry { shape: chunks.shape, element, file, offset: 0 }))
    }

    /// The filters in the order in which they were applied, or what is said of one that can't be undone.
    fn filters(&mut self, at: u64) -> Result<Result<Vec<Filter>, &'static str>, Error> {
        let (first, count) = (self.u8(at)? == 1, self.u8(at.saturating_add(1))?);
        let mut at = at.saturating_add(if first { 8 } else { 2 });
        let mut filters = Vec::new();
        for _ in 0..count {
            self.count()?;
            let number = self.u16(at)?;
            // The second version has names only of filters that are no part of HDF5.
            let named = first || number >= 256;
            let name = if named { u64::from(self.u16(at.saturating_add(2))?) } else { 0 };
            let values = at.saturating_add(if named { 6 } else { 4 });
            let count = u64::from(self.u16(values)?);
            // The first version pads names and values.
            let (name, count) = match first {
                true => (name.next_multiple_of(8), count.next_multiple_of(2)),
                false => (name, count),
            };
            at = values.saturating_add(2 + name + 4 * count);
            let filter = match number {
                1 => Filter::Deflated,
                2 => Filter::Shuffled,
                _ => {
                    let other = OTHERS.iter().find(|&&(other, _)| other == number);
                    return Ok(Err(
                        other.map_or("in chunks packed by an unknown filter", |&(_, name)| name)
                    ));
                }
            };
            if filters.contains(&filter) {
                return Ok(Err("in chunks packed twice"));
            }
            filters.push(filter);
        }
        Ok(Ok(filters))
    }

    /// Reads all chunks below the node `tree` into `array`. An inner error is a reason.
    fn gather(
        &mut self,
        tree: u64,
        chunks: &Chunks,
        array: &mut [u8],
    ) -> Result<Result<(), &'static str>, Error> {
        let rank = chunks.shape.len() as u64;
        let key = 8 + 8 * (rank + 1);
        let mut places = BTreeSet::new();
        let mut nodes = vec![tree];
        while let Some(node) = nodes.pop() {
            self.expect(node, b"TREE")?;
            if self.u8(node.saturating_add(4))? != 1 {
                return Ok(Err("its tree is one of names"));
            }
            let leaf = self.u8(node.saturating_add(5))? == 0;
            for number in 0..u64::from(self.u16(node.saturating_add(6))?) {
                self.count()?;
                let at = node.saturating_add(24 + number * (key + 8));
                let child = self.u64(at.saturating_add(key))?;
                if !leaf {
                    nodes.push(child);
                    continue;
                }
                let (length, skipped) = (self.u32(at)?, self.u32(at.saturating_add(4))?);
                let mut start = Vec::new();
                for (axis, (&most, &side)) in chunks.shape.iter().zip(&chunks.sides).enumerate() {
                    let first = self.u64(at.saturating_add(8 + 8 * axis as u64))?;
                    match usize::try_from(first) {
                        Ok(first) if first < most && first % side == 0 => start.push(first),
                        _ => return Ok(Err("a chunk is out of place")),
                    }
                }
                let bytes = match self.chunk(child, length, skipped, chunks)? {
                    Ok(bytes) => bytes,
                    Err(reason) => return Ok(Err(reason)),
                };
                copy(chunks.size, &bytes, array, &chunks.shape, &chunks.sides, &start);
                if !places.insert(start) {
                    return Ok(Err("two chunks are in one place"));
                }
            }
        }
        let grid = chunks.shape.iter().zip(&chunks.sides).map(|(&most, side)| most.div_ceil(*side));
        if grid.fold(1, usize::saturating_mul) != places.len() {
            return Ok(Err("a chunk is missing"));
        }
        Ok(Ok(()))
    }

    /// Reads and unpacks the chunk of `length` bytes at `at`. The filters whose bits are set were skipped.
    fn chunk(
        &mut self,
        at: u64,
        length: u32,
        skipped: u32,
        chunks: &Chunks,
    ) -> Result<Result<Vec<u8>, &'static str>, Error> {
        if !self.unpacked.fits(chunks.length as u64) {
            return Ok(Err("its chunks are larger than weights can shrink"));
        }
        self.unpacked.left -= chunks.length as u64;
        if at.checked_add(u64::from(length)).is_none_or(|end| end > self.source.len()) {
            return Ok(Err("a chunk reaches beyond the file's end"));
        }
        let mut bytes: Vec<u8> = with_room(length as usize)?;
        bytes.resize(length as usize, 0);
        self.source.read(at, &mut bytes)?;
        for (number, filter) in chunks.filters.iter().enumerate().rev() {
            if skipped >> number & 1 != 0 {
                continue;
            }
            let mut undone = with_room(chunks.length)?;
            undone.resize(chunks.length, 0);
            match filter {
                Filter::Deflated => {
                    let packed = std::iter::once(&bytes[..]);
                    // The checksum at its end tells whether it is damaged.
                    let found = decompress_slice_iter_to_slice(&mut undone, packed, true, false);
                    if found != Ok(chunks.length) {
                        return Ok(Err("a chunk can't be unpacked"));
                    }
                }
                Filter::Shuffled => {
                    if bytes.len() != chunks.length {
                        break;
                    }
                    let count = chunks.length / chunks.size;
                    for (at, byte) in bytes.iter().enumerate() {
                        undone[at % count * chunks.size + at / count] = *byte;
                    }
                }
            }
            bytes = undone;
        }
        Ok(if bytes.len() == chunks.length { Ok(bytes) } else { Err("a chunk has a wrong length") })
    }
}

/// Copies a chunk to its place in an array: `start` along each axis. What is beyond the array's end is padding. An element
/// has `size` bytes.
fn copy(
    size: usize,
    chunk: &[u8],
    array: &mut [u8],
    shape: &[usize],
    sides: &[usize],
    start: &[usize],
) {
    let ([most, shape @ ..], [side, sides @ ..], [first, start @ ..]) = (shape, sides, start)
    else {
        return;
    };
    let bytes = |sides: &[usize]| size * sides.iter().product::<usize>();
    let (step, row) = (bytes(shape), bytes(sides));
    let count = (most - first).min(*side);
    let array = &mut array[first * step..][..count * step];
    if shape.is_empty() {
        array.copy_from_slice(&chunk[..count * size]);
        return;
    }
    for (array, chunk) in array.chunks_exact_mut(step).zip(chunk.chunks_exact(row)) {
        copy(size, chunk, array, shape, sides, start);
    }
}
