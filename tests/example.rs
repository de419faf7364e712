//! Runs `examples/classify.rs` on files as a user does.
#![cfg(not(any(target_arch = "wasm32", miri)))]

#[path = "common/skip.rs"]
mod skip;

use std::path::Path;
use std::process::{Command, Output};

/// Runs the example in the repository's root.
fn classify(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["run", "--quiet", "--offline", "--example", "classify", "--"])
        .args(arguments)
        .output()
        .expect("cargo")
}

/// The lines after the one with the time: probability and label.
fn rows(output: &Output) -> Vec<(f32, String)> {
    let [stdout, stderr] =
        [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    assert!(output.status.success(), "{stderr}");
    let mut lines = stdout.lines();
    let time = lines.next().and_then(|line| line.strip_suffix(" ms"));
    assert!(time.is_some_and(|time| time.trim().parse::<f32>().is_ok()), "{stdout}");
    let row = |line: &str| {
        let (probability, label) = line.trim().split_once("  ").expect("two columns");
        (probability.parse().expect("a probability"), label.to_owned())
    };
    lines.map(row).collect()
}

/// Classifies a PNG file with the arguments in each order. A missing file is an error.
#[test]
fn a_made_up_network_classifies_a_png() {
    let (picture, weights) = ("docs/screenshot.png", "tests/goldens/tflite/v1-0.1-u8.tflite");
    let first = rows(&classify(&[picture, "--weights", weights]));
    assert_eq!(rows(&classify(&["--weights", weights, picture])), first);
    // The network has five classes.
    assert_eq!(first.len(), 5);
    let sum: f32 = first.iter().map(|(probability, _)| probability).sum();
    assert!((sum - 1.0).abs() < 0.005, "{first:?}");
    assert!(first.iter().any(|(_, label)| label.starts_with("tench")), "{first:?}");
    for wrong in [&[picture][..], &[picture, "--weights", "nowhere.safetensors"]] {
        assert!(!classify(wrong).status.success(), "{wrong:?}");
    }
}

/// A JPEG file, with the configuration that lies beside the weights.
#[test]
fn a_trained_network_classifies_a_jpeg() {
    let Some(shared) = skip::shared("a_trained_network_classifies_a_jpeg", "photos/parrot.jpg")
    else {
        return;
    };
    let weights = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../shared/models/mobilenet_v2_1.0_224/model.safetensors");
    let arguments = [&*shared.to_string_lossy(), "--weights", &*weights.to_string_lossy()];
    let first = &rows(&classify(&arguments))[0];
    assert_eq!(first.1, "macaw");
    // PyTorch gives 0.974.
    assert!((first.0 - 0.974).abs() < 0.02, "{first:?}");
}
