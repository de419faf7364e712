//! Reads the part of HDF5 that Keras writes through h5py: version 0 of the file, groups with symbol tables, and arrays
//! that lie in one piece, or in chunks as programs that pack files leave them.

mod chunks;

use std::collections::BTreeMap;

use chunks::Unpacked;

use super::malformed;
use crate::buffer::with_room;
use crate::error::Error;
use crate::weights::ByteSource;
use crate::weights::format::folder::Bytes;
use crate::weights::format::index::{Element, Entry};

const MAGIC: [u8; 8] = *b"\x89HDF\r\n\x1a\n";

/// The deepest nesting of groups.
const MAX_DEPTH: usize = 16;
/// The most links of all groups, nodes of their trees, and messages of all objects together. V3-Large has some 3000.
const MAX_PARTS: usize = 1 << 16;
/// The fewest bytes of a part, on average over a whole file. This bounds the memory of a small malicious file.
const LEAST: u64 = 24;
/// The most groups and arrays, with those of the optimizer, and the fewest bytes of one with its header.
const MAX_OBJECTS: usize = 8192;
const LEAST_OBJECT: u64 = 200;
/// The most bytes of a name.
const MAX_NAME: usize = 256;
const MAX_RANK: usize = 6;

/// What helps against a newer version of the format, which h5py writes only if it is asked to.
const SAVE_AGAIN: &str = "load the file in Keras and save it again, or create its groups and arrays anew by h5py, without \
    libver=\"latest\" and track_order (its copy() keeps their form)";

/// Whether this is an HDF5 file.
pub(in crate::weights) fn is_hdf5(source: &dyn ByteSource) -> bool {
    let mut magic = [0; 8];
    source.len() >= 8 && source.read(0, &mut magic).is_ok() && magic == MAGIC
}

/// A group or an array.
pub(super) enum Object {
    /// The offset of its header.
    Group(u64),
    /// Its place in file 0, or in one of [`Reader::unpacked`], which are files 1, 2, ….
    Array(Entry),
}

/// Takes the path of a group or an array.
type Found<'f> = &'f mut dyn FnMut(String, Object);

/// A message of an object's header: its type, offset and length.
type Message = (u16, u64, u64);

/// The offsets of an attribute's type, dimensions and value.
struct Attribute {
    kind: u64,
    space: u64,
    data: u64,
}

pub(super) struct Reader<'s> {
    source: &'s dyn ByteSource,
    /// The file's name in errors.
    name: &'static str,
    /// The number of parts that may still be read.
    left: usize,
    /// The number of groups and arrays that may still be found.
    objects: usize,
    /// The number of bytes that paths and lists of names may still have. A file that a library wrote has each of these
    /// bytes only once.
    text: u64,
    /// The arrays that lay in chunks.
    unpacked: Unpacked,
    /// The offsets and lengths of each heap's objects: by the heap's offset, then by the object's number.
    heaps: BTreeMap<u64, BTreeMap<u32, (u64, u64)>>,
}

impl<'s> Reader<'s> {
    /// Makes a reader of a file. The checkpoint has `length` bytes in all.
    pub fn new(source: &'s dyn ByteSource, name: &'static str, length: u64) -> Self {
        let left = MAX_PARTS.min((source.len() / LEAST) as usize);
        let objects = MAX_OBJECTS.min((length / LEAST_OBJECT) as usize);
        let (unpacked, heaps) = (Unpacked::new(length), BTreeMap::new());
        Self { source, name, left, objects, text: length, unpacked, heaps }
    }

    /// The arrays that lay in chunks, as files 1, 2, ….
    pub fn unpacked(&mut self) -> impl Iterator<Item = Box<dyn ByteSource>> + use<> {
        let arrays = std::mem::take(&mut self.unpacked.arrays).into_iter();
        arrays.map(|bytes| Box::new(Bytes(bytes)) as Box<dyn ByteSource>)
    }

    pub fn error(&self, reason: String) -> Error {
        malformed(self.name, reason)
    }

    fn bytes<const N: usize>(&self, at: u64) -> Result<[u8; N], Error> {
        let mut bytes = [0; N];
        if at.checked_add(N as u64).is_none_or(|end| end > self.source.len()) {
            return Err(self.error(format!("{N} bytes at {at} reach beyond its end")));
        }
        self.source.read(at, &mut bytes)?;
        Ok(bytes)
    }

    fn u8(&self, at: u64) -> Result<u8, Error> {
        self.bytes::<1>(at).map(|[byte]| byte)
    }

    fn u16(&self, at: u64) -> Result<u16, Error> {
        self.bytes(at).map(u16::from_le_bytes)
    }

