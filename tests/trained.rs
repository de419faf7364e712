//! The trained networks of `../shared/models` against PyTorch: the network alone, and from photo to
//! label. `tests/networks.rs` holds the same architectures to PyTorch without that folder, and the
//! browser tests take V2 from photo to label with weights from the package registry.
#![cfg(not(target_arch = "wasm32"))]

#[path = "common/logits.rs"]
mod logits;
#[path = "common/photos.rs"]
mod photos;

use logits::assert_close;
use mobilenet_wasm::{Model, RgbaImage};
use std::fs;
use std::path::{Path, PathBuf};

const NETWORKS: [&str; 5] = [
    "mobilenet_v1_1.0_224",
    "mobilenet_v1_0.25_224",
    "mobilenet_v2_1.0_224",
    "tf_mobilenetv3_small_100",
    "tf_mobilenetv3_large_minimal_100",
];

/// PyTorch's most probable class and its probability, in the order of [`NETWORKS`]: the table of
/// `../shared/models/README.md`.
const PHOTOS: [(&str, &str, [f32; 5]); 5] = [
    ("parrot.jpg", "macaw", [1.000, 0.993, 0.974, 0.996, 0.865]),
    ("chelsea.png", "Egyptian cat", [0.757, 0.755, 0.523, 0.580, 0.890]),
    ("coffee.png", "espresso", [0.991, 0.400, 0.756, 0.338, 0.689]),
    ("burger.jpg", "cheeseburger", [0.996, 0.998, 0.902, 0.770, 0.876]),
    ("hot_dog.jpg", "hotdog, hot dog, red hot", [0.993, 0.354, 0.650, 0.927, 0.986]),
];

/// `../shared`, or a loud word about what is not tested.
fn shared(test: &str) -> Option<PathBuf> {
    photos::folder(test).map(|photos| photos.join(".."))
}

fn load(folder: &Path) -> Model {
    let weights = fs::read(folder.join("model.safetensors")).expect("weights");
    let text = |name: &str| fs::read_to_string(folder.join(name)).ok();
    let (config, preprocessor) = (text("config.json"), text("preprocessor_config.json"));
    Model::load(&weights.as_slice(), config.as_deref(), preprocessor.as_deref())
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
}

fn floats(path: &Path) -> Vec<f32> {
    let bytes = fs::read(path).expect("reference values");
    bytes.as_chunks().0.iter().map(|&four| f32::from_le_bytes(four)).collect()
}

#[test]
fn logits_are_pytorchs() {
    let Some(shared) = shared("logits_are_pytorchs") else { return };
    for name in NETWORKS {
        let folder = shared.join("models").join(name);
        let mut model = load(&folder);
        let planar = floats(&folder.join("chelsea.input.f32"));
        let pixels = planar.len() / 3;
        let input: Vec<f32> = (0..planar.len()).map(|i| planar[i % 3 * pixels + i / 3]).collect();
        let logits = model.run(&input).expect("an input of the right size").to_vec();
        let expected = floats(&folder.join("chelsea.logits.f32"));
        let logits: Vec<f64> = logits.iter().copied().map(f64::from).collect();
        assert_close(name, &logits, &expected);
    }
}

#[test]
fn photos_get_pytorchs_label_and_probability() {
    let Some(shared) = shared("photos_get_pytorchs_label_and_probability") else { return };
    let labels: Vec<String> =
        serde_json::from_str(include_str!("../pkg/labels.json")).expect("a list of names");
    for (index, name) in NETWORKS.into_iter().enumerate() {
        let mut model = load(&shared.join("models").join(name));
        for (photo, label, probabilities) in PHOTOS {
            let photo_file = photos::read(&shared.join("photos").join(photo));
            let picture = RgbaImage::new(photo_file.width, photo_file.height, &photo_file.rgba)
                .expect("a picture");
            let best = model.classify(picture, 1)[0];
            println!("{name}, {photo}: {} {:.3}", labels[best.index], best.probability);
            assert_eq!(labels[best.index], label, "{name}, {photo}");
            let expected = probabilities[index];
            assert!(
                (best.probability - expected).abs() <= 0.02,
                "{name}, {photo}: {} instead of {expected}",
                best.probability
            );
        }
    }
}
