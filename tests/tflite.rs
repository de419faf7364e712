//! `.tflite` files: compares made-up networks with TensorFlow Lite's interpreter, and tests files that are refused.
#![cfg(feature = "foreign")]

#[path = "common/goldens.rs"]
#[expect(dead_code, reason = "its checkpoints are for networks.rs")]
mod goldens;
#[path = "common/pictures.rs"]
mod pictures;
#[path = "common/safetensors.rs"]
#[expect(dead_code, reason = "likewise")]
mod safetensors;

use mobilenet_wasm::arch::{Activation, Padding, Site, Version};
use mobilenet_wasm::weights::{Checkpoint, Flavour, FoldedConv, Storage, WeightSource};
use mobilenet_wasm::{Error, Model};
use pictures::{normalised, picture};
use std::collections::BTreeMap;
use wasm_bindgen_test::wasm_bindgen_test;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_dedicated_worker);

macro_rules! files {
    ($($name:literal)*) => {
        [$(($name, include_bytes!(concat!("goldens/tflite/", $name, ".tflite")) as &[u8])),*]
    };
}

const GOLDENS: [(&str, &[u8]); 16] = files!(
    "v1-0.1-u8" "v2-like-f32" "v2-like-apart" "v2-like-u8" "v2-slim-u8" "v2-like-i8-f32" "v2-slim-i8-u8" "v2-batch-f32"
    "v3-like-f16" "v3-like-apart" "v3-like-i8" "v3-like-u8" "v4-like-f32" "v4-like-apart" "binary-f32" "binary-i8"
);

const MISFITS: [(&str, &[u8]); 4] =
    files!("no-concatenation" "no-max-pool" "no-sigmoid" "no-strided-pointwise");

const SIDE: usize = 96;

fn golden(name: &str) -> &'static [u8] {
    GOLDENS.iter().find(|(other, _)| *other == name).map(|(_, file)| *file).expect(name)
}

/// Each file gives the interpreter's probabilities for some pictures. For quantised files the tolerance is larger,
/// since this crate doesn't round activations to bytes.
#[wasm_bindgen_test(unsupported = test)]
fn goldens_are_the_interpreters() {
    let outputs: BTreeMap<String, Vec<Vec<f64>>> =
        serde_json::from_str(include_str!("goldens/tflite/outputs.json")).unwrap();
    assert_eq!(outputs.len(), GOLDENS.len());
    for (name, file) in GOLDENS {
        let mut model = Model::load(&file, None, None).unwrap_or_else(|e| panic!("{name}: {e}"));
        let preprocessing = model.preprocessing().clone();
        let quantised = name.contains("-i8") || name.ends_with("u8");
        let bound = if quantised { 0.01 } else { 1e-4 };
        let mut worst = 0.0_f64;
        for (number, expected) in outputs[name].iter().enumerate() {
            let bytes = picture(&format!("picture {number}"), SIDE);
            let input = normalised(&bytes, &preprocessing);
            let logits = model.run(&input).unwrap();
            let powers: Vec<f64> = logits.iter().map(|&logit| f64::from(logit).exp()).collect();
            let sum: f64 = powers.iter().sum();
            let expected = match expected[..] {
                // The sigmoid of the only class that the file has.
                [probability] => vec![1.0 - probability, probability],
                _ => expected.clone(),
            };
            assert_eq!(powers.len(), expected.len(), "{name}");
            for (power, expected) in powers.iter().zip(expected) {
                worst = worst.max((power / sum - expected).abs());
            }
        }
        println!("{name}: largest difference of a probability {worst:.1e}");
        assert!(worst <= bound, "{name}: {worst:e} is over {bound:e}");
    }
}

/// The picture's normalisation: by SUB and MUL in the graph, by the scale of a quantised input, or by both behind a QUANTIZE.
#[wasm_bindgen_test(unsupported = test)]
fn the_normalisation_is_the_graphs() {
    let bytes = [[123.0, 117.0, 104.0], [58.0, 57.0, 56.0]].map(|of| of.map(|value| value / 255.0));
    let inception = [[0.5; 3]; 2];
    for (name, [mean, std]) in [
        ("v2-like-apart", bytes),
        ("v2-slim-i8-u8", bytes),
        ("v2-slim-u8", inception),
        ("v2-like-i8-f32", inception),
        ("v3-like-i8", inception),
    ] {
        let file = golden(name);
        let checkpoint = Checkpoint::open(&file, None, None).unwrap();
        let found = checkpoint.preprocessing();
        for (found, expected) in found.mean.iter().chain(&found.std).zip(mean.iter().chain(&std)) {
            assert!((found - expected).abs() < 4e-3, "{name}: {found}, not {expected}");
        }
    }
}