    fn u32(&self, at: u64) -> Result<u32, Error> {
        self.bytes(at).map(u32::from_le_bytes)
    }

    fn u64(&self, at: u64) -> Result<u64, Error> {
        self.bytes(at).map(u64::from_le_bytes)
    }

    /// Checks that a part begins at `at`, and counts it.
    fn expect(&mut self, at: u64, magic: &[u8; 4]) -> Result<(), Error> {
        self.count()?;
        if self.bytes::<4>(at)? == *magic {
            return Ok(());
        }
        let magic = String::from_utf8_lossy(magic);
        Err(self.error(format!("{magic} is expected at {at}")))
    }

    fn count(&mut self) -> Result<(), Error> {
        match self.left.checked_sub(1) {
            Some(left) => self.left = left,
            None => return Err(self.error("it has more parts than a model needs".to_owned())),
        }
        Ok(())
    }

    /// Counts bytes of text.
    fn count_text(&mut self, bytes: u64) -> Result<(), Error> {
        match self.text.checked_sub(bytes) {
            Some(text) => self.text = text,
            None => return Err(self.error("its names are longer than a model needs".to_owned())),
        }
        Ok(())
    }

    /// The header of the root group.
    pub fn root(&self) -> Result<u64, Error> {
        let version = self.u8(8)?;
        let (offsets, lengths, base) = (self.u8(13)?, self.u8(14)?, self.u64(24)?);
        if self.bytes::<8>(0)? != MAGIC || (version, offsets, lengths, base) != (0, 8, 8, 0) {
            let what = format!("its superblock of version {version} can't be read");
            return Err(self.error(format!("{what}: {SAVE_AGAIN}")));
        }
        self.u64(64)
    }

    /// The messages of an object's header.
    fn messages(&mut self, header: u64) -> Result<Vec<Message>, Error> {
        if self.bytes::<4>(header)? == *b"OHDR" {
            let what = format!(
                "the object at {header} has a header of version 2, as libver=\"latest\" and track_order make it"
            );
            return Err(self.error(format!("{what}: {SAVE_AGAIN}")));
        }
        if self.u8(header)? != 1 {
            return Err(self.error(format!("no object's header is at {header}")));
        }
        let size = self.u32(header.saturating_add(8))?;
        let mut blocks = vec![(header.saturating_add(16), u64::from(size))];
        let mut messages = Vec::new();
        while let Some((mut at, length)) = blocks.pop() {
            let end = at.saturating_add(length).min(self.source.len());
            while at.saturating_add(8) <= end {
                self.count()?;
                let (kind, size) = (self.u16(at)?, u64::from(self.u16(at + 2)?));
                let data = at + 8;
                // This message says where the header continues.
                if kind == 0x10 {
                    blocks.push((self.u64(data)?, self.u64(data.saturating_add(8))?));
                } else if matches!(kind, 0x1 | 0x3 | 0x8 | 0xb | 0xc | 0x11) {
                    messages.push((kind, data, size));
                }
                at = data + size;
            }
        }
        Ok(messages)
    }

    /// Calls `found` with the group at `header`, whose path is empty, and with all groups and arrays in it.
    pub fn walk(&mut self, header: u64, found: Found<'_>) -> Result<(), Error> {
        self.walk_below(header, String::new(), 0, found)
    }

    fn walk_below(
        &mut self,
        header: u64,
        path: String,
        depth: usize,
        found: Found<'_>,
    ) -> Result<(), Error> {
        if depth > MAX_DEPTH {
            return Err(self.error("groups within too many groups".to_owned()));
        }
        let messages = self.messages(header)?;
        let Some(&(_, table, _)) = messages.iter().find(|&&(kind, ..)| kind == 0x11) else {
            if let Some(array) = self.array(&path, &messages)? {
                found(path, array);
            }
            return Ok(());
        };
        for (name, child) in self.links(table)? {
            let slash = if path.is_empty() { "" } else { "/" };
            let path = format!("{path}{slash}{name}");
            self.count_text(path.len() as u64)?;
            match self.objects.checked_sub(1) {
                Some(objects) => self.objects = objects,
                None => return Err(self.error("it has too many groups and arrays".to_owned())),
            }
            self.walk_below(child, path, depth + 1, found)?;
        }
        found(path, Object::Group(header));
        Ok(())
    }

