//! PyTorch's own format, `.pth` or `.pt`: a zip archive with a pickle of the state dict, and a file for each storage.

mod pickle;

use pickle::{Dict, Pickle, Tensor, Value};

use super::folder::Folder;
use super::index::{Entry, Index};
use super::{Tensors, short};
use crate::error::Error;
use crate::weights::ByteSource;

/// What PyTorch before 1.6 begins a file with: the pickle of a number. Such a file is no archive.
const BEFORE_1_6: [u8; 15] = *b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.";

/// The pickle's file.
const FILE: &str = "data.pkl";

/// Keys under which checkpoints of training keep the state dict, with the best weights first.
const KEYS: [&str; 5] = ["state_dict_ema", "model_ema", "state_dict", "model", "net"];

/// What `DataParallel` puts before each name.
const PREFIX: &str = "module.";

/// Refuses a file that PyTorch before 1.6 wrote.
pub(in crate::weights) fn refuse_older(source: &dyn ByteSource) -> Result<(), Error> {
    let mut start = [0; BEFORE_1_6.len()];
    let there = source.len() >= start.len() as u64 && source.read(0, &mut start).is_ok();
    if there && start == BEFORE_1_6 {
        let reason = "PyTorch before 1.6 wrote it: write it again by a later one, with \
                      torch.save(torch.load(path, map_location=\"cpu\"), path)";
        return Err(Error::File { file: "the .pth file".to_owned(), reason: reason.to_owned() });
    }
    Ok(())
}

/// Opens the checkpoint of a folder of `length` bytes; `None` if the folder has none.
pub(in crate::weights) fn open<'a>(
    folder: &Folder<'a>,
    length: u64,
) -> Result<Option<Box<dyn Tensors + 'a>>, Error> {
    let Some(number) = folder.find(FILE) else { return Ok(None) };
    let path = folder.names().nth(number).unwrap_or_default().to_owned();
    let root = path.strip_suffix(FILE).unwrap_or_default();
    let order = format!("{root}byteorder");
    if let Some(order) = folder.names().position(|name| name == order) {
        let order = folder.file(order)?;
        let mut first = [0];
        if !order.is_empty() {
            order.read(0, &mut first)?;
        }
        if first == *b"b" {
            return Err(malformed("its numbers are big-endian".to_owned()));
        }
    }
    let file = folder.file(number)?;
    let pickle = Pickle::read(&*file, length)?;
    let state = state(&pickle).ok_or_else(|| malformed("it has no state dict".to_owned()))?;
    let mut index = Index::default();
    let mut storages: Vec<(usize, usize)> = Vec::new();
    let tensors = || {
        let named = |&(key, value)| Some((pickle.text(key)?, pickle.tensor(value)?));
        state.iter().filter_map(named)
    };
    let prefixed = tensors().all(|(name, _)| name.starts_with(PREFIX));
    for (name, tensor) in tensors() {
        let name = if prefixed { &name[PREFIX.len()..] } else { name };
        let error = |reason: &str| malformed(format!("tensor `{}`: {reason}", short(name)));
        let &Tensor { storage, offset, ref shape, .. } = tensor;
        if !tensor.is_contiguous() {
            return Err(error("its elements don't lie one after another"));
        }
        let Some(stored) = pickle.storage(storage) else {
            return Err(error("it has no storage"));
        };
        let known = storages.iter().find(|&&(other, _)| other == storage);
        let file = match known {
            Some(&(_, file)) => file,
            None => {
                let key = pickle.slice(stored.key).unwrap_or_default();
                let path = format!("{root}data/{key}");
                let Some(number) = folder.names().position(|name| name == path) else {
                    return Err(error("its storage is missing"));
                };
                let file = index.add_file(folder.file(number)?);
                storages.push((storage, file));
                file
            }
        };
        let element = stored.element.clone();
        let Some(offset) = offset.checked_mul(element.size() as u64) else {
            return Err(error("its offset is too large"));
        };
        let entry = Entry { shape: shape.clone(), element, file, offset };
        index.add(name.to_owned(), entry, length).map_err(malformed)?;
    }
    Ok(Some(Box::new(index)))
}

/// The state dict: what the pickle holds, or what stands in it under one of the usual keys.
fn state(pickle: &Pickle) -> Option<&Dict> {
    let whole = pickle.dict(pickle.result)?;
    if whole.iter().any(|&(_, value)| matches!(value, Value::Tensor(_))) {
        return Some(whole);
    }
    KEYS.iter().find_map(|key| {
        let found = whole.iter().find(|&&(name, _)| pickle.text(name) == Some(key));
        pickle.dict(found?.1)
    })
}

fn malformed(reason: String) -> Error {
    Error::File { file: FILE.to_owned(), reason }
}
