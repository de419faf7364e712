//! Tests checkpoints of Keras, TensorFlow.js, Teachable Machine and PyTorch's own format: it compares made-up networks
//! with the libraries, and checks that other files are refused.
#![cfg(feature = "foreign")]

#[path = "common/archives.rs"]
mod archives;
#[path = "common/goldens.rs"]
#[expect(dead_code, reason = "its checkpoints' settings are for networks.rs")]
mod goldens;
#[path = "common/logits.rs"]
mod logits;
#[path = "common/pictures.rs"]
mod pictures;
#[path = "common/safetensors.rs"]
#[expect(dead_code, reason = "files are in other formats here")]
mod safetensors;

use pictures::{normalised, picture};
use std::collections::BTreeMap;

use archives::{pth, weights, weights_alone, zip};
use mobilenet_wasm::arch::Version;
use mobilenet_wasm::weights::{Flavour, NamedFile};
use mobilenet_wasm::{Error, LoadOptions, Model};
use serde_json::Value;
use wasm_bindgen_test::wasm_bindgen_test;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_dedicated_worker);

/// The largest difference of a logit, relative to the largest.
const TOLERANCE: f64 = 1e-4;

macro_rules! topologies {
    ($($name:literal $gain:literal)*) => {
        [$(($name, $gain, include_str!(concat!("goldens/keras/", $name, ".json")))),*]
    };
}

/// The names of the models, with their gains in make_keras.py.
const TOPOLOGIES: [(&str, f64, &str); 8] = topologies!(
    "v1-keras2" 4.0 "v2-keras3" 2.0 "v3-small-keras2" 1.8 "v3-small-keras3" 1.8
    "v3-large-minimalistic-keras3" 1.0 "transfer-keras2" 3.0 "sequential-keras3" 3.0 "binary-keras2" 3.0
);

fn topology(name: &str) -> (f64, &'static str) {
    let found = TOPOLOGIES.iter().find(|(other, ..)| *other == name);
    found.map(|&(_, gain, text)| (gain, text)).expect(name)
}

/// The library's results for the pictures: the logarithms of its probabilities. `name` is the golden's.
fn outputs(name: &str) -> Vec<Vec<f64>> {
    let mut all: BTreeMap<String, Vec<Vec<f64>>> =
        serde_json::from_str(include_str!("goldens/keras/outputs.json")).unwrap();
    all.remove(name).expect(name)
}

/// Asserts that the model's logits are the library's, except for a constant that softmax cancels.
fn assert_equal(name: &str, model: &mut Model, expected: &[Vec<f64>]) {
    let preprocessing = model.preprocessing().clone();
    let mut worst = 0.0_f64;
    for (number, expected) in expected.iter().enumerate() {
        let bytes = picture(&format!("picture {number}"), preprocessing.crop);
        let input = normalised(&bytes, &preprocessing);
        let logits: Vec<f64> = model.run(&input).unwrap().iter().copied().map(f64::from).collect();
        assert_eq!(logits.len(), expected.len(), "{name}");
        let centred = |values: &[f64]| {
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            values.iter().map(|value| value - mean).collect::<Vec<f64>>()
        };
        let (logits, expected) = (centred(&logits), centred(expected));
        let largest = expected.iter().fold(0.0_f64, |most, logit| most.max(logit.abs()));
        for (logit, expected) in logits.iter().zip(&expected) {
            worst = worst.max((logit - expected).abs() / largest);
        }
    }
    println!("{name}: largest difference {worst:.1e} of the largest logit");
    assert!(worst <= TOLERANCE, "{name}: {worst:e} is over {TOLERANCE:e}");
}

fn load(files: &[(&str, &[u8])]) -> Result<Model, Error> {
    let files: Vec<NamedFile<'_>> =
        files.iter().map(|(name, source)| NamedFile { name, source }).collect();
    Model::load_files(&files, None, None, LoadOptions::default())
}