    /// The header of the group or array of this name in the group at `header`.
    pub fn child(&mut self, header: u64, wanted: &str) -> Result<Option<u64>, Error> {
        let messages = self.messages(header)?;
        let links = match messages.iter().find(|&&(kind, ..)| kind == 0x11) {
            Some(&(_, table, _)) => self.links(table)?,
            None => Vec::new(),
        };
        Ok(links.into_iter().find(|(name, _)| name == wanted).map(|(_, header)| header))
    }

    /// The names in a group, with the headers of their objects. `table` is the group's symbol table.
    fn links(&mut self, table: u64) -> Result<Vec<(String, u64)>, Error> {
        let (tree, heap) = (self.u64(table)?, self.u64(table.saturating_add(8))?);
        self.expect(heap, b"HEAP")?;
        let names = self.u64(heap.saturating_add(24))?;
        let mut links = Vec::new();
        let mut nodes = vec![tree];
        while let Some(node) = nodes.pop() {
            if self.bytes::<4>(node)? == *b"TREE" {
                self.expect(node, b"TREE")?;
                let count = u64::from(self.u16(node.saturating_add(6))?);
                for child in 0..count {
                    self.count()?;
                    nodes.push(self.u64(node.saturating_add(32 + 16 * child))?);
                }
                continue;
            }
            self.expect(node, b"SNOD")?;
            for link in 0..u64::from(self.u16(node.saturating_add(6))?) {
                let at = node.saturating_add(8 + 40 * link);
                let name = self.name(names.saturating_add(self.u64(at)?), MAX_NAME)?;
                links.push((name, self.u64(at.saturating_add(8))?));
                self.count()?;
            }
        }
        Ok(links)
    }

    /// A name that ends with a zero, or after `most` bytes.
    fn name(&self, at: u64, most: usize) -> Result<String, Error> {
        let most = self.source.len().saturating_sub(at).min(most.min(MAX_NAME) as u64) as usize;
        let mut bytes = [0; MAX_NAME];
        self.source.read(at.min(self.source.len()), &mut bytes[..most])?;
        let name = bytes[..most].split(|&byte| byte == 0).next().unwrap_or_default();
        String::from_utf8(name.to_vec()).map_err(|_| self.error(format!("no name is at {at}")))
    }

    /// The array that the messages of the object at `path` describe.
    fn array(&mut self, path: &str, messages: &[Message]) -> Result<Option<Object>, Error> {
        let find = |wanted| messages.iter().find(|&&(kind, ..)| kind == wanted);
        let (Some(&(_, space, _)), Some(&(_, kind, _)), Some(&(_, layout, _))) =
            (find(0x1), find(0x3), find(0x8))
        else {
            return Ok(None);
        };
        let shape = self.shape(space)?;
        let float = self.u8(kind)? & 0xf == 1 && self.u8(kind.saturating_add(1))? & 1 == 0;
        let exponent = if float { self.u8(kind.saturating_add(13))? } else { 0 };
        let element = match (self.u32(kind.saturating_add(4))?, exponent) {
            (4, 8) => Element::F32,
            (2, 5) => Element::F16,
            (2, 8) => Element::BF16,
            _ => Element::Other("not of 16 or 32 bits", 0),
        };
        // The low byte is the version.
        match self.u16(layout)? {
            0x0103 => {
                let offset = self.u64(layout.saturating_add(2))?;
                Ok(Some(Object::Array(Entry { shape, element, file: 0, offset })))
            }
            0x0203 => {
                let filters = find(0xb).map(|&(_, filters, _)| filters);
                self.unpack(path, shape, element, layout, filters).map(Some)
            }
            _ => {
                let element = Element::Stored("neither in one piece nor in chunks of a tree");
                Ok(Some(Object::Array(Entry { shape, element, file: 0, offset: 0 })))
            }
        }
    }

    /// The dimensions that the message at `space` describes.
    fn shape(&self, space: u64) -> Result<Vec<usize>, Error> {
        let rank = u64::from(self.u8(space.saturating_add(1))?);
        if rank > MAX_RANK as u64 {
            return Err(self.error(format!("an array has {rank} dimensions")));
        }
        let sides = space.saturating_add(if self.u8(space)? == 1 { 8 } else { 4 });
        let mut shape = Vec::new();
        for side in 0..rank {
            let side = self.u64(sides.saturating_add(8 * side))?;
            shape.push(usize::try_from(side).unwrap_or(usize::MAX));
        }
        Ok(shape)
    }

