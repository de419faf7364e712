//! Malformed checkpoints and configurations, and missing configurations.

#[path = "common/goldens.rs"]
#[expect(dead_code, reason = "images and logits are for networks.rs")]
mod goldens;
#[path = "common/safetensors.rs"]
mod safetensors;

use goldens::Golden;
use mobilenet_wasm::Error;
use mobilenet_wasm::arch::{Activation, Config, Network, Padding, Version};
use mobilenet_wasm::preprocess::{CropStart, Interpolation};
use mobilenet_wasm::weights::{
    ByteSource, Checkpoint, Flavour, FoldedConv, Storage, Untrained, WeightSource,
};
use safetensors::Tensor;
use serde_json::{Value, json};
use wasm_bindgen_test::wasm_bindgen_test;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_dedicated_worker);

/// Opens a file and reads every convolution, as a plan does.
fn load(bytes: &[u8], config: Option<&str>) -> Result<Network, Error> {
    let mut checkpoint = Checkpoint::open(&bytes, config, None)?;
    let network = checkpoint.network().clone();
    for (site, conv) in network.sites() {
        let FoldedConv { weight, bias } = checkpoint.conv(site, conv)?;
        assert_eq!((weight.len(), bias.len()), (conv.weight_count(), conv.out_channels), "{site}");
        assert!(weight.iter().chain(&bias).all(|value| value.is_finite()), "{site}");
    }
    Ok(network)
}

/// A small network of each flavour.
fn small_goldens() -> [Golden; 3] {
    ["timm-v3-small-0.5-160", "torchvision-v2-0.5-96", "transformers-v1-0.3-128"].map(Golden::named)
}

fn find<'a>(tensors: &'a mut [Tensor], name: &str) -> &'a mut Tensor {
    let tensor = tensors.iter_mut().find(|tensor| tensor.name == name);
    tensor.unwrap_or_else(|| panic!("there is no {name}"))
}

fn set(tensor: &mut Tensor, index: usize, value: f32) {
    tensor.bytes[4 * index..][..4].copy_from_slice(&value.to_le_bytes());
}

fn remove(tensors: &mut Vec<Tensor>, name: &str) {
    find(tensors, name);
    tensors.retain(|tensor| tensor.name != name);
}

/// An error's code, and texts that its message must contain.
type Expected<'a> = (&'static str, &'a [&'a str]);

fn assert_error(case: &str, result: Result<Network, Error>, (code, parts): Expected<'_>) {
    let error = result.expect_err(case);
    let message = error.to_string();
    assert_eq!(error.code(), code, "{case}: {message}");
    for part in parts {
        assert!(message.contains(part), "{case}: `{part}` is not in: {message}");
    }
}

/// An error in a tensor names the tensor, what was expected and what was found.
#[wasm_bindgen_test(unsupported = test)]
fn malformed_tensors() {
    type Damage = fn(&mut Vec<Tensor>);
    let cases: &[(&str, Damage, Expected)] = &[
        (
            "missing weight",
            |tensors| remove(tensors, "blocks.2.1.se.conv_reduce.weight"),
            ("BAD_WEIGHTS", &["blocks.2.1.se.conv_reduce.weight", "missing", "[40, 144, 1, 1]"]),
        ),
        (
            "missing batch normalisation",
            |tensors| remove(tensors, "bn1.running_var"),
            ("BAD_WEIGHTS", &["bn1.running_var", "missing", "[16]"]),
        ),
        (
            "missing classifier",
            |tensors| remove(tensors, "classifier.weight"),
            ("BAD_WEIGHTS", &["classifier.weight", "missing"]),
        ),
        (
            "surplus tensor",
            |tensors| {
                tensors
                    .push(Tensor { name: "blocks.2.1.conv_dw.bias".into(), ..tensors[0].clone() })
            },
            ("BAD_WEIGHTS", &["blocks.2.1.conv_dw.bias", "timm's MobileNet V3-Small"]),
        ),
        (
            "wrong shape of a weight",
            |tensors| {
                let tensor = find(tensors, "blocks.1.0.conv_dw.weight");
                tensor.shape = vec![tensor.shape[0], 1, 1, 9];
            },
            (
                "BAD_WEIGHTS",
                &["blocks.1.0.conv_dw.weight", "[40, 1, 1, 9]", "expected [40, 1, 3, 3]"],
            ),
        ),
        (
            "wrong shape of a vector",
            |tensors| {
                let tensor = find(tensors, "bn1.bias");
                tensor.shape = vec![8];
                tensor.bytes.truncate(32);
            },
            ("BAD_WEIGHTS", &["bn1.bias", "[8]", "expected [16]"]),
        ),
        (
            "classifier without rows",
            |tensors| {
                let tensor = find(tensors, "classifier.weight");
                tensor.shape = vec![0, 1024];
                tensor.bytes.clear();
            },
            ("BAD_WEIGHTS", &["classifier.weight", "[0, 1024]"]),
        ),
        (
            "classifier that is no matrix",
            |tensors| find(tensors, "classifier.weight").shape = vec![10 * 1024],
            ("BAD_WEIGHTS", &["classifier.weight", "[10240]"]),
        ),
        (
            "integers",
            |tensors| find(tensors, "conv_stem.weight").dtype = "I32".into(),
            ("BAD_WEIGHTS", &["conv_stem.weight", "I32", "expected F32, F16 or BF16"]),
        ),
        (
            "doubles",
            |tensors| {
                let tensor = find(tensors, "conv_head.bias");
                tensor.dtype = "F64".into();
                tensor.bytes = vec![0; 2 * tensor.bytes.len()];
            },
            ("BAD_WEIGHTS", &["conv_head.bias", "F64", "expected F32, F16 or BF16"]),
        ),
        (
            "NaN",
            |tensors| set(find(tensors, "blocks.4.2.conv_pwl.weight"), 5, f32::NAN),
            ("BAD_WEIGHTS", &["blocks.4.2.conv_pwl.weight", "NaN at index 5", "finite"]),
        ),
        (
            "infinity beyond the first piece that is read",
            |tensors| set(find(tensors, "conv_head.weight"), 100_000, f32::NEG_INFINITY),
            ("BAD_WEIGHTS", &["conv_head.weight", "-inf at index 100000", "finite"]),
        ),
        (
            "infinite mean",
            |tensors| set(find(tensors, "bn1.running_mean"), 0, f32::INFINITY),
            ("BAD_WEIGHTS", &["bn1.running_mean", "inf at index 0"]),
        ),
        (
            "negative variance",
            |tensors| set(find(tensors, "blocks.5.0.bn1.running_var"), 3, -0.25),
            ("BAD_WEIGHTS", &["blocks.5.0.bn1.running_var", "-0.25 at index 3", "0 or more"]),
        ),
        (
            "overflow when batch normalisation is folded in",
            |tensors| {
                set(find(tensors, "bn1.weight"), 0, f32::MAX);
                set(find(tensors, "bn1.running_var"), 0, 0.0);
            },
            ("BAD_WEIGHTS", &["conv_stem.weight", "inf", "batch normalisation"]),
        ),
        (
            "a whole block missing",
            |tensors| tensors.retain(|tensor| !tensor.name.starts_with("blocks.4.2.")),
            ("UNKNOWN_NETWORK", &["bn1.bias", "MobileNet"]),
        ),
        (
            "a block too many",
            |tensors| {
                tensors
                    .push(Tensor { name: "blocks.4.3.conv_pw.weight".into(), ..tensors[0].clone() })
            },
            ("UNKNOWN_NETWORK", &["MobileNet"]),
        ),
        (
            "names of no library",
            |tensors| tensors.iter_mut().for_each(|tensor| tensor.name.insert_str(0, "model.")),
            ("UNKNOWN_NETWORK", &["model.blocks.0.0.bn1.bias", "timm"]),
        ),
        (
            "most shapes wrong",
            |tensors| {
                tensors
                    .iter_mut()
                    .filter(|tensor| tensor.shape.len() == 4)
                    .for_each(|tensor| tensor.shape.reverse());
            },
            ("UNKNOWN_NETWORK", &["timm's MobileNet V3-Small", "shapes"]),
        ),
        ("no tensors", Vec::clear, ("UNKNOWN_NETWORK", &["tensor names"])),
    ];
    let golden = Golden::named("timm-v3-small-0.5-160");
    let tensors = golden.tensors();
    load(&safetensors::file(&tensors), None).expect("undamaged, it loads");
    for &(case, damage, expected) in cases {
        let mut damaged = tensors.clone();
        damage(&mut damaged);
        assert_error(case, load(&safetensors::file(&damaged), None), expected);
    }
}

