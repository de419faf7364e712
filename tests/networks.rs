//! Whole networks against the libraries that they come from.

#[path = "common/logits.rs"]
mod logits;
#[path = "common/naive.rs"]
mod naive;

#[cfg(not(target_arch = "wasm32"))]
use logits::assert_close;

/// Trained checkpoints and the logits that PyTorch gives for a photo: the folders of `../shared/models`.
#[cfg(not(target_arch = "wasm32"))]
#[test]
fn trained_checkpoints_give_the_logits_of_pytorch() {
    use mobilenet_wasm::weights::Checkpoint;

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
