//! HDF5, as far as Keras writes it by h5py: version 0 of the file, groups with symbol tables, and arrays that lie in one
//! piece. A file has a model's topology as an attribute (`.h5`), or it has only the weights (`.keras`, a zip archive).

use super::{Model, Naming, malformed};
use crate::buffer::with_room;
use crate::error::Error;
use crate::weights::ByteSource;
use crate::weights::format::folder::{Folder, Window};
use crate::weights::format::index::{Element, Entry, Index};

const MAGIC: [u8; 8] = *b"\x89HDF\r\n\x1a\n";

/// The file with the topology in a `.keras` archive, and the one with the weights.
pub(super) const TOPOLOGY: &str = "config.json";
pub(super) const WEIGHTS: &str = "model.weights.h5";
/// What an error names a `.h5` file.
const FILE: &str = "the HDF5 file";
/// The group of a `.h5` file with the weights, and the attribute with the topology.
const GROUP: &str = "model_weights";
const ATTRIBUTE: &str = "model_config";

/// The deepest group within groups.
const MAX_DEPTH: usize = 16;
/// The most links of all groups, nodes of their trees, and messages of all objects. V3-Large has some 3000.
const MAX_PARTS: usize = 1 << 16;
/// The fewest bytes of a part, on average over a whole file. This bounds the memory of a small malicious file.
const LEAST: u64 = 24;
/// The most arrays, those of the optimizer included, and the fewest bytes of one with its header.
const MAX_ARRAYS: usize = 8192;
const LEAST_ARRAY: u64 = 200;
/// The most bytes of a name.
const MAX_NAME: usize = 256;
const MAX_RANK: usize = 6;

/// Whether this is an HDF5 file.
pub(in crate::weights) fn is_hdf5(source: &dyn ByteSource) -> bool {
    let mut magic = [0; 8];
    source.len() >= 8 && source.read(0, &mut magic).is_ok() && magic == MAGIC
}

/// Opens the model of a `.h5` file.
pub(in crate::weights) fn open(source: &dyn ByteSource) -> Result<Model<'_>, Error> {
    let length = source.len();
    let mut reader = Reader::new(source, FILE);
    let root = reader.root()?;
    let Some(topology) = reader.text(root, ATTRIBUTE)? else {
        return Err(reader.error(
            "it has weights without a topology: save the whole model, with model.save(…)"
                .to_owned(),
        ));
    };
    let mut index = Index::default();
    let file = index.add_file(Box::new(Window::new(source, 0, length)));
    reader.tensors(root, GROUP, file, length, &mut index)?;
    let tensors = Box::new(index);
    Ok(Model { file: ATTRIBUTE, topology, tensors, naming: Naming::Layers, length })
}

/// Opens the model of a `.keras` archive, which has `length` bytes.
pub(super) fn open_archive<'a>(folder: &Folder<'a>, length: u64) -> Result<Model<'a>, Error> {
    let Some(topology) = folder.text(TOPOLOGY)? else {
        return Err(malformed(TOPOLOGY, "it is missing".to_owned()));
    };
    let source = folder.open(WEIGHTS)?;
    let mut index = Index::default();
    let mut reader = Reader::new(&*source, WEIGHTS);
    let root = reader.root()?;
    // The file that is added next.
    let mut found = Vec::new();
    reader.walk(root, "", 0, &mut |name, entry| {
        found.push((name, entry));
        found.len() < MAX_ARRAYS && found.len() as u64 <= length / LEAST_ARRAY
    })?;
    let file = index.add_file(source);
    for (name, entry) in found {
        // Beside the layers there is the optimizer.
        if name.starts_with("layers/") {
            let entry = Entry { file, ..entry };
            index.add(name, entry, length).map_err(|reason| malformed(WEIGHTS, reason))?;
        }
    }
    let tensors = Box::new(index);
    Ok(Model { file: TOPOLOGY, topology, tensors, naming: Naming::Places, length })
}

/// Takes the name of an array and its place; false if there are too many.
type Found<'f> = &'f mut dyn FnMut(String, Entry) -> bool;

/// A message of an object's header: its type, offset and length.
type Message = (u16, u64, u64);

struct Reader<'s> {
    source: &'s dyn ByteSource,
    /// What errors name it.
    name: &'static str,
    /// How many more parts may be read.
    left: usize,
}

impl<'s> Reader<'s> {
    fn new(source: &'s dyn ByteSource, name: &'static str) -> Self {
        let left = MAX_PARTS.min((source.len() / LEAST) as usize);
        Self { source, name, left }
    }

