//! Several files that belong together: a list of them, or a zip archive.

use super::zip::Archive;
use crate::buffer::with_room;
use crate::error::Error;
use crate::weights::ByteSource;

/// Whether a file is a text that begins like an object in JSON. The eighth byte of a safetensors file is 0.
pub(in crate::weights) fn is_json(source: &dyn ByteSource) -> bool {
    let mut start = [0; 8];
    source.len() >= 8 && source.read(0, &mut start).is_ok() && start[0] == b'{' && start[7] != 0
}

/// A file of a folder.
#[derive(Clone, Copy)]
pub struct NamedFile<'a> {
    /// Its name, with the folders that it is in or without.
    pub name: &'a str,
    /// Its content.
    pub source: &'a dyn ByteSource,
}

/// The folder.
pub(in crate::weights) enum Folder<'a> {
    Files(&'a [NamedFile<'a>]),
    Archive(Archive<'a>),
}

impl<'a> Folder<'a> {
    /// Opens a zip archive.
    pub fn archive(source: &'a dyn ByteSource) -> Result<Self, Error> {
        Archive::open(source).map(Self::Archive)
    }

    /// The names of the files, in the order of their numbers.
    pub fn names(&self) -> Box<dyn Iterator<Item = &str> + '_> {
        match self {
            Self::Files(files) => Box::new(files.iter().map(|file| file.name)),
            Self::Archive(archive) => Box::new(archive.names()),
        }
    }

    /// The number of the file of this name, in whichever folder: the one whose path is the shortest.
    pub fn find(&self, name: &str) -> Option<usize> {
        let is = |path: &str| {
            path.strip_suffix(name)
                .is_some_and(|rest| rest.is_empty() || rest.ends_with(['/', '\\']))
        };
        let found = self.names().enumerate().filter(|(_, path)| is(path));
        found.min_by_key(|(_, path)| path.len()).map(|(number, _)| number)
    }

    /// The error that the folder has no checkpoint that can be read.
    pub fn unknown(&self) -> Error {
        let first: Vec<String> = self.names().take(5).map(super::short).collect();
        let first = first.join(", ");
        Error::UnknownNetwork {
            reason: format!(
                "the files ({first}) have no model of Keras or TensorFlow.js, and no state dict of PyTorch"
            ),
        }
    }

    /// Opens the file of this number.
    pub fn file(&self, number: usize) -> Result<Box<dyn ByteSource + 'a>, Error> {
        match self {
            Self::Files(files) => match files.get(number) {
                Some(NamedFile { source, .. }) => {
                    Ok(Box::new(Window::new(*source, 0, source.len())))
                }
                None => Err(missing("a file")),
            },
            Self::Archive(archive) => archive.file(number),
        }
    }

    /// Opens the file of this name.
    pub fn open(&self, name: &str) -> Result<Box<dyn ByteSource + 'a>, Error> {
        self.file(self.find(name).ok_or_else(|| missing(name))?)
    }

    /// Reads the text file of this name; `None` if there is none.
    pub fn text(&self, name: &str) -> Result<Option<String>, Error> {
        let Some(number) = self.find(name) else { return Ok(None) };
        let source = self.file(number)?;
        let mut bytes = with_room(source.len() as usize)?;
        bytes.resize(source.len() as usize, 0);
        source.read(0, &mut bytes)?;
        String::from_utf8(bytes).map(Some).map_err(|error| Error::File {
            file: name.to_owned(),
            reason: format!("it is no text: {}", error.utf8_error()),
        })
    }
}

/// The error that a file is missing.
pub(super) fn missing(name: &str) -> Error {
    let file = super::short(name);
    let reason = "it is missing: it must come along with the other files of its folder".to_owned();
    Error::File { file, reason }
}

/// A part of a file.
pub(super) struct Window<'a> {
    source: &'a dyn ByteSource,
    start: u64,
    length: u64,
}

impl<'a> Window<'a> {
    /// The `length` bytes from `start` on. They must be in the file.
    pub fn new(source: &'a dyn ByteSource, start: u64, length: u64) -> Self {
        Self { source, start, length }
    }
}

impl ByteSource for Window<'_> {
    fn len(&self) -> u64 {
        self.length
    }

    fn read(&self, offset: u64, buf: &mut [u8]) -> Result<(), Error> {
        match offset.checked_add(buf.len() as u64) {
            Some(end) if end <= self.length => self.source.read(self.start + offset, buf),
            _ => Err(Error::Read {
                offset,
                length: buf.len(),
                reason: format!("there are {} bytes", self.length),
            }),
        }
    }
}

/// A file in memory.
pub(super) struct Bytes(pub Vec<u8>);

impl ByteSource for Bytes {
    fn len(&self) -> u64 {
        self.0.len() as u64
    }

    fn read(&self, offset: u64, buf: &mut [u8]) -> Result<(), Error> {
        (&self.0[..]).read(offset, buf)
    }
}
