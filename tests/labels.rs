//! The package's ImageNet names are `IMAGENET_CLASSES` of the npm package @tensorflow-models/mobilenet 2.1.1
//! (Apache-2.0), with ImageNet's spelling of class 107.

use wasm_bindgen_test::wasm_bindgen_test;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_dedicated_worker);

#[cfg(not(target_arch = "wasm32"))]
#[path = "common/skip.rs"]
mod skip;

fn labels() -> Vec<String> {
    serde_json::from_str(include_str!("../pkg/labels.json")).expect("an array of strings")
}

#[wasm_bindgen_test(unsupported = test)]
fn a_thousand_names_in_imagenet_order() {
    let labels = labels();
    assert_eq!(labels.len(), 1000);
    for label in &labels {
        assert!(!label.is_empty() && label.trim() == label, "{label:?}");
    }
    for (index, name) in [
        (0, "tench, Tinca tinca"),
        (88, "macaw"),
        (107, "jellyfish"),
        (285, "Egyptian cat"),
        (933, "cheeseburger"),
        (934, "hotdog, hot dog, red hot"),
        (967, "espresso"),
        (999, "toilet tissue, toilet paper, bathroom tissue"),
    ] {
        assert_eq!(labels[index], name);
    }
}

#[cfg(not(target_arch = "wasm32"))]
#[test]
fn names_equal_the_models_list() {
    let Some(path) = skip::shared("names_equal_the_models_list", "models/labels.txt") else {
        return;
    };
    let list = std::fs::read_to_string(path).expect("a text");
    // The first line is the background class.
    assert_eq!(list.lines().skip(1).collect::<Vec<_>>(), labels());
}
