//! Compares whole networks with the libraries that they come from.

#[path = "common/goldens.rs"]
#[cfg_attr(target_arch = "wasm32", expect(dead_code, reason = "the naive network names some"))]
mod goldens;
#[path = "common/logits.rs"]
mod logits;
#[cfg(not(target_arch = "wasm32"))]
#[path = "common/naive.rs"]
mod naive;
#[path = "common/safetensors.rs"]
mod safetensors;

use goldens::Golden;
use logits::{assert_close, difference};
use mobilenet_wasm::arch::{Config, Network, Padding, Version};
use mobilenet_wasm::plan::Precision;
use mobilenet_wasm::simd::{F32x4, Native, Scalar};
use mobilenet_wasm::weights::{Checkpoint, Flavour, Storage};
use mobilenet_wasm::{Error, Model, Plan};
use wasm_bindgen_test::wasm_bindgen_test;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_dedicated_worker);

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

/// Each golden's network and settings are recognised.
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
        let version = Version::parse(&golden.version)
            .unwrap_or_else(|| panic!("{}: no such version: {}", golden.name, golden.version));
        let padding = match golden.padding.as_str() {
            "same" => Padding::Same,
            "symmetric" => Padding::Symmetric,
            other => panic!("{}: no such padding: {other}", golden.name),
        };
        assert_eq!(checkpoint.flavour(), flavour, "{}", golden.name);
        assert_eq!(
            (network.version, network.minimalistic),
            (Some(version), golden.minimalistic),
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
        // torchvision has no config, so its width must come from the shapes.
        assert_eq!(network.width, golden.width, "{}", golden.name);
        assert_eq!(checkpoint.preprocessing().crop, golden.resolution, "{}", golden.name);
        assert_eq!(checkpoint.has_background(), golden.classes == 1001, "{}", golden.name);
    }
}

/// The execution plan gives each golden's logits with this build's instruction set. The scalar one gives the same bits
/// if both round a multiply-add twice.
#[wasm_bindgen_test(unsupported = test)]
fn goldens_by_the_plan() {
    for golden in Golden::all() {
        let bytes = safetensors::file(&golden.tensors());
        let source = &bytes[..];
        let (config, preprocessor) = (golden.config.to_string(), golden.preprocessor_config());
        let mut model = Model::load(&source, Some(&config), preprocessor.as_deref()).unwrap();
        let logits = model.run(&golden.image()).unwrap().to_vec();
        let exact: Vec<f64> = logits.iter().copied().map(f64::from).collect();
        assert_close(&golden.name, &exact, &golden.logits);

        let mut checkpoint =
            Checkpoint::open(&source, Some(&config), preprocessor.as_deref()).unwrap();
        let network = checkpoint.network().clone();
        let mut plan = Plan::new(&network, &mut checkpoint, Precision::F32).unwrap();
        let scalar = plan.run::<Scalar>(&golden.image()).unwrap();
        if !Native::FUSED {
            assert_eq!(bits(&logits), bits(scalar), "{}: {} and scalar", golden.name, Native::NAME);
        }
    }
}