    fn error(&self, reason: String) -> Error {
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

    /// The header of the root group.
    fn root(&self) -> Result<u64, Error> {
        let version = self.u8(8)?;
        let (offsets, lengths, base) = (self.u8(13)?, self.u8(14)?, self.u64(24)?);
        if self.bytes::<8>(0)? != MAGIC || (version, offsets, lengths, base) != (0, 8, 8, 0) {
            let reason =
                format!("version {version} can't be read: save it with libver=\"earliest\"");
            return Err(self.error(reason));
        }
        self.u64(64)
    }

    /// The messages of an object's header.
    fn messages(&mut self, header: u64) -> Result<Vec<Message>, Error> {
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
                // The header goes on elsewhere.
                if kind == 0x10 {
                    blocks.push((self.u64(data)?, self.u64(data.saturating_add(8))?));
                } else if matches!(kind, 0x1 | 0x3 | 0x8 | 0xc | 0x11) {
                    messages.push((kind, data, size));
                }
                at = data + size;
            }
        }
        Ok(messages)
    }

    /// Calls `found` with the arrays in the group or array at `header`.
    fn walk(
        &mut self,
        header: u64,
        path: &str,
        depth: usize,
        found: Found<'_>,
    ) -> Result<(), Error> {
        if depth > MAX_DEPTH {
            return Err(self.error("groups within too many groups".to_owned()));
        }
        let messages = self.messages(header)?;
        let Some(&(_, table, _)) = messages.iter().find(|&&(kind, ..)| kind == 0x11) else {
            if let Some(entry) = self.array(&messages)?
                && !found(path.to_owned(), entry)
            {
                return Err(self.error("it has too many arrays".to_owned()));
            }
            return Ok(());
        };
        for (name, child) in self.links(table)? {
            let slash = if path.is_empty() { "" } else { "/" };
            self.walk(child, &format!("{path}{slash}{name}"), depth + 1, found)?;
        }
        Ok(())
    }

    /// The names in a group, and the headers of what they name. `table` is the group's symbol table.
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
                let name = self.name(names.saturating_add(self.u64(at)?))?;
                links.push((name, self.u64(at.saturating_add(8))?));
                self.count()?;
            }
        }
        Ok(links)
    }

    /// A name that ends with a zero.
    fn name(&self, at: u64) -> Result<String, Error> {
        let most = self.source.len().saturating_sub(at).min(MAX_NAME as u64) as usize;
        let mut bytes = [0; MAX_NAME];
        self.source.read(at.min(self.source.len()), &mut bytes[..most])?;
        let name = bytes[..most].split(|&byte| byte == 0).next().unwrap_or_default();
        String::from_utf8(name.to_vec()).map_err(|_| self.error(format!("no name is at {at}")))
    }

    /// The array that an object's messages describe, in file 0.
    fn array(&self, messages: &[Message]) -> Result<Option<Entry>, Error> {
        let find = |wanted| messages.iter().find(|&&(kind, ..)| kind == wanted);
        let (Some(&(_, space, _)), Some(&(_, kind, _)), Some(&(_, layout, _))) =
            (find(0x1), find(0x3), find(0x8))
        else {
            return Ok(None);
        };
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
        let float = self.u8(kind)? & 0xf == 1 && self.u8(kind.saturating_add(1))? & 1 == 0;
        let exponent = if float { self.u8(kind.saturating_add(13))? } else { 0 };
        let element = match (self.u32(kind.saturating_add(4))?, exponent) {
            (4, 8) => Element::F32,
            (2, 5) => Element::F16,
            (2, 8) => Element::BF16,
            _ => Element::Other("not of 16 or 32 bits", 0),
        };
        // Version 3, and an array in one piece.
        let whole = self.u16(layout)? == 0x0103;
        let (element, offset) = if whole {
            (element, self.u64(layout.saturating_add(2))?)
        } else {
            (Element::Other("in chunks", 0), 0)
        };
        Ok(Some(Entry { shape, element, file: 0, offset }))
    }

    /// Adds the arrays of the group of this name to `index`, by the names that Keras gave them.
    fn tensors(
        &mut self,
        root: u64,
        group: &str,
        file: usize,
        length: u64,
        index: &mut Index<'_>,
    ) -> Result<(), Error> {
        let messages = self.messages(root)?;
        let table = messages.iter().find(|&&(kind, ..)| kind == 0x11);
        let links = match table {
            Some(&(_, table, _)) => self.links(table)?,
            None => Vec::new(),
        };
        let Some(&(_, header)) = links.iter().find(|(name, _)| name == group) else {
            return Err(self.error(format!("it has no group {group}")));
        };
        let mut failed = None;
        let walked = self.walk(header, "", 0, &mut |name, entry| {
            let name = name.strip_suffix(":0").unwrap_or(&name).to_owned();
            failed = index.add(name, Entry { file, ..entry }, length).err();
            failed.is_none()
        });
        match failed {
            Some(reason) => Err(self.error(reason)),
            None => walked,
        }
    }

    /// The text of an object's attribute.
    fn text(&mut self, header: u64, wanted: &str) -> Result<Option<String>, Error> {
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
            if self.name(start)? != wanted {
                continue;
            }
            let (kind, data) = (start + name, start + name + kind + space);
            let (start, length) = if self.u8(kind)? & 0xf == 9 {
                self.object(self.u64(data.saturating_add(4))?, self.u32(data.saturating_add(12))?)?
            } else {
                (data, u64::from(self.u32(kind.saturating_add(4))?))
            };
            if start.checked_add(length).is_none_or(|end| end > self.source.len()) {
                return Err(self.error(format!("{wanted} reaches beyond its end")));
            }
            let mut bytes = with_room(length as usize)?;
            bytes.resize(length as usize, 0);
            self.source.read(start, &mut bytes)?;
            let text = String::from_utf8(bytes);
            return text.map(Some).map_err(|_| self.error(format!("{wanted} is no text")));
        }
        Ok(None)
    }

    /// Offset and length of an object of the global heap at `heap`.
    fn object(&mut self, heap: u64, wanted: u32) -> Result<(u64, u64), Error> {
        self.expect(heap, b"GCOL")?;
        let end = heap.saturating_add(self.u64(heap.saturating_add(8))?).min(self.source.len());
        let mut at = heap.saturating_add(16);
        while at.saturating_add(16) <= end {
            let (number, size) = (self.u16(at)?, self.u64(at + 8)?);
            if u32::from(number) == wanted {
                return Ok((at + 16, size));
            }
            at = (at + 16).saturating_add(size.min(end).next_multiple_of(8));
        }
        Err(self.error(format!("its heap has no object {wanted}")))
    }
}