/// The networks of keras.applications, from both versions of Keras, in the format of TensorFlow.js.
#[wasm_bindgen_test(unsupported = test)]
fn applications_are_keras() {
    let expected = [
        (Some(Version::V1), 0.25, false),
        (Some(Version::V2), 0.35, false),
        (Some(Version::V3Small), 1.0, false),
        (Some(Version::V3Small), 0.75, false),
        (Some(Version::V3Large), 0.75, true),
        // These have inner models, which are smaller than those of the papers.
        (None, 1.0, false),
        (None, 1.0, false),
        (None, 1.0, false),
    ];
    for ((name, gain, text), (version, width, minimalistic)) in TOPOLOGIES.into_iter().zip(expected)
    {
        let bytes = weights(text, gain);
        let files = [("model.json", text.as_bytes()), ("group1-shard1of1.bin", &bytes[..])];
        let mut model = load(&files).unwrap_or_else(|error| panic!("{name}: {error}"));
        let network = model.network();
        let classes = match version {
            Some(_) => 7,
            None if name.starts_with("binary") => 2,
            None => 5,
        };
        assert_eq!((network.resolution, network.classes()), (96, classes), "{name}");
        assert_eq!(network.version, version, "{name}");
        assert_eq!((network.width, network.minimalistic), (width, minimalistic), "{name}");
        assert_eq!(model.flavour(), Some(Flavour::Keras));
        // The other networks have layers that normalise bytes.
        let guessed = name.starts_with("v1") || name.starts_with("v2");
        assert_eq!(model.warnings().len(), usize::from(guessed), "{name}");
        assert_equal(name, &mut model, &outputs(name));
    }
}

macro_rules! saved {
    ($($name:literal)*) => {
        [$(($name, include_bytes!(concat!("goldens/keras/", $name)) as &[u8])),*]
    };
}

/// Files with weights, as both versions of Keras save them.
#[wasm_bindgen_test(unsupported = test)]
fn saved_models_are_keras() {
    for (name, file) in saved!(
        "sequential-keras3.keras" "binary-keras3.keras" "transfer-keras2.h5" "transfer-keras3.h5"
    ) {
        let mut model =
            Model::load(&file, None, None).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(model.flavour(), Some(Flavour::Keras));
        assert!(model.warnings().is_empty(), "{name}");
        assert_equal(name, &mut model, &outputs(name));
    }
}

macro_rules! alone {
    ($($name:literal)*) => {
        [$(($name, include_bytes!(concat!("goldens/keras/alone/", $name, ".z")) as &[u8])),*]
    };
}

/// Files that have only weights of keras.applications' networks, with the layers as Keras 2 lists them, as Keras 3
/// places them, and as Keras 2 places them.
#[wasm_bindgen_test(unsupported = test)]
fn weights_alone_are_keras() {
    for (name, packed) in alone!(
        "v1-keras2-listed" "v1-keras2-placed" "v1-keras2-placed2"
        "v2-keras3-listed" "v2-keras3-placed"
        "v3-small-keras2-listed" "v3-small-keras2-placed"
        "v3-small-keras3-listed" "v3-small-keras3-placed"
        "v3-large-minimalistic-keras3-listed" "v3-large-minimalistic-keras3-placed"
    ) {
        let (golden, _) = name.rsplit_once('-').unwrap();
        let (gain, text) = topology(golden);
        let file = weights_alone(name, packed, text, gain);
        let options = LoadOptions { resolution: Some(96), ..LoadOptions::default() };
        let mut model = Model::load_with(&&file[..], None, None, options)
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(model.flavour(), Some(Flavour::Keras));
        // The picture's size and its normalisation are guessed.
        assert_eq!(model.warnings().len(), 1, "{name}");
        let bytes = weights(text, gain);
        let files = [("model.json", text.as_bytes()), ("group1-shard1of1.bin", &bytes[..])];
        assert_eq!(model.network(), load(&files).unwrap().network(), "{name}");
        assert_equal(name, &mut model, &outputs(golden));
    }
}

macro_rules! chunks {
    ($($name:literal $whole:literal)*) => {
        [$((
            $name,
            $whole,
            include_bytes!(concat!("goldens/keras/", $whole)) as &[u8],
            include_bytes!(concat!("goldens/keras/chunks/", $name, ".z")) as &[u8],
        )),*]
    };
}