    /// Finds an object's attribute.
    fn attribute(&mut self, header: u64, wanted: &str) -> Result<Option<Attribute>, Error> {
        for (kind, at, _) in self.messages(header)? {
            if kind != 0xc {
                continue;
            }
            let version = self.u8(at)?;
            let [name, kind, space] = [2, 4, 6].map(|field| self.u16(at.saturating_add(field)));
            let sizes = [u64::from(name?), u64::from(kind?), u64::from(space?)];
            // Version 1 pads each part, version 3 has a character set.
            let sizes =
                if version == 1 { sizes.map(|size| size.next_multiple_of(8)) } else { sizes };
            let [name, kind, space] = sizes;
            let start = at.saturating_add(if version == 3 { 9 } else { 8 });
            if self.name(start, MAX_NAME)? == wanted {
                let (kind, data) = (start + name, start + name + kind + space);
                return Ok(Some(Attribute { kind, space: data - space, data }));
            }
        }
        Ok(None)
    }

    /// The text of an object's attribute.
    pub fn text(&mut self, header: u64, wanted: &str) -> Result<Option<String>, Error> {
        let Some(attribute) = self.attribute(header, wanted)? else { return Ok(None) };
        let (start, length) = self.string(&attribute, 0)?;
        if start.checked_add(length).is_none_or(|end| end > self.source.len()) {
            return Err(self.error(format!("{wanted} reaches beyond its end")));
        }
        let mut bytes = with_room(length as usize)?;
        bytes.resize(length as usize, 0);
        self.source.read(start, &mut bytes)?;
        let text = String::from_utf8(bytes);
        text.map(Some).map_err(|_| self.error(format!("{wanted} is no text")))
    }

    /// The names in an object's attribute. If they were too long for one attribute, there are several with numbers.
    pub fn names(&mut self, header: u64, wanted: &str) -> Result<Option<Vec<String>>, Error> {
        let mut names = Vec::new();
        if let Some(attribute) = self.attribute(header, wanted)? {
            self.add_names(&attribute, wanted, &mut names)?;
            return Ok(Some(names));
        }
        let mut pieces = 0;
        while let Some(attribute) = self.attribute(header, &format!("{wanted}{pieces}"))? {
            self.add_names(&attribute, wanted, &mut names)?;
            pieces += 1;
        }
        Ok((pieces > 0).then_some(names))
    }

    fn add_names(
        &mut self,
        attribute: &Attribute,
        wanted: &str,
        names: &mut Vec<String>,
    ) -> Result<(), Error> {
        let count = self.shape(attribute.space)?.into_iter().fold(1, usize::saturating_mul);
        for number in 0..count as u64 {
            self.count()?;
            let (start, length) = self.string(attribute, number)?;
            if length > MAX_NAME as u64 {
                return Err(self.error(format!("{wanted} has a name of {length} bytes")));
            }
            let name = self.name(start, length as usize)?;
            self.count_text(name.len() as u64)?;
            names.push(name);
        }
        Ok(())
    }

    /// The offset and length of the string of this number in an attribute. The string is padded with zeros.
    fn string(&mut self, attribute: &Attribute, number: u64) -> Result<(u64, u64), Error> {
        let size = u64::from(self.u32(attribute.kind.saturating_add(4))?);
        let at = attribute.data.saturating_add(number.saturating_mul(size));
        // Strings of variable length lie in a heap.
        if self.u8(attribute.kind)? & 0xf == 9 {
            self.object(self.u64(at.saturating_add(4))?, self.u32(at.saturating_add(12))?)
        } else {
            Ok((at, size))
        }
    }

    /// The offset and length of an object of the global heap at `heap`. It searches each heap only once, because a list
    /// of names has its objects in several heaps in turn.
    fn object(&mut self, heap: u64, wanted: u32) -> Result<(u64, u64), Error> {
        if !self.heaps.contains_key(&heap) {
            let objects = self.objects_in(heap)?;
            self.heaps.insert(heap, objects);
        }
        let found = self.heaps.get(&heap).and_then(|objects| objects.get(&wanted).copied());
        found.ok_or_else(|| self.error(format!("its heap has no object {wanted}")))
    }

    fn objects_in(&mut self, heap: u64) -> Result<BTreeMap<u32, (u64, u64)>, Error> {
        self.expect(heap, b"GCOL")?;
        let end = heap.saturating_add(self.u64(heap.saturating_add(8))?).min(self.source.len());
        let mut at = heap.saturating_add(16);
        let mut objects = BTreeMap::new();
        while at.saturating_add(16) <= end {
            self.count()?;
            let (number, size) = (self.u16(at)?, self.u64(at + 8)?);
            // The rest of the heap is free.
            if number == 0 {
                break;
            }
            objects.insert(u32::from(number), (at + 16, size));
            at = (at + 16).saturating_add(size.min(end).next_multiple_of(8));
        }
        Ok(objects)
    }
}