/// The properties of each network that are recognised from its graph.
#[wasm_bindgen_test(unsupported = test)]
fn networks_are_their_graphs() {
    for (name, file) in GOLDENS {
        let checkpoint = Checkpoint::open(&file, None, None).unwrap();
        let network = checkpoint.network();
        assert_eq!(checkpoint.flavour(), Flavour::Tflite, "{name}");
        let classes = if name.starts_with("binary") { 2 } else { 5 };
        assert_eq!((network.resolution, network.classes()), (SIDE, classes), "{name}");
        let padding = if name.starts_with("v4") { Padding::Symmetric } else { Padding::Same };
        assert_eq!(network.padding, padding, "{name}");
        let named = name.starts_with("v1").then_some((Version::V1, 0.1));
        assert_eq!(network.version.map(|version| (version, network.width)), named, "{name}");
        // Only files whose input is float and that have no normalisation need a guess.
        let guessed = matches!(
            name,
            "v2-like-f32"
                | "v2-like-i8-f32"
                | "v3-like-apart"
                | "v4-like-f32"
                | "v4-like-apart"
                | "binary-f32"
        );
        assert_eq!(checkpoint.warnings().len(), usize::from(guessed), "{name}");
    }
}

/// Recognises every layer of a graph with squeeze-and-excite and h-swish, in the form that each number format uses.
#[wasm_bindgen_test(unsupported = test)]
fn squeeze_excite_is_found() {
    use Activation::{HardSigmoid, HardSwish, Linear};
    for name in ["v3-like-f16", "v3-like-apart", "v3-like-i8", "v3-like-u8"] {
        let file = golden(name);
        let checkpoint = Checkpoint::open(&file, None, None).unwrap();
        let sites: Vec<_> = checkpoint
            .network()
            .sites()
            .map(|(site, conv)| (site, conv.kernel, conv.stride, conv.out_channels))
            .collect();
        let expected = [
            (Site::Stem, 3, 2, 8),
            (Site::Depthwise(0), 3, 2, 8),
            (Site::SqueezeReduce(0), 1, 1, 4),
            (Site::SqueezeExpand(0), 1, 1, 8),
            (Site::Project(0), 1, 1, 8),
            (Site::Expand(1), 1, 1, 20),
            (Site::Depthwise(1), 5, 2, 20),
            (Site::SqueezeReduce(1), 1, 1, 8),
            (Site::SqueezeExpand(1), 1, 1, 20),
            (Site::Project(1), 1, 1, 12),
            (Site::Expand(2), 1, 1, 24),
            (Site::Depthwise(2), 5, 1, 24),
            (Site::Project(2), 1, 1, 12),
            (Site::Last, 1, 1, 32),
            (Site::Head, 1, 1, 24),
            (Site::Classifier, 1, 1, 5),
        ];
        assert_eq!(sites, expected, "{name}");
        let network = checkpoint.network();
        let residuals: Vec<bool> = network.blocks.iter().map(|block| block.residual).collect();
        assert_eq!(residuals, [false, false, true], "{name}");
        for (site, conv) in network.sites() {
            let expected = match site {
                Site::Project(_) | Site::Classifier => Linear,
                Site::SqueezeExpand(_) => HardSigmoid,
                // The range of a quantised output doesn't always distinguish ReLU from ReLU6.
                Site::Depthwise(0) | Site::SqueezeReduce(_) => continue,
                Site::Stem
                | Site::Start(_)
                | Site::Expand(_)
                | Site::Depthwise(_)
                | Site::Last
                | Site::Head => HardSwish,
            };
            assert_eq!(conv.activation, expected, "{name} {site}");
        }
    }
}

/// A folded file of a graph has its network, also one without a version, its normalisation, its warnings and its bits.
#[wasm_bindgen_test(unsupported = test)]
fn graphs_can_be_folded() {
    for (name, file) in GOLDENS {
        let mut checkpoint = Checkpoint::open(&file, None, None).unwrap();
        let storage = checkpoint.lossless().unwrap();
        assert_eq!(storage == Storage::F16, name == "v3-like-f16", "{name}");
        let bytes = checkpoint.fold(storage).unwrap();
        let source = &bytes[..];
        let folded = Checkpoint::open(&source, None, None).unwrap();
        assert_eq!(
            (folded.flavour(), folded.origin()),
            (Flavour::Folded, Flavour::Tflite),
            "{name}"
        );
        assert_eq!(folded.network(), checkpoint.network(), "{name}");
        assert_eq!(folded.preprocessing(), checkpoint.preprocessing(), "{name}");
        assert_eq!(folded.warnings(), checkpoint.warnings(), "{name}");
        let input: Vec<f32> = picture("picture 0", SIDE)
            .into_iter()
            .map(|byte| f32::from(byte) / 128.0 - 1.0)
            .collect();
        let [expected, found] = [file, &bytes]
            .map(|file| Model::load(&file, None, None).unwrap().run(&input).unwrap().to_vec())
            .map(|logits| logits.into_iter().map(f32::to_bits).collect::<Vec<_>>());
        assert_eq!(found, expected, "{name}");
    }
}

