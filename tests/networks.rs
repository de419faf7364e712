//! Whole networks against the libraries that they come from.

#[path = "common/goldens.rs"]
mod goldens;
#[path = "common/logits.rs"]
mod logits;
#[path = "common/naive.rs"]
mod naive;
#[path = "common/safetensors.rs"]
mod safetensors;

use goldens::Golden;
use logits::{TOLERANCE, assert_close, difference};
use mobilenet_wasm::Model;
use mobilenet_wasm::arch::{Padding, Version};
use mobilenet_wasm::weights::{Checkpoint, Flavour};
use serde_json::{Value, json};
use wasm_bindgen_test::wasm_bindgen_test;

/// Each golden is recognised for what it is.
#[wasm_bindgen_test(unsupported = test)]
fn goldens_are_recognised() {
    for golden in Golden::all() {
        let bytes = safetensors::file(&golden.tensors());
        let source = &bytes[..];
        let (config, preprocessor) = (golden.config.to_string(), golden.preprocessor_config());
        let checkpoint = Checkpoint::open(&source, Some(&config), preprocessor.as_deref())
            .unwrap_or_else(|error| panic!("{}: {error}", golden.name));
        let network = checkpoint.network();
        let flavour = match golden.flavour.as_str() {
            "timm" => Flavour::Timm,
            "torchvision" => Flavour::Torchvision,
            "transformers" => Flavour::Transformers,
            other => panic!("{}: no such flavour: {other}", golden.name),
        };
        let version = match golden.version.as_str() {
            "v1" => Version::V1,
            "v2" => Version::V2,
            "v3-small" => Version::V3Small,
            "v3-large" => Version::V3Large,
            other => panic!("{}: no such version: {other}", golden.name),
        };
        let padding = match golden.padding.as_str() {
            "same" => Padding::Same,
            "symmetric" => Padding::Symmetric,
            other => panic!("{}: no such padding: {other}", golden.name),
        };
        assert_eq!(checkpoint.flavour(), flavour, "{}", golden.name);
        assert_eq!(
            (network.version, network.minimalistic),
            (version, golden.minimalistic),
            "{}",
            golden.name
        );
        assert_eq!(
            (network.resolution, network.classes()),
            (golden.resolution, golden.classes),
            "{}",
            golden.name
        );
        assert_eq!(network.padding, padding, "{}", golden.name);
        // torchvision's config, which doesn't exist, can't tell the width: the shapes must.
        assert_eq!(network.width, golden.width, "{}", golden.name);
        assert_eq!(checkpoint.preprocessing().crop, golden.resolution, "{}", golden.name);
        assert_eq!(checkpoint.has_background(), golden.classes == 1001, "{}", golden.name);
    }
}

/// Each golden's logits by the naive network.
#[wasm_bindgen_test(unsupported = test)]
fn goldens_by_the_naive_network() {
    for golden in Golden::all() {
        assert_close(golden.name, &naive_logits(&golden), &golden.logits);
    }
}

/// Each golden's logits by the plan and its kernels.
#[wasm_bindgen_test(unsupported = test)]
fn goldens_by_the_model() {
    for golden in Golden::all() {
        let bytes = safetensors::file(&golden.tensors());
        let source = &bytes[..];
        let (config, preprocessor) = (golden.config.to_string(), golden.preprocessor_config());
        let mut model = Model::load(&source, Some(&config), preprocessor.as_deref()).unwrap();
        let logits: Vec<f64> =
            model.run(&golden.image()).unwrap().iter().copied().map(f64::from).collect();
        assert_close(golden.name, &logits, &golden.logits);
    }
}

/// The goldens would tell a wrong padding or eps, the mistakes that cost accuracy without a sign.
#[wasm_bindgen_test(unsupported = test)]
fn goldens_tell_wrong_padding_and_eps() {
    type Mistake = fn(&mut Value);
    let mistakes: [(&str, Mistake); 6] = [
        ("timm-v1-0.25-160", |config| config["model_args"]["bn_eps"] = json!(1e-3)),
        ("timm-v2-0.25-96", |config| config["model_args"]["pad_type"] = json!("same")),
        ("timm-v3-small-tf-0.75-96", |config| {
            config["architecture"] = json!("mobilenetv3_small_075")
        }),
        ("torchvision-v3-small-0.5-96", |config| config["model_args"]["bn_eps"] = json!(1e-5)),
        ("transformers-v1-0.25-96", |config| config["tf_padding"] = json!(false)),
        ("transformers-v2-0.35-96", |config| config["layer_norm_eps"] = json!(1e-5)),
    ];
    for (name, mistake) in mistakes {
        let mut golden = Golden::named(name);
        mistake(&mut golden.config);
        let worst = difference(&naive_logits(&golden), &golden.logits);
        println!("{name} with a wrong config: {worst:.1e}");
        assert!(worst > 5.0 * TOLERANCE, "{name} with a wrong config: only {worst:e}");
    }
}

fn naive_logits(golden: &Golden) -> Vec<f64> {
    let bytes = safetensors::file(&golden.tensors());
    let source = &bytes[..];
    let (config, preprocessor) = (golden.config.to_string(), golden.preprocessor_config());
    let mut checkpoint = Checkpoint::open(&source, Some(&config), preprocessor.as_deref()).unwrap();
    let network = checkpoint.network().clone();
    naive::run(&network, &mut checkpoint, &golden.image()).unwrap()
}

/// Trained checkpoints and the logits that PyTorch gives for a photo: the folders of `../shared/models`.
#[cfg(not(target_arch = "wasm32"))]
#[test]
fn trained_checkpoints_give_the_logits_of_pytorch() {
    let models = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/models");
    if !models.is_dir() {
        eprintln!("SKIPPED: {} is absent, no trained checkpoint was tried", models.display());
        return;
    }
    for name in [
        "mobilenet_v1_1.0_224",
        "mobilenet_v1_0.25_224",
        "mobilenet_v2_1.0_224",
        "tf_mobilenetv3_small_100",
        "tf_mobilenetv3_large_minimal_100",
    ] {
        let folder = models.join(name);
        let floats = |file: &str| -> Vec<f32> {
            let bytes = std::fs::read(folder.join(file)).unwrap();
            bytes.as_chunks().0.iter().copied().map(f32::from_le_bytes).collect()
        };
        let config = std::fs::read_to_string(folder.join("config.json")).unwrap();
        let preprocessor = std::fs::read_to_string(folder.join("preprocessor_config.json")).ok();
        let bytes = std::fs::read(folder.join("model.safetensors")).unwrap();
        let source = &bytes[..];
        let mut checkpoint =
            Checkpoint::open(&source, Some(&config), preprocessor.as_deref()).unwrap();
        let network = checkpoint.network().clone();
        // The file is [channel][y][x].
        let planes = floats("chelsea.input.f32");
        let pixels = network.resolution * network.resolution;
        let input: Vec<f32> =
            (0..pixels * 3).map(|index| planes[index % 3 * pixels + index / 3]).collect();
        let logits = naive::run(&network, &mut checkpoint, &input).unwrap();
        assert_close(name, &logits, &floats("chelsea.logits.f32"));
    }
}