/// Files whose arrays lie in chunks, which are packed or not, are the same networks as the files that they are from.
#[wasm_bindgen_test(unsupported = test)]
fn chunks_are_whole_arrays() {
    for (name, whole, file, packed) in chunks!(
        "plain.h5" "transfer-keras2.h5" "gzip.h5" "transfer-keras2.h5"
        "gzip-shuffle.h5" "transfer-keras2.h5" "gzip-shuffle.keras" "sequential-keras3.keras"
    ) {
        let chunks = miniz_oxide::inflate::decompress_to_vec_zlib(packed).unwrap();
        let mut model =
            Model::load(&&chunks[..], None, None).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_equal(name, &mut model, &outputs(whole));
        let mut of_whole = Model::load(&file, None, None).unwrap();
        let input = normalised(&picture("picture 0", 96), model.preprocessing());
        assert_eq!(model.run(&input).unwrap(), of_whole.run(&input).unwrap(), "{name}");
    }
}

/// Refuses chunks that are packed in other ways, that don't make an array, or that would take more memory than weights.
#[wasm_bindgen_test(unsupported = test)]
fn misfits_of_chunks_are_named() {
    let [(.., packed)] = chunks!("gzip.h5" "transfer-keras2.h5");
    let file = miniz_oxide::inflate::decompress_to_vec_zlib(packed).unwrap();
    // The rank, the kind and the number of entries of a tree of chunks come before the chunks' lengths; a layout has the rank,
    // the tree's offset and the sides.
    for (what, pattern, at, byte, message) in [
        (
            "a filter more",
            b"\x01\x01\0\0\0\0\0\0\x01\0\x08\0" as &[u8],
            1,
            2,
            "in chunks packed by an unknown filter",
        ),
        ("a chunk less", b"TREE\x01\0\x04\0", 6, 3, "a chunk is missing"),
        ("names in place of chunks", b"TREE\x01\0", 4, 0, "its tree is one of names"),
        ("a large chunk", b"\x03\x02\x03", 14, 0x7f, "more than weights can shrink"),
        ("another rank", b"\x03\x02\x03", 2, 4, "don't divide"),
        ("a broken chunk", b"\x78\x5e", 12, 0x5a, "a chunk can't be unpacked"),
    ] {
        let place = file.windows(pattern.len()).position(|window| window == pattern);
        let place = place.unwrap_or_else(|| panic!("{what}: no place"));
        let mut changed = file.clone();
        changed[place.checked_add_signed(at).unwrap()] = byte;
        let error = Model::load(&&changed[..], None, None).expect_err(what);
        assert_eq!(error.code(), "BAD_WEIGHTS", "{what}: {error}");
        assert!(error.to_string().contains(message), "{what}: {error}");
    }
}

/// For a file whose chunks are packed by another filter, or twice by one, the error says so and what helps.
#[wasm_bindgen_test(unsupported = test)]
fn other_filters_are_named() {
    let [(.., packed)] = chunks!("gzip.h5" "transfer-keras2.h5");
    let file = miniz_oxide::inflate::decompress_to_vec_zlib(packed).unwrap();
    for (number, how) in [
        (3_u16, "in chunks with Fletcher's checksums"),
        (4, "in chunks packed by szip"),
        (32000, "in chunks packed by lzf"),
        (32001, "in chunks packed by Blosc"),
        (500, "in chunks packed by an unknown filter"),
    ] {
        let mut changed = file.clone();
        for at in 8..file.len() - 8 {
            if file[at..].starts_with(b"deflate\0") {
                changed[at - 8..at - 6].copy_from_slice(&number.to_le_bytes());
            }
        }
        let error = Model::load(&&changed[..], None, None).expect_err(how);
        assert_eq!(error.code(), "BAD_WEIGHTS", "{error}");
        let message =
            format!("lies {how}, which can't be read: load the file in Keras and save it again");
        assert!(error.to_string().contains(&message), "{error}");
    }
    let packed = include_bytes!("goldens/keras/chunks/gzip-gzip.h5.z");
    let file = miniz_oxide::inflate::decompress_to_vec_zlib(packed).unwrap();
    let error = Model::load(&&file[..], None, None).expect_err("packed twice");
    let message = "lies in chunks packed twice, which can't be read";
    assert!(error.to_string().contains(message), "{error}");
}

