//! Writes the first inputs of the corpus: headers and configurations of made-up networks (the goldens, which contain no
//! trained weights), random networks, and short files that would take much memory in a careless reader.

use std::error::Error;
use std::fs;
use std::path::Path;

use mobilenet_wasm_fuzz::goldens::{Golden, uniform};
use mobilenet_wasm::weights::{Checkpoint, Storage};
use mobilenet_wasm_fuzz::{MAX_PADDING, NETWORKS, archives, safetensors};
use serde_json::{Value, json};

/// The smallest network of each library and naming scheme.
const CHECKPOINTS: [&str; 9] = [
    "timm-mnasnet-b1-0.5-160",
    "timm-v1-0.25-160",
    "timm-v2-0.25-96",
    "timm-v3-small-0.5-160",
    "timm-v4-conv-small-0.5-160",
    "torchvision-v2-0.5-96",
    "torchvision-v3-small-0.5-96",
    "transformers-v1-0.25-96",
    "transformers-v2-0.25-160",
];

/// `.tflite` files: a graph of signed integers with squeeze-and-excite, one of unsigned integers, one of floats that ends
/// with a sigmoid, and one that is not a MobileNet.
const GRAPHS: [&str; 4] = ["v3-like-i8", "v2-like-u8", "binary-f32", "no-max-pool"];

/// The number of random networks.
const NETWORK_SEEDS: u8 = 16;

fn main() -> Result<(), Box<dyn Error>> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let goldens = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/goldens");
    for name in CHECKPOINTS {
        let file = safetensors::file(&Golden::named(name).tensors());
        let header = u64::from_le_bytes(file[..8].try_into()?) as usize;
        let (header, data) = file.split_at(8 + header);
        let padding = u32::try_from(data.len())?;
        assert!(padding <= MAX_PADDING, "{name} has {padding} bytes of tensors");
        write(&corpus.join("checkpoint").join(name), &[&padding.to_le_bytes(), header].concat())?;
    }
    for name in GRAPHS {
        let file = goldens.join("tflite").join(name).with_extension("tflite");
        write(&corpus.join("checkpoint").join(name), &[&[0; 4], &fs::read(file)?[..]].concat())?;
    }
    for (name, storage) in [("v3-like-i8", Storage::Int8), ("v4-like-f32", Storage::F16)] {
        let file = fs::read(goldens.join("tflite").join(name).with_extension("tflite"))?;
        let folded = Checkpoint::open(&file.as_slice(), None, None)?.fold(storage)?;
        let input = [&[0; 4], &folded[..]].concat();
        write(&corpus.join("checkpoint").join(format!("folded-{name}")), &input)?;
    }
    for (name, file) in several_files(&goldens)? {
        write(&corpus.join("checkpoint").join(name), &[&[0; 4], &file[..]].concat())?;
    }
    for (name, padding, files) in folders(&goldens)? {
        let mut input = padding.to_le_bytes().to_vec();
        for (file, content) in files {
            input.push(u8::try_from(file.len())?);
            input.extend(file.as_bytes());
            input.extend(u32::try_from(content.len())?.to_le_bytes());
            input.extend(content);
        }
        write(&corpus.join("files").join(name), &input)?;
    }
    for (name, header) in costly_headers() {
        let file = safetensors::with_header(&header, b"");
        write(&corpus.join("checkpoint").join(name), &[&[0; 4], &file[..]].concat())?;
    }
    for number in 0..NETWORK_SEEDS {
        let name = format!("random-{number}");
        // Bytes below 250: larger ones mostly make a layer that doesn't fit.
        let input: Vec<u8> = uniform(&name, 300).map(|value| (250.0 * value) as u8).collect();
        write(&corpus.join("network").join(name), &input)?;
    }
    for (name, number, config) in costly_configs() {
        write(&corpus.join("config").join(name), &[&[number], config.as_bytes()].concat())?;
    }
    for (number, name) in NETWORKS.into_iter().enumerate() {
        let golden = Golden::named(name);
        for (kind, config) in variants(&golden.config) {
            let mut input = vec![number as u8];
            input.extend(config.to_string().into_bytes());
            if let Some(preprocessor) = golden.preprocessor_config() {
                input.push(0);
                input.extend(preprocessor.into_bytes());
            }
            write(&corpus.join("config").join(format!("{name}-{kind}")), &input)?;
        }
    }
    Ok(())
}

