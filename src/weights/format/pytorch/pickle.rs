//! Reads a pickle that holds a state dict. A pickle is a program that may call any function; this reader knows dicts,
//! lists, tuples, strings, numbers, and the three names that a state dict needs. All else is an error that names it.

use super::malformed;
use crate::buffer::with_room;
use crate::error::Error;
use crate::weights::ByteSource;
use crate::weights::format::index::Element;
use crate::weights::format::short;

/// The most dimensions of a tensor.
const MAX_RANK: usize = 6;

/// The fewest bytes of an archive, with its weights, for each value of its pickle. A tensor takes some 35 values, and
/// 350 bytes without any weights. This bounds the memory that the values of a small malicious file take.
const LEAST: u64 = 10;

/// The most values. V3-Large has some 10,000.
const MAX_VALUES: u64 = 1 << 18;

/// A part of the pickle's bytes, or of its tuples: where it begins and how long it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slice {
    start: u32,
    length: u32,
}

/// A value. What it consists of is in [`Pickle`].
#[derive(Clone, Copy, Debug)]
pub(super) enum Value {
    /// A number or a flag that no tensor needs, a list, or what is none of the others.
    Other,
    Integer(i64),
    Text(Slice),
    Tuple(Slice),
    Dict(u32),
    Storage(u32),
    Tensor(u32),
    /// A name that can be called.
    OrderedDict,
    RebuildTensor,
    /// The class of a storage, by its number in [`CLASSES`].
    Class(u8),
    /// Begins a tuple, or the items of a dict or a list.
    Mark,
}

/// Keys and values, in the order of the file.
pub(super) type Dict = Vec<(Value, Value)>;

/// The elements of one or more tensors.
pub(super) struct Storage {
    pub element: Element,
    /// The name of its file.
    pub key: Slice,
}

/// A tensor in a storage.
pub(super) struct Tensor {
    /// The storage's number.
    pub storage: usize,
    /// In elements.
    pub offset: u64,
    pub shape: Vec<usize>,
    strides: Vec<usize>,
}

impl Tensor {
    /// Whether the elements lie in the order of their indices.
    pub fn is_contiguous(&self) -> bool {
        let mut next = 1_usize;
        let mut sides = self.shape.iter().zip(&self.strides).rev();
        self.shape.len() == self.strides.len()
            && sides.all(|(&side, &stride)| {
                let fits = side == 1 || stride == next;
                next = next.saturating_mul(side);
                fits
            })
    }
}

/// The classes of storages, and their elements.
const CLASSES: [(&str, Element); 9] = [
    ("FloatStorage", Element::F32),
    ("HalfStorage", Element::F16),
    ("BFloat16Storage", Element::BF16),
    ("DoubleStorage", Element::Other("float64", 8)),
    ("LongStorage", Element::Other("int64", 8)),
    ("IntStorage", Element::Other("int32", 4)),
    ("ShortStorage", Element::Other("int16", 2)),
    ("CharStorage", Element::Other("int8", 1)),
    ("ByteStorage", Element::Other("uint8", 1)),
];

/// What a pickle holds.
pub(super) struct Pickle {
    bytes: Vec<u8>,
    items: Vec<Value>,
    dicts: Vec<Dict>,
    storages: Vec<Storage>,
    tensors: Vec<Tensor>,
    /// The value that the pickle stands for.
    pub result: Value,
}

impl Pickle {
    /// Reads the pickle of an archive of `length` bytes.
    pub fn read(file: &dyn ByteSource, length: u64) -> Result<Self, Error> {
        let size = u32::try_from(file.len()).ok().filter(|_| file.len() <= length);
        let Some(size) = size else { return Err(malformed("it is too long".to_owned())) };
        let mut bytes = with_room(size as usize)?;
        bytes.resize(size as usize, 0);
        file.read(0, &mut bytes)?;
        let pickle = Self {
            bytes,
            items: Vec::new(),
            dicts: Vec::new(),
            storages: Vec::new(),
            tensors: Vec::new(),
            result: Value::Other,
        };
        let left = MAX_VALUES.min(length / LEAST);
        let mut machine = Machine { pickle, at: 0, stack: Vec::new(), memo: Vec::new(), left };
        loop {
            match machine.step() {
                Ok(true) => {}
                Ok(false) => return Ok(machine.pickle),
                Err(reason) => {
                    let at = machine.at;
                    return Err(malformed(format!("{reason}, before byte {at}")));
                }
            }
        }
    }