macro_rules! newer {
    ($($name:literal)*) => {
        [$(($name, include_bytes!(concat!("goldens/keras/newer/", $name, ".h5.z")) as &[u8])),*]
    };
}

/// For a file in a newer version of the format, the error says what helps.
#[wasm_bindgen_test(unsupported = test)]
fn newer_hdf5_is_named() {
    let header = "has a header of version 2, as libver=\"latest\" and track_order make it";
    for ((name, packed), message) in newer!("latest" "track-order" "copy").into_iter().zip([
        "its superblock of version 3 can't be read",
        header,
        header,
    ]) {
        let file = miniz_oxide::inflate::decompress_to_vec_zlib(packed).unwrap();
        let error = Model::load(&&file[..], None, None).expect_err(name);
        assert_eq!(error.code(), "BAD_WEIGHTS", "{name}: {error}");
        let expected = format!("{message}: load the file in Keras and save it again");
        assert!(error.to_string().contains(&expected), "{name}: {error}");
    }
}

/// What that error advises helps: a file that was written again is the network that it was.
#[wasm_bindgen_test(unsupported = test)]
fn a_newer_file_that_is_written_again_loads() {
    for (name, packed) in newer!("again-keras" "again-h5py") {
        let file = miniz_oxide::inflate::decompress_to_vec_zlib(packed).unwrap();
        let mut model =
            Model::load(&&file[..], None, None).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_equal(name, &mut model, &outputs("transfer-keras2.h5"));
    }
}

/// For a file that has only weights, the picture's size is that of keras.applications, or one from a configuration.
#[wasm_bindgen_test(unsupported = test)]
fn weights_alone_have_a_size() {
    let [(name, packed)] = alone!("v1-keras2-listed");
    let (gain, text) = topology("v1-keras2");
    let file = weights_alone(name, packed, text, gain);
    let model = Model::load(&&file[..], None, None).unwrap();
    let preprocessing = model.preprocessing();
    assert_eq!((model.network().resolution, preprocessing.crop), (224, 224));
    assert_eq!((preprocessing.mean, preprocessing.std), ([0.5; 3], [0.5; 3]));
    assert!(model.warnings()[0].contains("224 pixels"), "{}", model.warnings()[0]);
    let config = r#"{"input_size": [3, 160, 160]}"#;
    let model = Model::load(&&file[..], Some(config), None).unwrap();
    assert_eq!(model.network().resolution, 160);
    assert!(model.warnings().is_empty(), "{:?}", model.warnings());
}

/// Refuses files that have only weights, if these are no network of keras.applications or not a whole one.
#[wasm_bindgen_test(unsupported = test)]
fn misfits_of_weights_alone_are_named() {
    let nested = "it has several layers in it, so load the whole model";
    for (name, packed) in alone!(
        "other-listed" "other-placed" "nested-listed" "nested-placed" "v1-headless-listed" "v1-headless-placed"
        "v3-headless-listed" "v3-headless-placed"
    ) {
        let message = match name.split('-').next() {
            Some("other") => {
                "has 2 depthwise convolutions, where MobileNet V1 has 13, MobileNet V2"
            }
            Some("nested") => nested,
            Some("v1") => "Keras's MobileNet V1 have no classifier",
            _ => "Keras's MobileNet V3-Small have no classifier",
        };
        let file = miniz_oxide::inflate::decompress_to_vec_zlib(packed).unwrap();
        let error = Model::load(&&file[..], None, None).expect_err(name);
        assert_eq!(error.code(), "UNKNOWN_NETWORK", "{name}: {error}");
        assert!(error.to_string().contains(message), "{name}: {error}");
    }

    let [(name, packed)] = alone!("v1-keras2-listed");
    let (gain, text) = topology("v1-keras2");
    let file = weights_alone(name, packed, text, gain);
    for (from, to, code, message) in [
        ("layer_names", "layer_nymes", "BAD_WEIGHTS", "neither a model, as model.save(…)"),
        ("weight_names", "weight_nymes", "BAD_WEIGHTS", "with weight_names"),
        (
            "moving_mean",
            "moving_mode",
            "UNKNOWN_NETWORK",
            "layer `conv1_bn` doesn't fit: no layer of a MobileNet has the weights gamma, beta, moving_mode",
        ),
        (
            "conv1/kernel:0",
            "conv2/kernel:0",
            "BAD_WEIGHTS",
            "it has no array `conv1/conv2/kernel:0`",
        ),
    ] {
        let mut changed = file.clone();
        for at in 0..file.len() - from.len() {
            if file[at..].starts_with(from.as_bytes()) {
                changed[at..][..to.len()].copy_from_slice(to.as_bytes());
            }
        }
        let error = Model::load(&&changed[..], None, None).expect_err(to);
        assert_eq!(error.code(), code, "{error}");
        assert!(error.to_string().contains(message), "{error}");
    }
}

