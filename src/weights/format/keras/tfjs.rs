//! Opens layers models of TensorFlow.js: `model.json` has the topology and the list of tensors, and one or more files
//! have the tensors' bytes. Teachable Machine adds a `metadata.json`.

use super::{Model, Naming, field, malformed};
use crate::buffer::with_room;
use crate::error::Error;
use crate::weights::ByteSource;
use crate::weights::format::folder::Folder;
use crate::weights::format::index::{Element, Entry, Index};
use crate::weights::json::Json;

/// The file with the topology.
pub(super) const FILE: &str = "model.json";
const METADATA: &str = "metadata.json";

/// The most groups of tensors, and the most files of a group. A file has 4 MB.
const MAX_PARTS: usize = 64;

/// The most dimensions of a tensor.
const MAX_RANK: usize = 6;

/// Opens the model of a folder of `length` bytes.
pub(super) fn open<'a>(folder: &Folder<'a>, length: u64) -> Result<Model<'a>, Error> {
    let Some(topology) = folder.text(FILE)? else {
        return Err(malformed(FILE, "it is missing".to_owned()));
    };
    let mut index = Index::default();
    let mut failed = None;
    let mut groups = 0;
    let walked = Json::new(&topology).entries(|key, value| {
        if key != "weightsManifest" {
            return Ok(());
        }
        value.elements(|value| {
            groups += 1;
            if groups > MAX_PARTS {
                return Err(value.error(&format!("more than {MAX_PARTS} groups")));
            }
            group(folder, &mut index, value, length, &mut failed)
        })
    });
    if let Some(error) = failed {
        return Err(error);
    }
    walked.map_err(|reason| malformed(FILE, reason))?;
    if groups == 0 {
        let reason = "it has no weightsManifest: is it a layers model of TensorFlow.js?";
        return Err(malformed(FILE, reason.to_owned()));
    }
    let tensors = Box::new(index);
    Ok(Model { file: FILE, topology, tensors, naming: Naming::Layers, length })
}

/// Adds the tensors of a group. It stores an error of a file in `failed`.
fn group<'a>(
    folder: &Folder<'a>,
    index: &mut Index<'a>,
    group: Json<'_>,
    length: u64,
    failed: &mut Option<Error>,
) -> Result<(), String> {
    let mut shards = Vec::new();
    let mut weights = None;
    group.entries(|key, value| {
        match key {
            "paths" => value.elements(|path| {
                if shards.len() == MAX_PARTS {
                    return Err(path.error(&format!("more than {MAX_PARTS} files")));
                }
                let path = path.string()?;
                // TensorFlow.js itself writes the path `./weights.bin`.
                let path = path.strip_prefix("./").unwrap_or(&path);
                let file = folder.open(path).map_err(|error| {
                    *failed = Some(error);
                    String::new()
                })?;
                shards.push(file);
                Ok(())
            })?,
            "weights" => weights = Some(value),
            _ => {}
        }
        Ok(())
    })?;
    let Some(weights) = weights else { return Err(group.error("`weights` are missing")) };
    let file = match shards.len() {
        1 => index.add_file(shards.remove(0)),
        _ => index.add_file(Box::new(Joined(shards))),
    };
    let mut offset = 0;
    weights.elements(|tensor| {
        let (name, entry) = entry(tensor, file, offset)?;
        offset = index.add(name, entry, length).map_err(|reason| tensor.error(&reason))?;
        Ok(())
    })
}

/// Reads the entry of a tensor whose bytes begin at `offset`.
fn entry(tensor: Json<'_>, file: usize, offset: u64) -> Result<(String, Entry), String> {
    let (mut name, mut shape, mut dtype, mut quantisation) = (None, None, None, None);
    tensor.entries(|key, value| {
        match key {
            "name" => name = Some(value.read::<String>()?),
            "shape" => shape = Some(value.read::<Vec<usize>>()?),
            "dtype" => dtype = Some(value.read::<String>()?),
            "quantization" if !value.is_null() => quantisation = Some(value),
            _ => {}
        }
        Ok(())
    })?;
    let (Some(name), Some(shape), Some(dtype)) = (name, shape, dtype) else {
        return Err(tensor.error("`name`, `shape` or `dtype` is missing"));
    };
    if shape.len() > MAX_RANK {
        return Err(tensor.error(&format!("{} dimensions", shape.len())));
    }
    let element = match (quantisation, &*dtype) {
        (Some(quantisation), _) => quantised(quantisation)?,
        (None, "float32") => Element::F32,
        (None, "int32") => Element::Other("int32", 4),
        (None, "bool") => Element::Other("bool", 1),
        _ => return Err(tensor.error("`dtype`: float32 is expected")),
    };
    Ok((name, Entry { shape, element, file, offset }))
}

/// The elements of a quantised tensor.
fn quantised(quantisation: Json<'_>) -> Result<Element, String> {
    let (mut dtype, mut scale, mut least) = (None, 1.0, 0.0);
    quantisation.entries(|key, value| {
        match key {
            "dtype" => dtype = Some(value.read::<String>()?),
            "scale" => scale = value.read()?,
            "min" => least = value.read()?,
            _ => {}
        }
        Ok(())
    })?;
    match dtype.as_deref() {
        Some("uint8") => Ok(Element::U8 { scale, least }),
        Some("uint16") => Ok(Element::U16 { scale, least }),
        Some("float16") => Ok(Element::F16),
        _ => Err(quantisation.error("`dtype`: uint8, uint16 or float16 is expected")),
    }
}

/// The files of a group, one after another.
struct Joined<'a>(Vec<Box<dyn ByteSource + 'a>>);