    /// A part of the text.
    pub fn slice(&self, Slice { start, length }: Slice) -> Option<&str> {
        let bytes = self.bytes.get(start as usize..)?.get(..length as usize)?;
        std::str::from_utf8(bytes).ok()
    }

    /// A value that is text.
    pub fn text(&self, value: Value) -> Option<&str> {
        if let Value::Text(slice) = value { self.slice(slice) } else { None }
    }

    /// A value that is a dict.
    pub fn dict(&self, value: Value) -> Option<&Dict> {
        if let Value::Dict(number) = value { self.dicts.get(number as usize) } else { None }
    }

    /// A value that is a tensor.
    pub fn tensor(&self, value: Value) -> Option<&Tensor> {
        if let Value::Tensor(number) = value { self.tensors.get(number as usize) } else { None }
    }

    /// The storage of this number.
    pub fn storage(&self, number: usize) -> Option<&Storage> {
        self.storages.get(number)
    }

    /// The items of a value that is a tuple.
    fn tuple(&self, value: Value) -> Option<&[Value]> {
        let Value::Tuple(Slice { start, length }) = value else { return None };
        self.items.get(start as usize..)?.get(..length as usize)
    }

    /// The sides or the strides of a tensor.
    fn sides(&self, value: Value) -> Option<Vec<usize>> {
        let items = self.tuple(value).filter(|items| items.len() <= MAX_RANK)?;
        let side = |&item: &Value| {
            if let Value::Integer(side) = item { usize::try_from(side).ok() } else { None }
        };
        items.iter().map(side).collect()
    }
}

/// Runs the pickle. Its errors are reasons.
struct Machine {
    pickle: Pickle,
    at: usize,
    stack: Vec<Value>,
    memo: Vec<Value>,
    /// How many more values there may be.
    left: u64,
}

impl Machine {
    /// Runs the next operation; false at the end.
    fn step(&mut self) -> Result<bool, String> {
        let code = self.number::<1>()? as u8;
        match code {
            // A protocol and a frame.
            0x80 => drop(self.number::<1>()?),
            0x95 => drop(self.number::<8>()?),
            b'(' => self.push(Value::Mark)?,
            b'N' | 0x88 | 0x89 => self.push(Value::Other)?,
            b'G' => {
                self.number::<8>()?;
                self.push(Value::Other)?;
            }
            b'K' => self.integer::<1>()?,
            b'M' => self.integer::<2>()?,
            b'J' => {
                let number = self.number::<4>()? as u32;
                self.push(Value::Integer(i64::from(number.cast_signed())))?;
            }
            0x8a => self.long()?,
            b'X' | b'T' => {
                let length = self.number::<4>()? as u32;
                self.string(length)?;
            }
            0x8c | b'U' => {
                let length = self.number::<1>()? as u32;
                self.string(length)?;
            }
            b')' => self.tuple(0)?,
            0x85 => self.tuple(1)?,
            0x86 => self.tuple(2)?,
            0x87 => self.tuple(3)?,
            b't' => {
                let mark = self.mark()?;
                self.stack.remove(mark);
                self.tuple(self.stack.len() - mark)?;
            }
            b'}' => self.new_dict()?,
            // Lists keep nothing.
            b']' => self.push(Value::Other)?,
            b'a' => drop(self.pop()?),
            b'e' => {
                let mark = self.mark()?;
                self.stack.truncate(mark);
            }
            b's' => {
                let (value, key) = (self.pop()?, self.pop()?);
                self.set(&[(key, value)])?;
            }
            b'u' => {
                let mark = self.mark()?;
                let items = self.stack.split_off(mark);
                let (pairs, rest) = items[1..].as_chunks::<2>();
                if !rest.is_empty() {
                    return Err("a key without a value".to_owned());
                }
                let pairs: Dict = pairs.iter().map(|&[key, value]| (key, value)).collect();
                self.set(&pairs)?;
            }
            b'c' => {
                let (module, name) = (self.line()?, self.line()?);
                self.global(module, name)?;
            }
            0x93 => {
                let (name, module) = (self.pop()?, self.pop()?);
                match (module, name) {
                    (Value::Text(module), Value::Text(name)) => self.global(module, name)?,
                    _ => return Err("a name that is no text".to_owned()),
                }
            }
            b'Q' => self.persistent()?,
            b'R' => self.call()?,
            // The attributes of an `OrderedDict`: the versions of its modules.
            b'b' => drop(self.pop()?),
            b'q' => {
                let number = self.number::<1>()?;
                self.put(number as usize)?;
            }
            b'r' => {
                let number = self.number::<4>()?;
                self.put(number as usize)?;
            }
            0x94 => self.put(self.memo.len())?,
            b'h' => {
                let number = self.number::<1>()?;
                self.get(number as usize)?;
            }
            b'j' => {
                let number = self.number::<4>()?;
                self.get(number as usize)?;
            }
            b'.' => {
                self.pickle.result = self.pop()?;
                return Ok(false);
            }
            _ => return Err(format!("operation {code:#04x}, which no state dict needs")),
        }
        Ok(true)
    }