/// Zip archives: a model of Keras as Teachable Machine has it, stored and deflated, and pickles of PyTorch, with and
/// without what a state dict may hold. Only the first of a pickle's storages is there. A whole model as Keras 3 archives
/// it. And HDF5 files: one with a model, and two of weights alone, of a small network.
fn several_files(goldens: &Path) -> Result<Vec<(&'static str, Vec<u8>)>, Box<dyn Error>> {
    let model = fs::read_to_string(goldens.join("keras/sequential-keras3.json"))?;
    let weights = archives::weights(&model, 3.0);
    let metadata = br#"{"labels":["a","b","c","d","e"]}"#;
    let parts = [
        ("model.json", model.as_bytes()),
        ("group1-shard1of1.bin", &weights),
        ("metadata.json", metadata),
    ];
    let mut files = vec![
        ("teachable-stored", archives::zip(&parts, false)),
        ("teachable-deflated", archives::zip(&parts, true)),
    ];
    for name in ["torchvision-v3-small-0.5-96", "whole-model"] {
        let pickle = fs::read(goldens.join("pytorch").join(format!("{name}.pkl")))?;
        let name = if name == "whole-model" { "pytorch-model" } else { "pytorch-state" };
        let parts = [("archive/data.pkl", &pickle[..]), ("archive/data/0", &[0; 4096])];
        files.push((name, archives::zip(&parts, false)));
    }
    files.push(("keras-archive", fs::read(goldens.join("keras/sequential-keras3.keras"))?));
    files.push(("keras-h5", fs::read(goldens.join("keras/transfer-keras2.h5"))?));
    for (name, golden) in
        [("keras-weights-listed", "other-listed"), ("keras-weights-placed", "other-placed")]
    {
        let packed = fs::read(goldens.join("keras/alone").join(golden).with_extension("z"))?;
        let file = miniz_oxide::inflate::decompress_to_vec_zlib(&packed);
        files.push((name, file.map_err(|error| format!("{golden}: {error}"))?));
    }
    Ok(files)
}

/// A folder: its name, the zeros after its last file, and its files.
type Folder = (String, u32, Vec<(String, Vec<u8>)>);