/// Models that TensorFlow.js saves as Teachable Machine does: in a folder, and in a zip archive, stored and deflated.
#[wasm_bindgen_test(unsupported = test)]
fn teachable_machine_is_tensorflow_js() {
    let all: Value = serde_json::from_str(include_str!("goldens/keras/teachable.json")).unwrap();
    for (name, gain, text, side, version) in [
        (
            "teachable-standard",
            2.0,
            include_str!("goldens/keras/teachable-standard.json"),
            224,
            Version::V2,
        ),
        (
            "teachable-embedded",
            4.0,
            include_str!("goldens/keras/teachable-embedded.json"),
            96,
            Version::V1,
        ),
    ] {
        let (bytes, metadata) = (weights(text, gain), all[name]["metadata"].to_string());
        let files: [(&str, &[u8]); 3] = [
            ("metadata.json", metadata.as_bytes()),
            ("model.json", text.as_bytes()),
            ("weights.bin", &bytes),
        ];
        let expected: Vec<Vec<f64>> = serde_json::from_value(all[name]["rows"].clone()).unwrap();
        let stored = zip(&files, false);
        for files in [&files[..], &[("a.zip", &stored[..])], &[("a.zip", &zip(&files, true)[..])]] {
            let mut model = load(files).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(model.flavour(), Some(Flavour::TeachableMachine));
            let labels: Vec<String> =
                serde_json::from_value(all[name]["metadata"]["labels"].clone()).unwrap();
            assert_eq!(model.labels(), Some(&labels[..]));
            assert!(model.warnings().is_empty(), "{name}");
            let preprocessing = model.preprocessing();
            assert_eq!((preprocessing.crop, preprocessing.resize_short_side), (side, side));
            assert_eq!(model.network().head.map(|head| head.out_channels), Some(100));
            // No paper has this head.
            assert_eq!(model.network().version, None, "{name}: {version:?}");
            assert_equal(name, &mut model, &expected);
        }
    }
}

