//! Writes the corpus's first inputs, which are the headers and configurations of made-up networks: the goldens, which
//! hold no weights.

use std::error::Error;
use std::fs;
use std::path::Path;

use mobilenet_wasm_fuzz::goldens::Golden;
use mobilenet_wasm_fuzz::{MAX_PADDING, NETWORKS, safetensors};
use serde_json::{Value, json};

/// One network of each library and way to name tensors, the smallest of its kind.
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

fn main() -> Result<(), Box<dyn Error>> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    for name in CHECKPOINTS {
        let file = safetensors::file(&Golden::named(name).tensors());
        let header = u64::from_le_bytes(file[..8].try_into()?) as usize;
        let (header, data) = file.split_at(8 + header);
        let padding = u32::try_from(data.len())?;
        assert!(padding <= MAX_PADDING, "{name} has {padding} bytes of tensors");
        write(&corpus.join("checkpoint").join(name), &[&padding.to_le_bytes(), header].concat())?;
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

fn write(file: &Path, input: &[u8]) -> std::io::Result<()> {
    fs::create_dir_all(file.parent().unwrap_or(file))?;
    fs::write(file, input)
}

/// A configuration, and what other files than the golden's have.
fn variants(config: &Value) -> Vec<(&'static str, Value)> {
    let with = |more: Value| {
        let mut config = config.clone();
        // A thousand names need to be there once.
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
