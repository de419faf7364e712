//! Writes the files of TensorFlow.js, Keras and PyTorch in memory, with made-up weights.

use std::collections::BTreeMap;

use serde_json::Value;

use super::goldens::{Golden, uniform};

/// A tensor's values, the same as those of `values` in make_keras.py.
fn values(name: &str, shape: &[usize], gain: f64) -> Vec<f32> {
    let fan_in: usize = match *shape {
        [height, width, _, 1] => height * width,
        [ref inputs @ .., _] => inputs.iter().product(),
        [] => 1,
    };
    let (centre, spread) = match name.rsplit('/').next().unwrap_or(name) {
        "moving_variance" => (0.55, 0.5),
        "moving_mean" => (0.0, 0.5),
        "gamma" => (1.0, 0.5),
        "beta" | "bias" => (0.0, 1.0),
        _ => (0.0, (gain / fan_in as f64).sqrt()),
    };
    uniform(name, shape.iter().product())
        .map(|value| (centre + spread * (2.0 * value - 1.0)) as f32)
        .collect()
}

/// The bytes of each tensor in the manifest of a `model.json`.
fn tensors(model: &str, gain: f64) -> Vec<Vec<u8>> {
    let model: Value = serde_json::from_str(model).unwrap();
    let mut tensors = Vec::new();
    for group in model["weightsManifest"].as_array().unwrap() {
        for tensor in group["weights"].as_array().unwrap() {
            let shape: Vec<usize> = serde_json::from_value(tensor["shape"].clone()).unwrap();
            let values = values(tensor["name"].as_str().unwrap(), &shape, gain);
            tensors.push(values.into_iter().flat_map(f32::to_le_bytes).collect());
        }
    }
    tensors
}

/// The bytes of the tensors in the manifest of a `model.json`.
pub fn weights(model: &str, gain: f64) -> Vec<u8> {
    tensors(model, gain).concat()
}

/// A file of Keras of weights alone, which make_keras.py has written without its weights.
pub fn weights_alone(name: &str, packed: &[u8], model: &str, gain: f64) -> Vec<u8> {
    let mut file = miniz_oxide::inflate::decompress_to_vec_zlib(packed).unwrap();
    let offsets: BTreeMap<String, Vec<usize>> =
        serde_json::from_str(include_str!("../goldens/keras/alone/offsets.json")).unwrap();
    let (offsets, tensors) = (&offsets[name], tensors(model, gain));
    assert_eq!(offsets.len(), tensors.len(), "{name}");
    for (&offset, tensor) in offsets.iter().zip(&tensors) {
        file[offset..][..tensor.len()].copy_from_slice(tensor);
    }
    file
}

/// An archive of these files, as PyTorch and Keras write it, or with deflated files.
pub fn zip(files: &[(&str, &[u8])], deflate: bool) -> Vec<u8> {
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in files {
        let packed = match deflate {
            true => miniz_oxide::deflate::compress_to_vec(content, 1),
            false => content.to_vec(),
        };
        let offset = archive.len() as u32;
        let mut fields = Vec::new();
        fields
            .extend([20_u16, 0, if deflate { 8 } else { 0 }, 0, 0].map(u16::to_le_bytes).concat());
        // No reader checks the checksum, which is first.
        let numbers = [0, packed.len() as u32, content.len() as u32];
        fields.extend(numbers.map(u32::to_le_bytes).concat());
        fields.extend([name.len() as u16, 0].map(u16::to_le_bytes).concat());
        archive.extend([b"PK\x03\x04", &fields[..], name.as_bytes(), &packed].concat());
        directory.extend([b"PK\x01\x02\x14\x00", &fields[..], &[0; 10]].concat());
        directory.extend([&offset.to_le_bytes(), name.as_bytes()].concat());
    }
    let (start, count) = (archive.len() as u32, files.len() as u16);
    archive.append(&mut directory);
    let length = archive.len() as u32 - start;
    archive.extend(b"PK\x05\x06\0\0\0\0");
    archive.extend([count, count].map(u16::to_le_bytes).concat());
    archive.extend([length, start].map(u32::to_le_bytes).concat());
    archive.extend([0, 0]);
    archive
}

/// A file of PyTorch with this pickle, and the tensors of the golden of this name.
pub fn pth(name: &str, pickle: &[u8]) -> Vec<u8> {
    let files = pth_files(name, pickle);
    let files: Vec<(&str, &[u8])> =
        files.iter().map(|(name, content)| (&**name, &**content)).collect();
    zip(&files, false)
}

/// The files in it, by their names.
pub fn pth_files(name: &str, pickle: &[u8]) -> Vec<(String, Vec<u8>)> {
    let names: BTreeMap<String, Vec<String>> =
        serde_json::from_str(include_str!("../goldens/pytorch/names.json")).unwrap();
    let tensors = Golden::named(name).tensors();
    let mut files = vec![("archive/data.pkl".to_owned(), pickle.to_vec())];
    for (number, name) in names[name].iter().enumerate() {
        let tensor = tensors.iter().find(|tensor| tensor.name == *name).expect(name);
        files.push((format!("archive/data/{number}"), tensor.bytes.clone()));
    }
    files
}