/// A folded file has everything that its checkpoint has. With floats of 32 bits it gives the same bits; the others give
/// nearly the same logits, and are shorter.
#[wasm_bindgen_test(unsupported = test)]
fn folded_files_give_the_same_logits() {
    for golden in Golden::all().filter(|golden| golden.width <= 0.5) {
        let name = &golden.name;
        let bytes = safetensors::file(&golden.tensors());
        let source = &bytes[..];
        let (config, preprocessor) = (golden.config.to_string(), golden.preprocessor_config());
        let (config, preprocessor) = (Some(config.as_str()), preprocessor.as_deref());
        let mut checkpoint = Checkpoint::open(&source, config, preprocessor).unwrap();
        let mut model = Model::load(&source, config, preprocessor).unwrap();
        let logits = model.run(&golden.image()).unwrap().to_vec();
        let mut lengths = Vec::new();
        for (storage, bound) in [(Storage::F32, 0.0), (Storage::F16, 0.02), (Storage::Int8, 0.2)] {
            let file = checkpoint.fold(storage).unwrap();
            let source = &file[..];
            let folded = Checkpoint::open(&source, None, None).unwrap();
            assert_eq!(
                (folded.flavour(), folded.origin()),
                (Flavour::Folded, checkpoint.flavour())
            );
            assert_eq!(folded.network(), checkpoint.network(), "{name}");
            assert_eq!(folded.preprocessing(), checkpoint.preprocessing(), "{name}");
            assert_eq!(folded.labels(), checkpoint.labels(), "{name}");
            assert_eq!(folded.has_background(), checkpoint.has_background(), "{name}");
            assert_eq!(folded.warnings(), checkpoint.warnings(), "{name}");
            let mut model = Model::load(&source, None, None).unwrap();
            let found = model.run(&golden.image()).unwrap();
            if storage == Storage::F32 {
                assert_eq!(bits(found), bits(&logits), "{name}");
            }
            let found: Vec<f64> = found.iter().copied().map(f64::from).collect();
            let difference = difference(&found, &logits);
            println!("{name}: {} {difference:.1e}, {} bytes", storage.name(), file.len());
            assert!(difference <= bound, "{name}: {storage:?} differs by {difference:e}");
            lengths.push(file.len());
        }
        assert!(lengths.is_sorted_by(|a, b| a > b), "{name}: {lengths:?}");
    }
}

/// A picture doesn't influence the next one.
#[wasm_bindgen_test(unsupported = test)]
fn a_used_plan_gives_the_same_logits() {
    for version in Version::ALL {
        let config = Config { resolution: 96, ..Config::new(version) };
        let mut model = Model::untrained(Network::new(&config).unwrap(), 7).unwrap();
        let picture = |value: f32| vec![value; 96 * 96 * 3];
        let first = model.run(&picture(0.5)).unwrap().to_vec();
        assert!(first.iter().all(|logit| logit.is_finite()), "{version}");
        let other = bits(model.run(&picture(-1.0)).unwrap());
        assert_ne!(bits(&first), other, "{version}");
        assert_eq!(bits(&first), bits(model.run(&picture(0.5)).unwrap()), "{version}");
    }
}

/// NaN in the input is an error that names its index, since ReLU6 would turn it into a number. The model still works.
#[wasm_bindgen_test(unsupported = test)]
fn values_that_are_no_numbers_are_refused() {
    let config = Config { resolution: 96, ..Config::new(Version::V2) };
    let mut model = Model::untrained(Network::new(&config).unwrap(), 7).unwrap();
    let picture = vec![0.5; 96 * 96 * 3];
    let before = bits(model.run(&picture).unwrap());
    for value in [f32::NAN, -f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        for index in [0, 777, picture.len() - 1] {
            let mut wrong = picture.clone();
            wrong[index] = value;
            let error = model.run(&wrong).unwrap_err();
            assert!(matches!(error, Error::InputValue { index: at, .. } if at == index), "{error}");
            assert_eq!(error.code(), "BAD_INPUT");
            assert!(matches!(
                model.profile(&wrong, &mut || 0.0, 1).unwrap_err(),
                Error::InputValue { .. }
            ));
        }
    }
    let largest = vec![f32::MAX; picture.len()];
    assert!(model.run(&largest).is_ok());
    assert_eq!(bits(model.run(&picture).unwrap()), before);
}

/// The naive network, which is the same arithmetic on every target and slow: natively only.
#[cfg(not(target_arch = "wasm32"))]
mod naive_network {
    use super::*;
    use logits::TOLERANCE;
    use serde_json::{Value, json};

    /// The naive network gives each golden's logits.
    #[test]
    fn goldens_by_the_naive_network() {
        for golden in Golden::all() {
            assert_close(&golden.name, &naive_logits(&golden), &golden.logits);
        }
    }

    /// A wrong padding or eps, which silently costs accuracy, would fail the comparison with the goldens.
    #[test]
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
        let mut checkpoint =
            Checkpoint::open(&source, Some(&config), preprocessor.as_deref()).unwrap();
        let network = checkpoint.network().clone();
        let mut tensors = naive::tensors(&network, &mut checkpoint, &golden.image()).unwrap();
        tensors.pop().unwrap().1.values
    }
}