/// The files of folders, the last one without its content where it has weights: models of TensorFlow.js with and without
/// what Teachable Machine adds, an unpacked file of PyTorch, and files that are no checkpoint or lack one that they name.
fn folders(goldens: &Path) -> Result<Vec<Folder>, Box<dyn Error>> {
    let file = |name: &str, content: &[u8]| (name.to_owned(), content.to_vec());
    let mut folders = Vec::new();
    let metadata = file("metadata.json", br#"{"labels":["a","b","c","d","e"]}"#);
    for model in ["sequential-keras3", "transfer-keras2", "v1-keras2"] {
        let path = goldens.join("keras").join(model).with_extension("json");
        let text = fs::read_to_string(path)?;
        let length = archives::weights(&text, 3.0).len();
        let padding = u32::try_from(length)?.min(MAX_PADDING);
        let model_file = file("model.json", text.as_bytes());
        let shard = file("group1-shard1of1.bin", b"");
        let folder = vec![metadata.clone(), model_file, shard];
        folders.push((format!("{model}-labels"), padding, folder.clone()));
        folders.push((model.to_owned(), padding, folder[1..].to_vec()));
        folders.push((format!("{model}-alone"), 0, folder[1..2].to_vec()));
    }
    let pickle = fs::read(goldens.join("pytorch/whole-model.pkl"))?;
    let pickle = file("archive/data.pkl", &pickle);
    let storage = file("archive/data/0", b"");
    let order = file("archive/byteorder", b"little");
    folders.push(("pytorch".to_owned(), 4096, vec![order, pickle.clone(), storage]));
    folders.push(("pytorch-alone".to_owned(), 0, vec![pickle]));
    folders.push(("neither".to_owned(), 0, vec![metadata, file("weights.bin", &[0; 16])]));
    Ok(folders)
}

/// Headers for which a careless reader would allocate many times their length.
fn costly_headers() -> Vec<(&'static str, String)> {
    let tensor = |index| format!(r#""{index}":{{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}"#);
    let tensors: Vec<String> = (0..500).map(tensor).collect();
    let zeros = "0,".repeat(20_000) + "0";
    let name = "\\u007f".repeat(5000);
    vec![
        ("costly-tensors", format!("{{{}}}", tensors.join(","))),
        (
            "costly-shape",
            format!(r#"{{"a":{{"dtype":"U8","shape":[{zeros}],"data_offsets":[0,0]}}}}"#),
        ),
        (
            "costly-dtype",
            format!(r#"{{"a":{{"dtype":"{name}","shape":[],"data_offsets":[0,0]}}}}"#),
        ),
        ("costly-name", format!(r#"{{"{name}":5}}"#)),
    ]
}

/// Configurations for which a careless reader would allocate many times their length, with the numbers of the checkpoints
/// to open with them.
fn costly_configs() -> Vec<(&'static str, u8, String)> {
    let entries: Vec<String> = (0..3000).map(|index| format!(r#""{index}":"""#)).collect();
    let entries = entries.join(",");
    let list = r#""","#.repeat(9999) + r#""""#;
    let numbers = "1,".repeat(9999) + "1";
    let unprintable = "\u{7f}".repeat(20_000);
    let (names, description) = (r#""a","#.repeat(1000) + r#""a""#, "b".repeat(2000));
    vec![
        ("costly-id2label", 0, format!(r#"{{"id2label":{{{entries}}}}}"#)),
        ("costly-list", 0, format!(r#"{{"label_names":[{list}]}}"#)),
        ("costly-unknown", 0, format!(r#"{{"unknown":[{numbers}]}}"#)),
        ("costly-size", 0, format!(r#"{{"image_size":[{numbers}]}}"#)),
        ("costly-number", 0, format!(r#"{{"num_classes":"{unprintable}"}}"#)),
        (
            "costly-descriptions",
            2,
            format!(r#"{{"label_names":[{names}],"label_descriptions":{{"a":"{description}"}}}}"#),
        ),
    ]
}

fn write(file: &Path, input: &[u8]) -> std::io::Result<()> {
    fs::create_dir_all(file.parent().unwrap_or(file))?;
    fs::write(file, input)
}

/// A golden's configuration, and variants with fields that other files have.
fn variants(config: &Value) -> Vec<(&'static str, Value)> {
    let with = |more: Value| {
        let mut config = config.clone();
        // Only the golden's own configuration keeps its thousand names, to keep the corpus small.
        config.as_object_mut().map(|fields| fields.remove("id2label"));
        for (field, value) in more.as_object().into_iter().flatten() {
            config[field] = value.clone();
        }
        config
    };
    vec![
        ("golden", config.clone()),
        ("list", with(json!({ "label_names": ["a", "b", "c", "d", "\u{e9}", "f", "\"g\""] }))),
        (
            "map",
            with(json!({
                "label_names": { "0": "a", "1": "b", "2": "c", "3": "d", "4": "e", "5": "f", "6": "g" },
                "label_descriptions": { "a": "cat", "c": "dog" },
            })),
        ),
        ("flat", with(json!({ "crop_pct": 0.9, "mean": [0.5, 0.5, 0.5], "pretrained_cfg": null }))),
        ("size", with(json!({ "image_size": { "height": 96, "width": 96 }, "tf_padding": false }))),
    ]
}