    /// The next `N` bytes, at most 8, as a number.
    fn number<const N: usize>(&mut self) -> Result<u64, String> {
        let rest = self.pickle.bytes.get(self.at..).unwrap_or_default();
        let Some(bytes) = rest.first_chunk::<N>() else { return Err("it is cut off".to_owned()) };
        self.at += N;
        Ok(bytes.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte)))
    }

    fn integer<const N: usize>(&mut self) -> Result<(), String> {
        let number = self.number::<N>()?;
        self.push(Value::Integer(number as i64))
    }

    /// An integer of a given length.
    fn long(&mut self) -> Result<(), String> {
        let length = self.number::<1>()?;
        let mut number = 0;
        for place in 0..length {
            let byte = self.number::<1>()?;
            if place < 7 {
                number |= byte << (8 * place);
            }
        }
        // No tensor needs the others.
        self.push(if length < 8 { Value::Integer(number as i64) } else { Value::Other })
    }

    fn string(&mut self, length: u32) -> Result<(), String> {
        let slice = Slice { start: self.at as u32, length };
        let end = self.at.saturating_add(length as usize);
        if end > self.pickle.bytes.len() {
            return Err("it is cut off".to_owned());
        }
        self.at = end;
        self.push(Value::Text(slice))
    }

    fn line(&mut self) -> Result<Slice, String> {
        let rest = self.pickle.bytes.get(self.at..).unwrap_or_default();
        let Some(length) = rest.iter().position(|&byte| byte == b'\n') else {
            return Err("it is cut off".to_owned());
        };
        let slice = Slice { start: self.at as u32, length: length as u32 };
        self.at += length + 1;
        Ok(slice)
    }

    /// Counts a value.
    fn count(&mut self) -> Result<(), String> {
        let left = self.left.checked_sub(1);
        self.left = left.ok_or_else(|| "more values than such a file has room for".to_owned())?;
        Ok(())
    }

    fn push(&mut self, value: Value) -> Result<(), String> {
        self.count()?;
        self.stack.push(value);
        Ok(())
    }

    fn pop(&mut self) -> Result<Value, String> {
        self.stack.pop().ok_or_else(|| "a value is missing".to_owned())
    }

    /// The place of the last mark.
    fn mark(&self) -> Result<usize, String> {
        let mark = self.stack.iter().rposition(|value| matches!(value, Value::Mark));
        mark.ok_or_else(|| "a mark is missing".to_owned())
    }

    /// Replaces the last `length` values by their tuple.
    fn tuple(&mut self, length: usize) -> Result<(), String> {
        let Some(start) = self.stack.len().checked_sub(length) else {
            return Err("a value is missing".to_owned());
        };
        let slice = Slice { start: self.pickle.items.len() as u32, length: length as u32 };
        self.pickle.items.extend(self.stack.drain(start..));
        self.push(Value::Tuple(slice))
    }

    fn new_dict(&mut self) -> Result<(), String> {
        let number = self.pickle.dicts.len() as u32;
        self.pickle.dicts.push(Dict::new());
        self.push(Value::Dict(number))
    }

    /// Adds items to the dict that is the last value.
    fn set(&mut self, items: &[(Value, Value)]) -> Result<(), String> {
        let dict = match self.stack.last() {
            Some(&Value::Dict(number)) => self.pickle.dicts.get_mut(number as usize),
            _ => None,
        };
        dict.ok_or_else(|| "items without a dict".to_owned())?.extend(items);
        Ok(())
    }

    fn put(&mut self, number: usize) -> Result<(), String> {
        self.count()?;
        let value = *self.stack.last().ok_or_else(|| "a value is missing".to_owned())?;
        // Numbers are given in order.
        if number > self.memo.len() {
            return Err(format!("value {number} is kept before {}", self.memo.len()));
        }
        match self.memo.get_mut(number) {
            Some(place) => *place = value,
            None => self.memo.push(value),
        }
        Ok(())
    }

    fn get(&mut self, number: usize) -> Result<(), String> {
        let value = self.memo.get(number).copied();
        self.push(value.ok_or_else(|| format!("value {number} is not kept"))?)
    }

    /// Pushes what a name stands for.
    fn global(&mut self, module: Slice, name: Slice) -> Result<(), String> {
        let text = |slice| self.pickle.slice(slice).unwrap_or_default();
        let (module, name) = (text(module), text(name));
        let class = CLASSES.iter().position(|&(class, _)| class == name);
        let value = match (module, name, class) {
            ("collections", "OrderedDict", _) => Value::OrderedDict,
            ("torch._utils", "_rebuild_tensor_v2", _) => Value::RebuildTensor,
            ("torch", _, Some(class)) => Value::Class(class as u8),
            _ => {
                return Err(format!(
                    "it needs `{}.{}`: save the state dict alone, with \
                     torch.save(model.state_dict(), …)",
                    short(module),
                    short(name)
                ));
            }
        };
        self.push(value)
    }

    /// Replaces a persistent name, `("storage", class, key, device, elements)`, by its storage.
    fn persistent(&mut self) -> Result<(), String> {
        let name = self.pop()?;
        let wrong = || "a persistent name that is no storage".to_owned();
        match *self.pickle.tuple(name).ok_or_else(wrong)? {
            [Value::Text(_), Value::Class(class), Value::Text(key), _, _] => {
                let class = CLASSES.get(usize::from(class)).ok_or_else(wrong)?;
                let element = class.1.clone();
                // Tensors may share a storage.
                let same = self.pickle.storages.iter().rposition(|storage| storage.key == key);
                let number = same.unwrap_or(self.pickle.storages.len());
                if same.is_none() {
                    self.pickle.storages.push(Storage { element, key });
                }
                self.push(Value::Storage(number as u32))
            }
            _ => Err(wrong()),
        }
    }

    /// Calls a name with a tuple of arguments.
    fn call(&mut self) -> Result<(), String> {
        let (arguments, called) = (self.pop()?, self.pop()?);
        let wrong = |what: &str| format!("{what} is called in an unknown way");
        let Some(items) = self.pickle.tuple(arguments) else { return Err(wrong("a function")) };
        match (called, items) {
            (Value::OrderedDict, []) => self.new_dict(),
            (Value::RebuildTensor, _) => {
                let &[Value::Storage(storage), Value::Integer(offset), shape, strides, ..] = items
                else {
                    return Err(wrong("_rebuild_tensor_v2"));
                };
                let sides = [self.pickle.sides(shape), self.pickle.sides(strides)];
                let ([Some(shape), Some(strides)], Ok(offset)) = (sides, u64::try_from(offset))
                else {
                    return Err(wrong("_rebuild_tensor_v2"));
                };
                let number = self.pickle.tensors.len() as u32;
                let storage = storage as usize;
                self.pickle.tensors.push(Tensor { storage, offset, shape, strides });
                self.push(Value::Tensor(number))
            }
            _ => Err(wrong("OrderedDict or another value")),
        }
    }
}