/// For a graph that is not a MobileNet, the error names the first operator that doesn't fit, and its index.
#[wasm_bindgen_test(unsupported = test)]
fn misfits_are_named() {
    let expected = [
        (3, "CONCATENATION", "no MobileNet has such an operator"),
        (3, "MAX_POOL_2D", "no MobileNet has such an operator"),
        (5, "LOGISTIC", "a sigmoid can only be of one class at the end"),
        (3, "CONV_2D", "no Pointwise has a 1x1 filter of stride 2"),
    ];
    for ((file_name, file), (index, name, reason)) in MISFITS.into_iter().zip(expected) {
        let error = Checkpoint::open(&file, None, None).err().expect(file_name);
        assert_eq!(error.code(), "UNKNOWN_NETWORK", "{error}");
        let message = error.to_string();
        assert!(message.contains(&format!("operator {index}, {name}, which makes `")), "{message}");
        assert!(message.contains(reason), "{message}");
    }
}

/// A tensor with more dimensions than any operator has is named.
#[wasm_bindgen_test(unsupported = test)]
fn a_tensor_of_too_many_dimensions_is_named() {
    let mut file = golden("v2-like-f32").to_vec();
    let shape = [4, 1, SIDE as u32, SIDE as u32, 3].map(u32::to_le_bytes).concat();
    let at = file.windows(shape.len()).position(|bytes| bytes == shape).unwrap();
    file[at..][..4].copy_from_slice(&7_u32.to_le_bytes());
    let error = Checkpoint::open(&&file[..], None, None).err().expect("seven sides");
    assert_eq!(error.code(), "BAD_WEIGHTS", "{error}");
    assert!(error.to_string().contains("7 dimensions, at most 6 are expected"), "{error}");
}

/// The configuration files define the preprocessing and the class names.
#[wasm_bindgen_test(unsupported = test)]
fn a_config_overrides_the_guess() {
    let file = golden("v2-like-f32");
    let processor = r#"{"image_mean": [0.1, 0.2, 0.3], "image_std": [0.4, 0.5, 0.6]}"#;
    let config = r#"{"label_names": ["a", "b", "c", "d", "e"]}"#;
    let checkpoint = Checkpoint::open(&file, Some(config), Some(processor)).unwrap();
    let preprocessing = checkpoint.preprocessing();
    assert_eq!((preprocessing.crop, preprocessing.resize_short_side), (SIDE, 109));
    assert_eq!((preprocessing.mean, preprocessing.std), ([0.1, 0.2, 0.3], [0.4, 0.5, 0.6]));
    assert_eq!(checkpoint.labels().map(<[String]>::len), Some(5));
    assert!(checkpoint.warnings().is_empty());
    for (config, part) in [
        (r#"{"input_size": [3, 224, 224]}"#, "96 pixels, as the network takes"),
        (r#"{"label_names": ["a"]}"#, "a name for each of 5 classes"),
    ] {
        let error = Checkpoint::open(&file, Some(config), None).err().expect(config);
        assert_eq!(error.code(), "BAD_CONFIG");
        assert!(error.to_string().contains(part), "{error}");
    }
}

/// Asking for a layer that the file doesn't have, or has with other properties, is an error.
#[wasm_bindgen_test(unsupported = test)]
fn a_layer_that_is_not_there() {
    let file = golden("v2-like-u8");
    let mut checkpoint = Checkpoint::open(&file, None, None).unwrap();
    let stem = checkpoint.network().stem;
    let FoldedConv { weight, bias } = checkpoint.conv(Site::Stem, &stem).unwrap();
    assert_eq!((weight.len(), bias.len()), (8 * 27, 8));
    let larger = mobilenet_wasm::arch::Conv { out_channels: 800, ..stem };
    for (site, conv) in [(Site::Stem, larger), (Site::Head, stem)] {
        let error = checkpoint.conv(site, &conv).unwrap_err();
        assert!(matches!(error, Error::Network { site: at, .. } if at == site), "{error}");
    }
}
