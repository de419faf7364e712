//! Reads a FlatBuffer in place, piece by piece. The file is not trusted: an offset or a length that leads outside of it
//! is an error, found before anything is read or allocated.
//!
//! A table begins with the distance back to its vtable. The vtable has the offset of each field in the table, or 0 if
//! the field has its default value. A field of variable size holds the distance from itself to its data.

use std::cell::RefCell;

use crate::buffer::with_room;
use crate::error::Error;
use crate::weights::ByteSource;

/// Bytes of the file that are cached. Tables are read number by number, and each call of a source is expensive.
const PAGE: u64 = 4096;

/// Reads single numbers from a file.
pub(super) struct Reader<'a> {
    pub source: &'a dyn ByteSource,
    page: RefCell<Page>,
}

#[derive(Default)]
struct Page {
    start: u64,
    bytes: Vec<u8>,
}

impl<'a> Reader<'a> {
    pub fn new(source: &'a dyn ByteSource) -> Self {
        Self { source, page: RefCell::default() }
    }

    /// The table that the four bytes at `start` refer to.
    pub fn root(&self, start: u64, what: &'static str) -> Result<Table<'_>, Error> {
        self.table(self.follow(start, what)?, what)
    }

    /// The `N` bytes at `offset`; `what` names the part of the file in errors.
    fn bytes<const N: usize>(&self, offset: u64, what: &'static str) -> Result<[u8; N], Error> {
        let mut bytes = [0; N];
        self.range(offset, N as u64, what)?;
        let page = &mut *self.page.borrow_mut();
        let cached = |page: &Page| {
            let from = usize::try_from(offset.checked_sub(page.start)?).ok()?;
            page.bytes.get(from..)?.first_chunk::<N>().copied()
        };
        if let Some(bytes) = cached(page) {
            return Ok(bytes);
        }
        // A page, but not beyond the end of the file.
        let len = PAGE.min(self.source.len() - offset) as usize;
        page.bytes.clear();
        page.bytes.resize(len, 0);
        page.start = offset;
        if let Err(error) = self.source.read(offset, &mut page.bytes) {
            page.bytes.clear();
            return Err(error);
        }
        bytes.copy_from_slice(&page.bytes[..N]);
        Ok(bytes)
    }

    /// Checks that `length` bytes from `offset` on are within the file.
    fn range(&self, offset: u64, length: u64, what: &'static str) -> Result<(), Error> {
        match offset.checked_add(length) {
            Some(end) if end <= self.source.len() => Ok(()),
            _ => Err(Error::TfliteRange { what, offset, length, file: self.source.len() }),
        }
    }

    fn u32(&self, offset: u64, what: &'static str) -> Result<u32, Error> {
        self.bytes(offset, what).map(u32::from_le_bytes)
    }

    /// Adds the distance stored at `offset` to `offset`.
    fn follow(&self, offset: u64, what: &'static str) -> Result<u64, Error> {
        Ok(offset + u64::from(self.u32(offset, what)?))
    }

    fn table(&self, offset: u64, what: &'static str) -> Result<Table<'_>, Error> {
        let back = i32::from_le_bytes(self.bytes(offset, what)?);
        let vtable = offset.checked_add_signed(-i64::from(back));
        let out = Error::TfliteRange { what, offset, length: 4, file: self.source.len() };
        let vtable = vtable.ok_or(out)?;
        let len = u16::from_le_bytes(self.bytes(vtable, what)?);
        Ok(Table { reader: self, offset, vtable, len, what })
    }
}

/// A table, and its name in errors.
#[derive(Clone, Copy)]
pub(super) struct Table<'a> {
    reader: &'a Reader<'a>,
    offset: u64,
    vtable: u64,
    /// Bytes of the vtable.
    len: u16,
    what: &'static str,
}

impl<'a> Table<'a> {
    /// The file.
    pub fn source(&self) -> &'a dyn ByteSource {
        self.reader.source
    }