/// Errors in the file format.
#[wasm_bindgen_test(unsupported = test)]
fn malformed_files() {
    let tensor = |shape: &str, start: usize, end: usize| {
        format!(r#"{{"dtype":"F32","shape":{shape},"data_offsets":[{start},{end}]}}"#)
    };
    let one = |info: String| format!(r#"{{"conv_stem.weight":{info}}}"#);
    let two = |a: String, b: String| format!(r#"{{"a":{a},"b":{b}}}"#);
    let with_header = safetensors::with_header;
    let prefix = |length: u64, rest: &[u8]| [&length.to_le_bytes(), rest].concat();
    // Miri takes ten minutes for half a million brackets.
    let deep = if cfg!(miri) { 1 << 10 } else { 1 << 19 };
    let cases: Vec<(&str, Vec<u8>, &[&str])> = vec![
        ("empty", vec![], &["ends after 0 bytes", "8"]),
        ("cut in the length", vec![1, 0, 0], &["ends after 3 bytes", "8"]),
        ("header past the end", prefix(100, b"{}"), &["ends after 10 bytes", "108"]),
        ("huge header", prefix(u64::MAX, b"{}"), &["18446744073709551615", "1048576"]),
        ("header over the limit", prefix((1 << 20) + 1, b"{}"), &["1048577", "1048576"]),
        ("a PNG", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec(), &["is it a safetensors file?"]),
        ("no JSON", with_header("weights", b""), &["header is malformed", "line 1"]),
        ("cut JSON", with_header(r#"{"a":{"dtype":"F32","#, b""), &["header is malformed"]),
        ("no UTF-8", prefix(2, b"\xff\xfe"), &["header is malformed"]),
        ("a list", with_header("[]", b""), &["header is malformed"]),
        ("no object for a tensor", with_header(r#"{"a":5}"#, b""), &["header is malformed"]),
        (
            "unknown type",
            with_header(&one(tensor("[1]", 0, 4).replace("F32", "F33")), &[0; 4]),
            &["F33"],
        ),
        (
            "negative offset",
            with_header(&one(tensor("[1]", 0, 4).replace("[0", "[-1")), &[0; 4]),
            &["malformed"],
        ),
        ("fractional shape", with_header(&one(tensor("[1.5]", 0, 4)), &[0; 4]), &["malformed"]),
        ("deep nesting", with_header(&"[".repeat(deep), b""), &["malformed"]),
        (
            "range past the end",
            with_header(&one(tensor("[2]", 0, 8)), &[0; 4]),
            &["conv_stem.weight", "0 to 8", "4 bytes"],
        ),
        (
            "range shorter than the shape",
            with_header(&one(tensor("[2]", 0, 4)), &[0; 4]),
            &["conv_stem.weight", "0 to 4", "8 bytes", "[2]"],
        ),
        (
            "range that ends before it begins",
            with_header(&two(tensor("[1]", 0, 4), tensor("[1]", 4, 0)), &[0; 4]),
            &["tensor `b`", "4 to 0", "4 bytes"],
        ),
        (
            "overlap",
            with_header(&two(tensor("[2]", 0, 8), tensor("[1]", 4, 8)), &[0; 8]),
            &["tensor `b`", "4 to 8", "begin at 8"],
        ),
        (
            "gap",
            with_header(&two(tensor("[1]", 0, 4), tensor("[1]", 8, 12)), &[0; 12]),
            &["tensor `b`", "8 to 12", "begin at 4"],
        ),
        (
            "overflowing shape",
            with_header(&one(tensor("[4294967295,4294967295,4294967295]", 0, 4)), &[0; 4]),
            &["conv_stem.weight"],
        ),
        (
            "bytes after the last tensor",
            with_header(&one(tensor("[1]", 0, 4)), &[0; 9]),
            &["9 bytes", "fill 4"],
        ),
    ];
    for (case, bytes, parts) in cases {
        assert_error(case, load(&bytes, None), ("BAD_WEIGHTS", parts));
    }
    let metadata = r#"{"__metadata__":{"format":"pt"}}"#;
    assert_error(
        "no tensors but metadata",
        load(&with_header(metadata, b""), None),
        ("UNKNOWN_NETWORK", &[]),
    );
}

/// A file that is truncated or has changed bytes anywhere gives an error or finite weights, never a panic.
#[wasm_bindgen_test(unsupported = test)]
fn damaged_at_random() {
    let seed = 0x6d6f_6269_6c65;
    let mut random = fastrand::Rng::with_seed(seed);
    for golden in small_goldens() {
        let bytes = safetensors::file(&golden.tensors());
        let header = 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
        let config = golden.config.to_string();
        let mut errors = 0;
        for round in 0..150 {
            let length = if round % 2 == 0 {
                random.usize(..header + 64)
            } else {
                random.usize(..bytes.len())
            };
            let result = load(&bytes[..length], Some(&config));
            assert!(
                matches!(&result, Err(error) if error.code() == "BAD_WEIGHTS"),
                "cut to {length}: {result:?}"
            );

            let mut damaged = bytes.clone();
            for _ in 0..random.usize(1..4) {
                // At least half of the changes hit the header, although most of the file is weights.
                let end = if random.bool() { header } else { bytes.len() };
                damaged[random.usize(..end)] = random.u8(..);
            }
            if let Err(error) = load(&damaged, Some(&config)) {
                assert_ne!(error.code(), "BAD_INPUT", "seed {seed:x} round {round}: {error}");
                errors += 1;
            }
        }
        assert!(errors > 50, "only {errors} of 150 damaged files of {} were refused", golden.name);
    }
}

/// A folded file whose metadata lacks a field, or has another value in it, is an error that names the field.
#[wasm_bindgen_test(unsupported = test)]
fn malformed_metadata() {
    let golden = Golden::named("timm-v3-small-0.5-160");
    let original = safetensors::file(&golden.tensors());
    let source = &original[..];
    let config = golden.config.to_string();
    let file = Checkpoint::open(&source, Some(&config), None).unwrap().fold(Storage::Int8).unwrap();
    let header = u64::from_le_bytes(file[..8].try_into().unwrap()) as usize;
    let (head, data) = file[8..].split_at(header);
    let head: Value = serde_json::from_slice(head).unwrap();
    let layers = head["__metadata__"]["layers"].as_str().unwrap().to_owned();
    assert!(load(&file, None).is_ok());
    let with = |field: &str, value: Value| {
        let mut head = head.clone();
        let fields = head["__metadata__"].as_object_mut().unwrap();
        if value.is_null() {
            fields.remove(field)
        } else {
            fields.insert(field.to_owned(), value)
        };
        safetensors::with_header(&head.to_string(), data)
    };
    let required = [
        "minimalistic",
        "width",
        "resolution",
        "padding",
        "stages",
        "layers",
        "residuals",
        "resize",
        "crop-start",
        "interpolation",
        "mean",
        "std",
        "origin",
        "background",
    ];
    for field in required {
        let missing = format!("`{field}` is `missing`");
        for value in [Value::Null, json!(5)] {
            assert_error(field, load(&with(field, value), None), ("BAD_WEIGHTS", &[&missing]));
        }
        let wrong = load(&with(field, json!("x y z")), None);
        assert_error(field, wrong, ("BAD_WEIGHTS", &[&format!("`{field}` is `x y z`")]));
    }
    let layer = |old: &str, new: &str| {
        assert!(layers.contains(old), "{old}");
        json!(layers.replacen(old, new, 1))
    };
    for (field, value, code, parts) in [
        ("mobilenet-wasm", json!("2"), "BAD_WEIGHTS", &["`mobilenet-wasm` is `2`"][..]),
        ("version", json!("v9"), "BAD_WEIGHTS", &["`version` is `v9`", "v3-small"]),
        ("width", json!("9"), "BAD_CONFIG", &["width multiplier", "9"]),
        ("width", json!("NaN"), "BAD_WEIGHTS", &["`width` is `NaN`"]),
        ("resolution", json!("100"), "BAD_CONFIG", &["resolution", "100"]),
        ("resolution", json!("-1"), "BAD_WEIGHTS", &["`resolution` is `-1`"]),
        ("resize", json!("95"), "BAD_WEIGHTS", &["`resize` is `95`", "160..=4096"]),
        ("mean", json!("[0, 0, 1e99]"), "BAD_WEIGHTS", &["`mean` is `[0.0, 0.0, inf]`"]),
        ("mean", json!("[0, 0, 0, 0]"), "BAD_WEIGHTS", &["`mean` is"]),
        ("std", json!("[1, 1, 0]"), "BAD_WEIGHTS", &["`std` is `[1.0, 1.0, 0.0]`"]),
        ("background", json!("yes"), "BAD_WEIGHTS", &["`background`", "false or true"]),
        ("labels", json!("[\"a\"]"), "BAD_WEIGHTS", &["`labels` is `a list of 1`"]),
        ("labels", json!("{}"), "BAD_WEIGHTS", &["`labels`"]),
        ("warnings", json!("5"), "BAD_WEIGHTS", &["`warnings`"]),
        ("stages", json!("1 ".repeat(99)), "BAD_WEIGHTS", &["`stages`", "at most 11"]),
        ("residuals", json!("11"), "BAD_WEIGHTS", &["`residuals` is `11`"]),
        ("residuals", json!("0"), "BAD_CONFIG", &["block 0 project", "residual"]),
        ("layers", layer("stem: 3", "stem: 4"), "BAD_CONFIG", &["stem", "4x4"]),
        ("layers", layer("stem: ", "stern: "), "BAD_WEIGHTS", &["`layers` is `stern: 3 2"]),
        ("layers", layer("hard-swish", "softmax"), "BAD_WEIGHTS", &["`layers` is `stem"]),
        ("layers", layer("block 1 expand", "block 0 expand"), "BAD_WEIGHTS", &["in their order"]),
        ("layers", layer("block 1 expand", "block 2 expand"), "BAD_WEIGHTS", &["in their order"]),
        (
            "layers",
            layer("; block 3 expand", "; block 3 expand: 1 1 1 1 relu; block 3 expand"),
            "BAD_WEIGHTS",
            &["each layer once"],
        ),
        (
            "layers",
            layer("block 0 excite", "head"),
            "BAD_WEIGHTS",
            &["both layers of squeeze-and-excite"],
        ),
        ("layers", json!(layers.split_once("; head").unwrap().0), "BAD_WEIGHTS", &["`classifier`"]),
        (
            "layers",
            layer("block 1 expand: 1 1 8", "block 1 expand: 1 1 9"),
            "BAD_CONFIG",
            &["block 1 expand", "9 channels"],
        ),
    ] {
        assert_error(field, load(&with(field, value), None), (code, parts));
    }
    // A tensor too many, one too few, and a scale that overflows.
    let mut more = head.clone();
    more["x"] = json!({ "dtype": "F32", "shape": [0], "data_offsets": [0, 0] });
    let more = safetensors::with_header(&more.to_string(), data);
    assert_error(
        "more",
        load(&more, None),
        ("BAD_WEIGHTS", &["`x` doesn't belong to mobilenet-wasm's"]),
    );
    let mut bytes = head.clone();
    bytes["stem.weight"]["dtype"] = json!("I8");
    bytes["stem.weight"]["shape"] = json!([16, 3, 3, 6]);
    let bytes = safetensors::with_header(&bytes.to_string(), data);
    assert_error("bytes", load(&bytes, None), ("BAD_WEIGHTS", &["stem.weight", "[16, 3, 3, 6]"]));
    let scale = head["classifier.scale"]["data_offsets"][0].as_u64().unwrap() as usize;
    let mut large = file.clone();
    large[8 + header + scale..][..4].copy_from_slice(&f32::MAX.to_le_bytes());
    assert_error("large", load(&large, None), ("BAD_WEIGHTS", &["classifier.weight", "its scale"]));
}

/// Configurations that are truncated and changed at random.
#[wasm_bindgen_test(unsupported = test)]
fn damaged_configs_at_random() {
    let mut random = fastrand::Rng::with_seed(0x636f_6e66_6967);
    for golden in small_goldens() {
        let bytes = safetensors::file(&golden.tensors());
        let source = &bytes[..];
        let config = golden.config.to_string();
        for _ in 0..500 {
            let mut damaged = config.clone().into_bytes();
            let index = random.usize(..damaged.len());
            if random.bool() {
                damaged.truncate(index);
            } else {
                damaged[index] = *random.choice(b"0123456789-.eE\"{}[],:ntf").unwrap();
            }
            let damaged = String::from_utf8(damaged).unwrap();
            for (config, preprocessor) in [(Some(&*damaged), None), (None, Some(&*damaged))] {
                if let Err(error) = Checkpoint::open(&source, config, preprocessor) {
                    assert!(
                        matches!(error.code(), "BAD_CONFIG" | "UNKNOWN_NETWORK"),
                        "{damaged}: {error}"
                    );
                }
            }
        }
    }
}

/// A source whose reads fail, like a JavaScript array whose buffer was transferred.
struct Failing<'a> {
    bytes: &'a [u8],
    from: u64,
}

impl ByteSource for Failing<'_> {
    fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn read(&self, offset: u64, buf: &mut [u8]) -> Result<(), Error> {
        if offset >= self.from {
            return Err(Error::Read { offset, length: buf.len(), reason: "detached".into() });
        }
        self.bytes.read(offset, buf)
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_source_that_fails() {
    let bytes = safetensors::file(&small_goldens()[0].tensors());
    for from in [0, 8] {
        let source = Failing { bytes: &bytes, from };
        let error = Checkpoint::open(&source, None, None).err().expect("the header can't be read");
        assert_eq!(error.code(), "BAD_WEIGHTS");
        assert!(error.to_string().contains("detached"), "{error}");
    }
    let source = Failing { bytes: &bytes, from: bytes.len() as u64 / 2 };
    let mut checkpoint = Checkpoint::open(&source, None, None).expect("the header can be read");
    let network = checkpoint.network().clone();
    let failed =
        network.sites().filter(|(site, conv)| checkpoint.conv(*site, conv).is_err()).count();
    assert!(failed > 0 && failed < network.sites().count(), "{failed}");
    let past_the_end = (&bytes[..]).read(bytes.len() as u64 - 1, &mut [0; 2]).unwrap_err();
    assert!(past_the_end.to_string().contains(&format!("{} bytes", bytes.len())), "{past_the_end}");
    assert!((&bytes[..]).read(u64::MAX, &mut [0; 1]).is_err());
}

/// A checkpoint returns an error for a convolution of another network.
#[wasm_bindgen_test(unsupported = test)]
fn a_convolution_that_is_not_there() {
    let bytes = safetensors::file(&small_goldens()[0].tensors());
    let source = &bytes[..];
    let mut checkpoint = Checkpoint::open(&source, None, None).unwrap();
    for golden in small_goldens() {
        let bytes = safetensors::file(&golden.tensors());
        let source = &bytes[..];
        let other = Checkpoint::open(&source, Some(&golden.config.to_string()), None)
            .unwrap()
            .network()
            .clone();
        let differ = other != *checkpoint.network();
        let failed =
            other.sites().filter(|(site, conv)| checkpoint.conv(*site, conv).is_err()).count();
        assert_eq!(failed > 0, differ && golden.flavour != "timm", "{}: {failed}", golden.name);
    }
}

/// Invalid or contradicting values in `config.json`.
#[wasm_bindgen_test(unsupported = test)]
fn contradicting_and_unsupported_configs() {
    type Change = fn(&mut Value);
    let [timm, torchvision, transformers] = small_goldens();
    let cases: &[(&Golden, &str, Change, Expected)] = &[
        (
            &timm,
            "another version",
            |config| config["architecture"] = json!("mobilenetv2_050"),
            (
                "BAD_CONFIG",
                &["config.json", "architecture", "mobilenetv2_050", "MobileNet V3-Small"],
            ),
        ),
        (
            &timm,
            "minimalistic",
            |config| config["architecture"] = json!("tf_mobilenetv3_small_minimal_050"),
            ("BAD_CONFIG", &["architecture", "minimal", "MobileNet V3-Small"]),
        ),
        (
            &timm,
            "another width",
            |config| config["architecture"] = json!("mobilenetv3_small_100"),
            ("BAD_CONFIG", &["architecture", "width 1", "width 0.5"]),
        ),
        (
            &timm,
            "another network",
            |config| config["architecture"] = json!("efficientnet_b0"),
            ("UNKNOWN_NETWORK", &["efficientnet_b0"]),
        ),
        (
            &timm,
            "a deeper network",
            |config| config["architecture"] = json!("mobilenetv3_large_150d"),
            ("UNKNOWN_NETWORK", &["mobilenetv3_large_150d"]),
        ),
        (
            &timm,
            "another class count",
            |config| config["num_classes"] = json!(1000),
            ("BAD_CONFIG", &["num_classes", "1000", "expected 10"]),
        ),
        (
            &timm,
            "another pooling",
            |config| config["global_pool"] = json!("max"),
            ("BAD_CONFIG", &["global_pool", "max", "avg"]),
        ),
        (
            &timm,
            "odd size",
            |config| config["pretrained_cfg"]["input_size"] = json!([3, 225, 225]),
            ("BAD_CONFIG", &["225", "multiple of 32"]),
        ),
        (
            &timm,
            "not square",
            |config| config["pretrained_cfg"]["input_size"] = json!([3, 224, 192]),
            ("BAD_CONFIG", &["input_size", "192"]),
        ),
        (
            &timm,
            "grey",
            |config| config["pretrained_cfg"]["input_size"] = json!([1, 224, 224]),
            ("BAD_CONFIG", &["input_size", "[1, 224, 224]"]),
        ),
        (
            &timm,
            "crop of nothing",
            |config| config["pretrained_cfg"]["crop_pct"] = json!(0.0),
            ("BAD_CONFIG", &["crop_pct", "0"]),
        ),
        (
            &timm,
            "crop of more than all",
            |config| config["pretrained_cfg"]["crop_pct"] = json!(1.5),
            ("BAD_CONFIG", &["crop_pct", "1.5"]),
        ),
        (
            &timm,
            "squashing",
            |config| config["pretrained_cfg"]["crop_mode"] = json!("squash"),
            ("BAD_CONFIG", &["crop_mode", "squash", "center"]),
        ),
        (
            &timm,
            "unknown interpolation",
            |config| config["pretrained_cfg"]["interpolation"] = json!("lanczos"),
            ("BAD_CONFIG", &["interpolation", "lanczos"]),
        ),
        (
            &timm,
            "division by 0",
            |config| config["pretrained_cfg"]["std"] = json!([0.2, 0.0, 0.2]),
            ("BAD_CONFIG", &["std", "0.0"]),
        ),
        (
            &timm,
            "infinite mean",
            |config| config["pretrained_cfg"]["mean"] = json!([1e300, 0.0, 0.2]),
            ("BAD_CONFIG", &["mean", "inf"]),
        ),
        (
            &timm,
            "two means",
            |config| config["pretrained_cfg"]["mean"] = json!([0.5, 0.5]),
            ("BAD_CONFIG", &["config.json", "length 2"]),
        ),
        (
            &timm,
            "unknown padding",
            |config| config["model_args"]["pad_type"] = json!("valid"),
            ("BAD_CONFIG", &["pad_type", "valid", "same"]),
        ),
        (
            &timm,
            "eps of 0",
            |config| config["model_args"]["bn_eps"] = json!(0.0),
            ("BAD_CONFIG", &["bn_eps", "0"]),
        ),
        (
            &timm,
            "names for other classes",
            |config| config["label_names"] = json!(["cat", "dog"]),
            ("BAD_CONFIG", &["label_names", "10"]),
        ),
        (
            &torchvision,
            "transformers' config",
            |config| config["model_type"] = json!("mobilenet_v1"),
            ("BAD_CONFIG", &["model_type", "mobilenet_v1", "MobileNet V2"]),
        ),
        (
            &transformers,
            "another width",
            |config| config["depth_multiplier"] = json!(1.0),
            ("BAD_CONFIG", &["depth_multiplier", "width 1", "width 0.3"]),
        ),
        (
            &transformers,
            "impossible width",
            |config| config["depth_multiplier"] = json!(0),
            ("BAD_CONFIG", &["width", "0.1 to 4"]),
        ),
        (
            &transformers,
            "another activation",
            |config| config["hidden_act"] = json!("gelu"),
            ("BAD_CONFIG", &["hidden_act", "gelu", "relu6"]),
        ),
        (
            &transformers,
            "dilation",
            |config| config["output_stride"] = json!(16),
            ("BAD_CONFIG", &["output_stride", "16", "32"]),
        ),
        (
            &transformers,
            "labels with a gap",
            |config| {
                config["id2label"]["7"] =
                    config["id2label"].as_object_mut().unwrap().remove("3").unwrap()
            },
            ("BAD_CONFIG", &["id2label", "0 to 6"]),
        ),
        (
            &transformers,
            "text for a number",
            |config| config["layer_norm_eps"] = json!("small"),
            ("BAD_CONFIG", &["config.json", "small"]),
        ),
        (
            (&transformers),
            "a list",
            |config| *config = json!([1, 2]),
            ("BAD_CONFIG", &["config.json"]),
        ),
    ];
    for &(golden, case, change, expected) in cases {
        let bytes = safetensors::file(&golden.tensors());
        let mut config = golden.config.clone();
        load(&bytes, Some(&config.to_string())).expect("unchanged, it loads");
        change(&mut config);
        assert_error(case, load(&bytes, Some(&config.to_string())), expected);
    }
}

/// Invalid values in `preprocessor_config.json`.
#[wasm_bindgen_test(unsupported = test)]
fn unsupported_preprocessor_configs() {
    let golden = Golden::named("transformers-v1-0.3-128");
    let bytes = safetensors::file(&golden.tensors());
    let source = &bytes[..];
    let config = golden.config.to_string();
    for (field, value) in [
        ("do_resize", json!(false)),
        ("do_center_crop", json!(false)),
        ("do_rescale", json!(false)),
        ("rescale_factor", json!(1.0)),
        ("resample", json!(1)),
        ("size", json!({ "height": 224, "width": 224 })),
        ("size", json!({ "shortest_edge": 64 })),
        ("size", json!(100_000)),
        ("crop_size", json!({ "height": 128, "width": 96 })),
    ] {
        let mut preprocessor: Value =
            serde_json::from_str(&golden.preprocessor_config().unwrap()).unwrap();
        preprocessor[field] = value.clone();
        let error = Checkpoint::open(&source, Some(&config), Some(&preprocessor.to_string())).err();
        let error = error.unwrap_or_else(|| panic!("{field} {value} was accepted"));
        assert_eq!(error.code(), "BAD_CONFIG", "{error}");
        assert!(
            error.to_string().contains(&format!("preprocessor_config.json: `{field}`")),
            "{error}"
        );
    }
}

/// The assumptions about a checkpoint without its configurations.
#[wasm_bindgen_test(unsupported = test)]
fn conventions_without_a_config() {
    let imagenet = [0.485, 0.456, 0.406];
    for (name, flavour, padding, eps, interpolation, mean) in [
        (
            "timm-v1-0.25-160",
            Flavour::Timm,
            Padding::Symmetric,
            1e-5,
            Interpolation::Bicubic,
            [0.5; 3],
        ),
        (
            "timm-v2-0.25-96",
            Flavour::Timm,
            Padding::Symmetric,
            1e-5,
            Interpolation::Bicubic,
            imagenet,
        ),
        (
            "timm-v3-small-0.5-160",
            Flavour::Timm,
            Padding::Symmetric,
            1e-5,
            Interpolation::Bicubic,
            imagenet,
        ),
        (
            "timm-v3-small-minimalistic-tf-1.0-96",
            Flavour::Timm,
            Padding::Same,
            1e-3,
            Interpolation::Bilinear,
            [0.5; 3],
        ),
        (
            "torchvision-v2-0.5-96",
            Flavour::Torchvision,
            Padding::Symmetric,
            1e-5,
            Interpolation::Bilinear,
            imagenet,
        ),
        (
            "torchvision-v3-small-0.5-96",
            Flavour::Torchvision,
            Padding::Symmetric,
            1e-3,
            Interpolation::Bilinear,
            imagenet,
        ),
        (
            "transformers-v1-0.25-96",
            Flavour::Transformers,
            Padding::Same,
            1e-3,
            Interpolation::Bilinear,
            [0.5; 3],
        ),
        (
            "transformers-v2-0.35-96",
            Flavour::Transformers,
            Padding::Same,
            1e-3,
            Interpolation::Bilinear,
            [0.5; 3],
        ),
    ] {
        let golden = Golden::named(name);
        let bytes = safetensors::file(&golden.tensors());
        let source = &bytes[..];
        let checkpoint = Checkpoint::open(&source, None, None).unwrap();
        let (network, preprocessing) = (checkpoint.network(), checkpoint.preprocessing());
        assert_eq!(checkpoint.flavour(), flavour, "{name}");
        assert_eq!((network.padding, checkpoint.eps()), (padding, eps), "{name}");
        assert_eq!(
            (preprocessing.interpolation, preprocessing.mean),
            (interpolation, mean),
            "{name}"
        );
        assert_eq!(
            (preprocessing.resize_short_side, preprocessing.crop, network.resolution),
            (256, 224, 224)
        );
        let crop_start = match flavour {
            Flavour::Timm | Flavour::Torchvision => CropStart::Even,
            Flavour::Transformers => CropStart::First,
            Flavour::Tflite | Flavour::Keras | Flavour::TeachableMachine | Flavour::Folded => {
                unreachable!("it has no conventions")
            }
        };
        assert_eq!(preprocessing.crop_start, crop_start, "{name}");
        assert_eq!(network.width, golden.width, "{name}: the width that the shapes tell");
        assert_eq!(network.minimalistic, golden.minimalistic, "{name}");
        assert!(checkpoint.labels().is_none());
        let warned = checkpoint.warnings().concat();
        let expected = match flavour {
            Flavour::Timm if network.minimalistic => "",
            Flavour::Timm => "no config.json names the architecture",
            Flavour::Torchvision => "",
            Flavour::Transformers => {
                "neither config.json nor preprocessor_config.json tells the size"
            }
            Flavour::Tflite | Flavour::Keras | Flavour::TeachableMachine | Flavour::Folded => {
                unreachable!("it has no conventions")
            }
        };
        assert_eq!(warned.is_empty(), expected.is_empty(), "{name}: {warned}");
        assert!(warned.contains(expected), "{name}: {warned}");
    }
}

/// There are no warnings about settings that the configuration defines.
#[wasm_bindgen_test(unsupported = test)]
fn no_warning_with_a_config() {
    for (name, config, preprocessor) in [
        (
            "timm-v3-small-tf-0.75-96",
            Some(json!({ "architecture": "tf_mobilenetv3_small_075" })),
            None,
        ),
        ("transformers-v1-0.25-96", Some(json!({ "image_size": 96 })), None),
        ("transformers-v1-0.25-96", None, Some(json!({ "crop_size": 96 }))),
    ] {
        let bytes = safetensors::file(&Golden::named(name).tensors());
        let source = &bytes[..];
        let [config, preprocessor] =
            [config, preprocessor].map(|json| json.map(|json| json.to_string()));
        let checkpoint =
            Checkpoint::open(&source, config.as_deref(), preprocessor.as_deref()).unwrap();
        assert!(checkpoint.warnings().is_empty(), "{name}: {:?}", checkpoint.warnings());
    }
}

/// The architecture's name alone decides whether timm's tensors are a `tf_*` network.
#[wasm_bindgen_test(unsupported = test)]
fn the_architecture_tells_tensorflows_networks() {
    let bytes = safetensors::file(&Golden::named("timm-v3-small-tf-0.75-96").tensors());
    let source = &bytes[..];
    for (architecture, padding, eps, std) in [
        ("tf_mobilenetv3_small_075", Padding::Same, 1e-3, 0.5),
        ("tf_mobilenetv3_small_075.in1k", Padding::Same, 1e-3, 0.5),
        ("mobilenetv3_small_075", Padding::Symmetric, 1e-5, 0.229),
    ] {
        let config = json!({ "architecture": architecture }).to_string();
        let checkpoint = Checkpoint::open(&source, Some(&config), None).unwrap();
        assert_eq!(
            (checkpoint.network().padding, checkpoint.eps()),
            (padding, eps),
            "{architecture}"
        );
        assert_eq!(checkpoint.preprocessing().std[0], std, "{architecture}");
        assert_eq!(checkpoint.network().version, Some(Version::V3Small));
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn preprocessing_of_the_configs() {
    let golden = Golden::named("timm-v1-0.25-160");
    let bytes = safetensors::file(&golden.tensors());
    let source = &bytes[..];
    // timm rounds down: 224 / 0.95 = 235.8. Its older files have no `pretrained_cfg`.
    for config in [
        json!({ "pretrained_cfg": { "crop_pct": 0.95, "mean": [0.0, 0.0, 0.0], "interpolation": "bilinear" } }),
        json!({ "crop_pct": 0.95, "mean": [0.0, 0.0, 0.0], "interpolation": "bilinear" }),
    ] {
        let checkpoint = Checkpoint::open(&source, Some(&config.to_string()), None).unwrap();
        let preprocessing = checkpoint.preprocessing();
        assert_eq!((preprocessing.resize_short_side, preprocessing.crop), (235, 224));
        assert_eq!(preprocessing.interpolation, Interpolation::Bilinear);
        assert_eq!((preprocessing.mean, preprocessing.std), ([0.0; 3], [0.5; 3]));
    }
    // The settings of timm's `mobilenetv3_large_100.miil_in21k_ft_in1k`, whose input is from 0 to 1.
    let miil = json!({ "pretrained_cfg": {
        "crop_pct": 0.875, "mean": [0.0, 0.0, 0.0], "std": [1.0, 1.0, 1.0], "interpolation": "bilinear",
    } });
    let checkpoint = Checkpoint::open(&source, Some(&miil.to_string()), None).unwrap();
    let preprocessing = checkpoint.preprocessing();
    assert_eq!((preprocessing.resize_short_side, preprocessing.crop), (256, 224));
    assert_eq!(preprocessing.interpolation, Interpolation::Bilinear);
    assert_eq!((preprocessing.mean, preprocessing.std), ([0.0; 3], [1.0; 3]));

    let golden = Golden::named("transformers-v2-0.35-96");
    let bytes = safetensors::file(&golden.tensors());
    let source = &bytes[..];
    let config = golden.config.to_string();
    // Without the second file, the short side is 32 pixels longer than the crop, as for Google's checkpoints.
    let checkpoint = Checkpoint::open(&source, Some(&config), None).unwrap();
    assert_eq!(
        (checkpoint.preprocessing().resize_short_side, checkpoint.preprocessing().crop),
        (128, 96)
    );
    let preprocessor =
        json!({ "size": 144, "crop_size": 128, "resample": 3, "do_normalize": false }).to_string();
    let checkpoint = Checkpoint::open(&source, Some(&config), Some(&preprocessor)).unwrap();
    let preprocessing = checkpoint.preprocessing();
    assert_eq!((preprocessing.resize_short_side, preprocessing.crop), (144, 128));
    assert_eq!(checkpoint.network().resolution, 128);
    assert_eq!(preprocessing.interpolation, Interpolation::Bicubic);
    assert_eq!((preprocessing.mean, preprocessing.std), ([0.0; 3], [1.0; 3]));
}

#[wasm_bindgen_test(unsupported = test)]
fn labels() {
    let labels = |golden: &Golden, config: &Value| {
        let bytes = safetensors::file(&golden.tensors());
        let source = &bytes[..];
        let checkpoint = Checkpoint::open(&source, Some(&config.to_string()), None).unwrap();
        (checkpoint.labels().map(<[String]>::to_vec), checkpoint.has_background())
    };
    // The background class is dropped.
    let golden = Golden::named("transformers-v1-0.25-96");
    let (names, background) = labels(&golden, &golden.config);
    let names = names.expect("labels");
    assert!(background);
    assert_eq!((names.len(), &*names[0], &*names[999]), (1000, "class 0", "class 999"));
    // With 1001 classes of another data set, there is no background class.
    let mut config = golden.config.clone();
    config["id2label"]["0"] = json!("aardvark");
    let (names, background) = labels(&golden, &config);
    assert_eq!((names.expect("labels").len(), background), (1001, false));
    // transformers' placeholder names are not labels.
    let golden = Golden::named("transformers-v2-0.35-96");
    assert!(golden.config["id2label"]["0"] == "LABEL_0");
    assert_eq!(labels(&golden, &golden.config), (None, false));

    let golden = Golden::named("timm-v1-0.25-160");
    assert_eq!(labels(&golden, &golden.config), (None, false));
    let mut config = golden.config.clone();
    config["label_names"] = json!(["n0", "n1", "n2", "n3", "n4", "n5", "n6"]);
    config["label_descriptions"] = json!({ "n1": "cat" });
    let names = labels(&golden, &config).0.expect("labels");
    assert_eq!(names[..3], ["n0", "cat", "n2"]);
    // Classes may share a name, but many classes don't repeat a long description.
    config["label_names"] = json!(["n0", "n1", "n1", "n3", "n4", "n5", "n6"]);
    config["label_descriptions"] = json!({ "n1": "crane".repeat(20) });
    let names = labels(&golden, &config).0.expect("labels");
    assert_eq!((&names[1], &names[2]), (&"crane".repeat(20), &"crane".repeat(20)));
    config["label_names"] = json!(vec!["n1"; 7]);
    let bytes = safetensors::file(&golden.tensors());
    let result = load(&bytes, Some(&config.to_string()));
    assert_error("one name", result, ("BAD_CONFIG", &["too long for so many classes"]));
}

/// Class names for which the header of a folded file has no room are refused by who writes it, not only by who reads it.
#[wasm_bindgen_test(unsupported = test)]
fn class_names_of_folded_files_have_a_limit() {
    let golden = Golden::named("timm-v1-0.25-160");
    let bytes = safetensors::file(&golden.tensors());
    let source = &bytes[..];
    for (length, fits) in [(100_000, true), (200_000, false)] {
        let mut config = golden.config.clone();
        config["label_names"] = json!(vec!["x".repeat(length); 7]);
        let mut checkpoint = Checkpoint::open(&source, Some(&config.to_string()), None).unwrap();
        match checkpoint.fold(Storage::F16) {
            Ok(file) => {
                assert!(fits, "{length}");
                let source = &file[..];
                let folded = Checkpoint::open(&source, None, None).unwrap();
                assert_eq!(folded.labels(), checkpoint.labels());
            }
            Err(error) => {
                assert!(!fits && error.code() == "BAD_WEIGHTS", "{length}: {error}");
                assert!(error.to_string().contains("`labels` is too long"), "{error}");
            }
        }
    }
}

/// Random weights are the same for the same seed, differ between sites and seeds, and have He's variance.
#[wasm_bindgen_test(unsupported = test)]
fn untrained_weights() {
    let network = Network::new(&Config::new(Version::V3Large)).unwrap();
    let weights = |seed| -> Vec<FoldedConv> {
        let mut source = Untrained::new(seed);
        network.sites().map(|(site, conv)| source.conv(site, conv).unwrap()).collect()
    };
    let first = weights(1);
    assert_eq!(first, weights(1));
    let second = weights(2);
    for (index, (site, conv)) in network.sites().enumerate() {
        let FoldedConv { weight, bias } = &first[index];
        assert_eq!((weight.len(), bias.len()), (conv.weight_count(), conv.out_channels), "{site}");
        assert_ne!(weight, &second[index].weight, "{site}");
        let same = first.iter().filter(|other| other.weight[..8] == weight[..8]).count();
        assert_eq!(same, 1, "{site} shares its weights");
        if weight.len() > 1000 {
            let fan_in = (weight.len() / conv.out_channels) as f32;
            let variance =
                weight.iter().map(|weight| weight * weight).sum::<f32>() / weight.len() as f32;
            let gain = variance * fan_in;
            let uncut = [Activation::Linear, Activation::HardSigmoid].contains(&conv.activation);
            let expected = if uncut { 1.0 } else { 2.0 };
            assert!((gain / expected - 1.0).abs() < 0.12, "{site}: {gain}, expected {expected}");
        }
    }
}