/// For a model that is not a MobileNet, the error names the first layer that doesn't fit. For a missing or malformed
/// file it names the file.
#[wasm_bindgen_test(unsupported = test)]
fn misfits_are_named() {
    let (gain, text) = topology("v1-keras2");
    let bytes = weights(text, gain);
    let relu = r#""class_name":"ReLU","config":{"name":"conv_pw_1_relu","dtype":"float32","max_value":6.0"#;
    assert!(text.contains(relu));
    for (from, to, code, message) in [
        (relu, &*relu.replace("6.0", "5.0"), "UNKNOWN_NETWORK", "layer `conv_pw_1_relu`, ReLU"),
        (relu, &relu.replace("ReLU", "PReLU"), "UNKNOWN_NETWORK", "no MobileNet has such a layer"),
        (r#""epsilon":0.001"#, r#""epsilon":7"#, "UNKNOWN_NETWORK", "its epsilon is 7"),
        ("[null,96,96,3]", "[null,null,null,3]", "UNKNOWN_NETWORK", "no fixed picture size"),
        ("[null,96,96,3]", "[null,96,96,1]", "UNKNOWN_NETWORK", "expected [null, side, side, 3]"),
        ("[null,96,96,3]", "[null,90,90,3]", "BAD_CONFIG", "multiple of 32"),
        ("conv1/kernel", "conv9/kernel", "BAD_WEIGHTS", "tensor `Conv2D of conv1`"),
        ("shard1of1", "shard1of2", "BAD_WEIGHTS", "group1-shard1of2.bin: it is missing"),
        (r#""shape":[8]"#, r#""shape":[9999999]"#, "BAD_WEIGHTS", "reaches beyond the end"),
        ("\"float32\"}", "\"int32\"}", "BAD_WEIGHTS", "elements of type int32"),
        ("weightsManifest", "other", "BAD_WEIGHTS", "it has no weightsManifest"),
    ] {
        let text = text.replace(from, to);
        let files = [("model.json", text.as_bytes()), ("group1-shard1of1.bin", &bytes[..])];
        let error = load(&files).err().unwrap_or_else(|| panic!("{to}"));
        assert_eq!(error.code(), code, "{error}");
        assert!(error.to_string().contains(message), "{error}");
    }
    let (gain, text) = topology("binary-keras2");
    let bytes = weights(text, gain);
    for (from, to, message) in [
        ("sigmoid", "hard_sigmoid", "no MobileNet has the activation hard_sigmoid here"),
        ("RandomTranslation", "RandomCrop", "layer `random_translation`, RandomCrop"),
        (
            r#""activation":"linear"#,
            r#""activation":"sigmoid"#,
            "a sigmoid can only be of one class at the end",
        ),
    ] {
        assert!(text.contains(from), "{from}");
        let text = text.replace(from, to);
        let files = [("model.json", text.as_bytes()), ("group1-shard1of1.bin", &bytes[..])];
        let error = load(&files).expect_err(to);
        assert_eq!(error.code(), "UNKNOWN_NETWORK", "{error}");
        assert!(error.to_string().contains(message), "{error}");
    }
    let (_, text) = topology("v1-keras2");
    let error = load(&[("model.json", text.as_bytes())]).expect_err("no weights");
    assert!(error.to_string().contains("group1-shard1of1.bin: it is missing"), "{error}");
    let error = load(&[("a.txt", b"a"), ("b.txt", b"b")]).expect_err("no model");
    assert_eq!(error.code(), "UNKNOWN_NETWORK");
    assert!(error.to_string().contains("(a.txt, b.txt)"), "{error}");
}

macro_rules! pickle {
    ($name:literal) => {
        ($name, include_bytes!(concat!("goldens/pytorch/", $name, ".pkl")) as &[u8])
    };
}

/// PyTorch's files have the tensors' names, so the libraries are recognised as in other formats.
#[wasm_bindgen_test(unsupported = test)]
fn pytorch_is_its_libraries() {
    for (name, pickle) in [pickle!("timm-v1-0.25-160"), pickle!("torchvision-v3-small-0.5-96")] {
        let golden = goldens::Golden::named(name);
        let (file, config) = (pth(name, pickle), golden.config.to_string());
        let mut model = Model::load(&&file[..], Some(&config), None)
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let found: Vec<f64> =
            model.run(&golden.image()).unwrap().iter().copied().map(f64::from).collect();
        logits::assert_close(name, &found, &golden.logits);
    }
}

/// For a file that PyTorch before 1.6 wrote, which is no archive, the error says what helps.
#[wasm_bindgen_test(unsupported = test)]
fn older_pytorch_is_named() {
    let number = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19\x2e";
    let file = [&number[..], b"\x80\x02M\xe9\x03.", &[0; 64]].concat();
    let error = Model::load(&&file[..], None, None).expect_err("an older file");
    assert_eq!(error.code(), "BAD_WEIGHTS");
    let message = "the .pth file: PyTorch before 1.6 wrote it: write it again by a later one";
    assert!(error.to_string().contains(message), "{error}");
}

/// If a pickle calls any other function, the error names that function.
#[wasm_bindgen_test(unsupported = test)]
fn a_pickle_calls_nothing() {
    let (_, whole) = pickle!("whole-model");
    let evil: &[u8] = b"\x80\x02cos\nsystem\nX\x02\0\0\0ls\x85R.";
    for (pickle, name) in [(whole, "torch.nn.modules.container.Sequential"), (evil, "os.system")] {
        let padding = [0; 4096];
        let file = zip(&[("a/data.pkl", pickle), ("a/data/0", &padding[..])], false);
        let error = Model::load(&&file[..], None, None).expect_err(name);
        assert_eq!(error.code(), "BAD_WEIGHTS");
        assert!(error.to_string().contains(&format!("it needs `{name}`")), "{error}");
    }
}
