//! The zip format: finds the files of an archive. Files that are stored as they are, as PyTorch and Keras do, are read
//! in place; a deflated one is inflated whole.

use std::cell::Cell;

use miniz_oxide::inflate::decompress_slice_iter_to_slice;

use super::folder::Window;
use crate::buffer::with_room;
use crate::error::Error;
use crate::weights::ByteSource;

/// The first bytes of an archive: those of a local header.
const MAGIC: [u8; 4] = *b"PK\x03\x04";
/// Begins the record at the end.
const END: [u8; 4] = *b"PK\x05\x06";
const END_LENGTH: usize = 22;
/// Begins a file's header in the directory.
const HEADER: [u8; 4] = *b"PK\x01\x02";
const HEADER_LENGTH: usize = 46;
const LOCAL_LENGTH: usize = 30;
/// The longest comment behind the record at the end.
const MAX_COMMENT: usize = 0xffff;

const STORED: u16 = 0;
const DEFLATED: u16 = 8;

/// How many times its own length an archive's deflated files may have together. Weights shrink by a tenth.
const MAX_INFLATION: u64 = 2;
/// Bytes that they may have besides: in small files the topology, which shrinks to a tenth, outweighs the weights.
const INFLATION: u64 = 16 << 10;

/// The most files of an archive. A file of PyTorch has one for each tensor: some 400.
const MAX_FILES: usize = 4096;

/// Whether this is a zip archive.
pub(in crate::weights) fn is_zip(source: &dyn ByteSource) -> bool {
    let mut magic = [0; 4];
    source.len() >= 4 && source.read(0, &mut magic).is_ok() && magic == MAGIC
}

/// An open archive.
pub(in crate::weights) struct Archive<'a> {
    source: &'a dyn ByteSource,
    directory: Vec<u8>,
    files: Vec<File>,
    /// Bytes that may still be inflated.
    left: Cell<u64>,
}

/// A file of the archive.
struct File {
    /// Where its name is in the directory.
    name: usize,
    name_length: u16,
    method: u16,
    encrypted: bool,
    compressed: u32,
    length: u32,
    /// Offset of its local header.
    offset: u32,
}

impl<'a> Archive<'a> {
    pub fn open(source: &'a dyn ByteSource) -> Result<Self, Error> {
        let (count, length, start) = directory(source)?;
        let mut directory = with_room(length)?;
        directory.resize(length, 0);
        source.read(start, &mut directory)?;
        // Each has a header in the directory.
        let mut files = with_room(count.min(length / HEADER_LENGTH))?;
        let mut at = 0;
        for _ in 0..count {
            let header = directory.get(at..).and_then(|rest| rest.first_chunk::<HEADER_LENGTH>());
            let Some(header) = header.filter(|header| header.starts_with(&HEADER)) else {
                return Err(malformed("its directory is cut off or damaged".to_owned()));
            };
            let name_length = u16_at(header, 28);
            let name = at + HEADER_LENGTH;
            at = name
                + usize::from(name_length)
                + usize::from(u16_at(header, 30))
                + usize::from(u16_at(header, 32));
            if at > length {
                return Err(malformed("its directory is cut off".to_owned()));
            }
            files.push(File {
                name,
                name_length,
                method: u16_at(header, 10),
                encrypted: u16_at(header, 8) & 1 != 0,
                compressed: u32_at(header, 20),
                length: u32_at(header, 24),
                offset: u32_at(header, 42),
            });
        }
        let left = Cell::new(MAX_INFLATION.saturating_mul(source.len()).saturating_add(INFLATION));
        Ok(Self { source, directory, files, left })
    }