    /// The offset of a field in the file; `None` if the field has its default value.
    fn field(&self, number: u16) -> Result<Option<u64>, Error> {
        let entry = 4 + 2 * number;
        if entry + 2 > self.len {
            return Ok(None);
        }
        let place = self.reader.bytes(self.vtable + u64::from(entry), self.what)?;
        Ok(match u16::from_le_bytes(place) {
            0 => None,
            place => Some(self.offset + u64::from(place)),
        })
    }

    /// The `N` bytes of a numeric field.
    fn number<const N: usize>(&self, number: u16) -> Result<Option<[u8; N]>, Error> {
        match self.field(number)? {
            Some(offset) => self.reader.bytes(offset, self.what).map(Some),
            None => Ok(None),
        }
    }

    pub fn u8(&self, number: u16, default: u8) -> Result<u8, Error> {
        Ok(self.number(number)?.map_or(default, u8::from_le_bytes))
    }

    pub fn i32(&self, number: u16, default: i32) -> Result<i32, Error> {
        Ok(self.number(number)?.map_or(default, i32::from_le_bytes))
    }

    pub fn f32(&self, number: u16) -> Result<f32, Error> {
        Ok(self.number(number)?.map_or(0.0, f32::from_le_bytes))
    }

    pub fn table(&self, number: u16, what: &'static str) -> Result<Option<Table<'a>>, Error> {
        let Some(field) = self.field(number)? else { return Ok(None) };
        self.reader.table(self.reader.follow(field, what)?, what).map(Some)
    }

    /// A vector with elements of `size` bytes; empty if the file has none.
    pub fn vector(&self, number: u16, size: u64, what: &'static str) -> Result<Vector<'a>, Error> {
        let reader = self.reader;
        let Some(field) = self.field(number)? else {
            return Ok(Vector { reader, start: 0, len: 0, size, what });
        };
        let offset = reader.follow(field, what)?;
        let len = reader.u32(offset, what)?;
        reader.range(offset + 4, u64::from(len) * size, what)?;
        Ok(Vector { reader, start: offset + 4, len, size, what })
    }

    /// The first `most` bytes of a text.
    pub fn text(&self, number: u16, most: u32, what: &'static str) -> Result<String, Error> {
        let vector = self.vector(number, 1, what)?;
        let len = vector.len.min(most) as usize;
        let mut bytes = with_room(len)?;
        bytes.resize(len, 0);
        self.reader.source.read(vector.start, &mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

/// A vector in the file.
#[derive(Clone, Copy)]
pub(super) struct Vector<'a> {
    reader: &'a Reader<'a>,
    /// Offset of its first element in the file.
    pub start: u64,
    /// Number of elements.
    pub len: u32,
    size: u64,
    pub what: &'static str,
}

impl<'a> Vector<'a> {
    /// The offset of an element in the file.
    fn element(&self, index: u32) -> Result<u64, Error> {
        if index >= self.len {
            let Self { what, len, .. } = *self;
            return Err(Error::TfliteIndex { what, index: i64::from(index), len });
        }
        Ok(self.start + u64::from(index) * self.size)
    }

    pub fn i32(&self, index: u32) -> Result<i32, Error> {
        self.reader.bytes(self.element(index)?, self.what).map(i32::from_le_bytes)
    }

    pub fn i64(&self, index: u32) -> Result<i64, Error> {
        self.reader.bytes(self.element(index)?, self.what).map(i64::from_le_bytes)
    }

    pub fn f32(&self, index: u32) -> Result<f32, Error> {
        self.reader.bytes(self.element(index)?, self.what).map(f32::from_le_bytes)
    }

    /// The table that an element refers to.
    pub fn table(&self, index: u32) -> Result<Table<'a>, Error> {
        let offset = self.element(index)?;
        self.reader.table(self.reader.follow(offset, self.what)?, self.what)
    }
}