impl ByteSource for Joined<'_> {
    fn len(&self) -> u64 {
        self.0.iter().map(|part| part.len()).sum()
    }

    fn read(&self, mut offset: u64, mut buf: &mut [u8]) -> Result<(), Error> {
        for part in &self.0 {
            let here = part.len().saturating_sub(offset).min(buf.len() as u64) as usize;
            let (now, later) = buf.split_at_mut(here);
            if !now.is_empty() {
                part.read(offset, now)?;
            }
            offset = if here > 0 { 0 } else { offset.saturating_sub(part.len()) };
            buf = later;
        }
        if buf.is_empty() {
            return Ok(());
        }
        let (length, reason) = (buf.len(), "its files are shorter".to_owned());
        Err(Error::Read { offset, length, reason })
    }
}

/// The content of the file that Teachable Machine writes beside a model.
pub(in crate::weights) struct Metadata {
    text: String,
}

impl Metadata {
    /// Reads the `metadata.json` of a folder; `None` if there is none with labels.
    pub fn read(folder: &Folder<'_>) -> Result<Option<Self>, Error> {
        let Some(text) = folder.text(METADATA)? else { return Ok(None) };
        let labels = field(Json::new(&text), "labels");
        let labels = labels.map_err(|reason| malformed(METADATA, reason))?;
        Ok(labels.is_some().then_some(Self { text }))
    }

    /// The names of `classes` classes.
    pub fn labels(&self, classes: usize) -> Result<Vec<String>, Error> {
        let mut names = with_room(classes)?;
        let mut count = 0;
        let labels = field(Json::new(&self.text), "labels").and_then(|labels| {
            let Some(labels) = labels else { return Ok(()) };
            labels.elements(|label| {
                count += 1;
                if count <= classes {
                    names.push(label.string()?.into_owned());
                }
                Ok(())
            })
        });
        labels.map_err(|reason| malformed(METADATA, reason))?;
        if count != classes {
            let reason = format!("`labels` has {count} names, the model has {classes} classes");
            return Err(malformed(METADATA, reason));
        }
        Ok(names)
    }
}

#[cfg(test)]
mod tests {
    use super::open;
    use crate::weights::ByteSource;
    use crate::weights::format::folder::{Folder, NamedFile};

    /// Reads quantised tensors, as the converter's `--quantize_*` writes them, from two files that are cut in the
    /// middle of a tensor. A whole number `q` stands for `scale * q + min`.
    #[test]
    fn quantised_tensors_are_floats() {
        let model = r#"{"weightsManifest": [{"paths": ["a.bin", "b.bin"], "weights": [
            {"name": "a", "shape": [3], "dtype": "float32",
             "quantization": {"dtype": "uint8", "scale": 0.5, "min": -1.0, "original_dtype": "float32"}},
            {"name": "b", "shape": [2, 1], "dtype": "float32",
             "quantization": {"dtype": "uint16", "scale": 0.25, "min": 2}},
            {"name": "c", "shape": [1], "dtype": "float32", "quantization": {"dtype": "float16"}},
            {"name": "d", "shape": [], "dtype": "float32"}]}]}"#;
        let bytes: [&[u8]; 4] =
            [&[0, 1, 255], &[0, 0, 0xff, 0xff], &[0, 0xc0], &[0, 0, 0x20, 0x41]];
        let bytes = bytes.concat();
        let padding = [b' '; 1000];
        let (first, second) = bytes.split_at(5);
        let sources = [model.as_bytes(), first, second, &padding];
        let files: Vec<NamedFile<'_>> = ["x/model.json", "x/a.bin", "x/b.bin", "readme"]
            .into_iter()
            .zip(&sources)
            .map(|(name, source)| NamedFile { name, source: source as &dyn ByteSource })
            .collect();
        let model = open(&Folder::Files(&files), 2000).unwrap();
        for (name, shape, expected) in [
            ("a", &[3][..], &[-1.0, -0.5, 126.5][..]),
            ("b", &[2, 1], &[2.0, 2.0 + 0.25 * 65535.0]),
            ("c", &[1], &[-2.0]),
            ("d", &[], &[10.0]),
        ] {
            assert_eq!(model.tensors.read(name, shape).unwrap(), expected, "{name}");
        }
        let error = model.tensors.read("a", &[1, 3]).unwrap_err();
        assert!(error.to_string().contains("has shape [3]: expected [1, 3]"), "{error}");
    }

    /// Groups may name the same file, but not so often that a short checkpoint becomes a large network.
    #[test]
    fn a_file_has_its_bytes_only_a_few_times() {
        for (groups, fits) in [(1, true), (4, true), (5, false), (60, false)] {
            let group = |number| {
                format!(
                    r#"{{"paths": ["a.bin"], "weights": [{{"name": "{number}", "shape": [25000], "dtype": "float32"}}]}}"#
                )
            };
            let groups: Vec<String> = (0..groups).map(group).collect();
            let model = format!(r#"{{"weightsManifest": [{}]}}"#, groups.join(","));
            let (model, weights) = (model.as_bytes(), &[0; 100_000][..]);
            let files = [("model.json", &model), ("a.bin", &weights)]
                .map(|(name, source)| NamedFile { name, source: source as &dyn ByteSource });
            let length = (model.len() + weights.len()) as u64;
            let opened = open(&Folder::Files(&files), length);
            assert_eq!(opened.is_ok(), fits, "{} groups", groups.len());
            let reason = opened.err().map(|error| error.to_string()).unwrap_or_default();
            assert_eq!(reason.contains("500000 bytes of tensors"), !fits, "{reason}");
        }
    }
}