    /// The names of the files, in the order of their numbers. One that is not UTF-8 is empty.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(|file| {
            let name = &self.directory[file.name..][..usize::from(file.name_length)];
            std::str::from_utf8(name).unwrap_or_default()
        })
    }

    /// Opens the file of this number.
    pub fn file(&self, number: usize) -> Result<Box<dyn ByteSource + 'a>, Error> {
        let name = self.names().nth(number).unwrap_or_default();
        let error = |reason: String| malformed(format!("`{}`: {reason}", super::short(name)));
        let Some(file) = self.files.get(number) else {
            return Err(error("there is no such file".to_owned()));
        };
        if file.encrypted {
            return Err(error("it is encrypted".to_owned()));
        }
        let mut local = [0; LOCAL_LENGTH];
        let offset = u64::from(file.offset);
        if offset + LOCAL_LENGTH as u64 > self.source.len() {
            return Err(error(format!("its header at {offset} is beyond the end")));
        }
        self.source.read(offset, &mut local)?;
        if !local.starts_with(&MAGIC) {
            return Err(error("its header is damaged".to_owned()));
        }
        let skip = LOCAL_LENGTH + usize::from(u16_at(&local, 26)) + usize::from(u16_at(&local, 28));
        let (start, length) = (offset + skip as u64, u64::from(file.compressed));
        if start + length > self.source.len() {
            return Err(error(format!("{length} bytes at {start} reach beyond the end")));
        }
        let window = Window::new(self.source, start, length);
        match file.method {
            STORED if file.compressed == file.length => Ok(Box::new(window)),
            DEFLATED => self.inflate(&window, file.length).map_err(|reason| match reason {
                Ok(reason) => error(reason),
                Err(error) => error,
            }),
            method => Err(error(format!("it is packed by method {method}, 0 or 8 is expected"))),
        }
    }

    /// Inflates a file to `length` bytes. An error is a reason, or already an error.
    fn inflate(
        &self,
        packed: &dyn ByteSource,
        length: u32,
    ) -> Result<Box<dyn ByteSource + 'a>, Result<String, Error>> {
        let Some(left) = self.left.get().checked_sub(u64::from(length)) else {
            return Err(Ok(format!("{length} bytes unpacked, more than weights can shrink")));
        };
        self.left.set(left);
        let mut bytes = with_room(packed.len() as usize).map_err(Err)?;
        bytes.resize(packed.len() as usize, 0);
        packed.read(0, &mut bytes).map_err(Err)?;
        let mut unpacked: Vec<u8> = with_room(length as usize).map_err(Err)?;
        unpacked.resize(length as usize, 0);
        let found =
            decompress_slice_iter_to_slice(&mut unpacked, std::iter::once(&bytes[..]), false, true);
        match found {
            Ok(found) if found == unpacked.len() => Ok(Box::new(super::folder::Bytes(unpacked))),
            Ok(found) => Err(Ok(format!("{found} bytes unpacked, {length} are expected"))),
            Err(status) => Err(Ok(format!("it can't be unpacked: {status:?}"))),
        }
    }
}

/// The number of files, and length and offset of the directory, from the record at the end.
fn directory(source: &dyn ByteSource) -> Result<(usize, usize, u64), Error> {
    let most = source.len().min((END_LENGTH + MAX_COMMENT) as u64) as usize;
    let mut tail = with_room(most)?;
    tail.resize(most, 0);
    source.read(source.len() - most as u64, &mut tail)?;
    for at in (0..(most + 1).saturating_sub(END_LENGTH)).rev() {
        let Some(end) = tail[at..].first_chunk::<END_LENGTH>() else { continue };
        if !end.starts_with(&END) || at + END_LENGTH + usize::from(u16_at(end, 20)) != most {
            continue;
        }
        let (count, length, start) = (u16_at(end, 10), u32_at(end, 12), u32_at(end, 16));
        if count == u16::MAX || start == u32::MAX {
            return Err(malformed("archives of zip64 can't be read".to_owned()));
        }
        if usize::from(count) > MAX_FILES {
            return Err(malformed(format!("{count} files, at most {MAX_FILES} are expected")));
        }
        if u64::from(start) + u64::from(length) > source.len() {
            return Err(malformed("its directory reaches beyond the end".to_owned()));
        }
        return Ok((usize::from(count), length as usize, u64::from(start)));
    }
    Err(malformed("the record at its end is missing: is the file cut off?".to_owned()))
}

fn malformed(reason: String) -> Error {
    Error::File { file: "the zip archive".to_owned(), reason }
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    let bytes = bytes.get(at..).and_then(|bytes| bytes.first_chunk());
    u16::from_le_bytes(bytes.copied().unwrap_or_default())
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let bytes = bytes.get(at..).and_then(|bytes| bytes.first_chunk());
    u32::from_le_bytes(bytes.copied().unwrap_or_default())
}
