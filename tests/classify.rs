//! Top-k and softmax, including extreme logits.

use mobilenet_wasm::classify::{Prediction, top_k};
use wasm_bindgen_test::wasm_bindgen_test;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_dedicated_worker);

fn indices(predictions: &[Prediction]) -> Vec<usize> {
    predictions.iter().map(|prediction| prediction.index).collect()
}

fn probabilities(predictions: &[Prediction]) -> Vec<f32> {
    predictions.iter().map(|prediction| prediction.probability).collect()
}

/// Plain softmax, for logits that don't overflow.
fn naive_softmax(logits: &[f32]) -> Vec<f64> {
    let exps: Vec<f64> = logits.iter().map(|&logit| f64::from(logit).exp()).collect();
    let sum: f64 = exps.iter().sum();
    exps.iter().map(|exp| exp / sum).collect()
}

#[wasm_bindgen_test(unsupported = test)]
fn random_logits_match_the_naive_softmax() {
    let mut random = fastrand::Rng::with_seed(1);
    for _ in 0..100 {
        let count = random.usize(1..1001);
        // Steps of a quarter, so that some are equal.
        let logits: Vec<f32> = (0..count).map(|_| random.i32(-40..40) as f32 / 4.0).collect();
        for background in [false, true] {
            let skipped = usize::from(background);
            let expected = naive_softmax(&logits);
            let mut order: Vec<usize> = (0..count - skipped).collect();
            // A stable sort keeps equals in the order of their index.
            order.sort_by(|&a, &b| logits[b + skipped].total_cmp(&logits[a + skipped]));
            let k = random.usize(0..count + 2);
            order.truncate(k);
            let predictions = top_k(&logits, k, background);
            assert_eq!(indices(&predictions), order);
            for Prediction { index, probability } in predictions {
                assert!((f64::from(probability) - expected[index + skipped]).abs() < 1e-7);
            }
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn k_is_limited_to_the_classes() {
    let logits = [0.5, 2.0, 1.0];
    assert!(top_k(&logits, 0, false).is_empty());
    assert_eq!(indices(&top_k(&logits, 1, false)), [1]);
    assert_eq!(indices(&top_k(&logits, 3, false)), [1, 2, 0]);
    assert_eq!(indices(&top_k(&logits, usize::MAX, false)), [1, 2, 0]);
    assert_eq!(indices(&top_k(&logits, usize::MAX, true)), [0, 1]);
    assert!(top_k(&[], 5, false).is_empty());
    assert!(top_k(&[], 5, true).is_empty());
    assert!(top_k(&[1.0], 5, true).is_empty());
}

#[wasm_bindgen_test(unsupported = test)]
fn background_takes_its_share_unranked() {
    // Shares 3, 2, 1 of 6.
    let logits = [3f32.ln(), 2f32.ln(), 0.0];
    let predictions = top_k(&logits, 5, true);
    assert_eq!(indices(&predictions), [0, 1]);
    assert!((predictions[0].probability - 2.0 / 6.0).abs() < 1e-6);
    assert!((predictions[1].probability - 1.0 / 6.0).abs() < 1e-6);
}

#[wasm_bindgen_test(unsupported = test)]
fn equal_logits_share_in_the_order_of_their_index() {
    let predictions = top_k(&[4.0; 1000], 1000, false);
    assert_eq!(indices(&predictions), (0..1000).collect::<Vec<_>>());
    assert!(predictions.iter().all(|prediction| prediction.probability == 0.001));
    assert_eq!(indices(&top_k(&[-0.0, 0.0, -0.0], 3, false)), [0, 1, 2]);
}

#[wasm_bindgen_test(unsupported = test)]
fn huge_logits_neither_overflow_nor_vanish() {
    assert_eq!(probabilities(&top_k(&[-1e30, 1e30, 0.0], 3, false)), [1.0, 0.0, 0.0]);
    assert_eq!(probabilities(&top_k(&[f32::MIN, f32::MAX, f32::MAX], 3, false)), [0.5, 0.5, 0.0]);
    assert_eq!(probabilities(&top_k(&[-1e30, -1e30], 2, false)), [0.5, 0.5]);
    // Classes with probability 0 are ranked by their logits.
    assert_eq!(indices(&top_k(&[-2000.0, 0.0, -1000.0], 3, false)), [1, 2, 0]);
}

#[wasm_bindgen_test(unsupported = test)]
fn infinite_logits_take_their_limits() {
    const INFINITY: f32 = f32::INFINITY;
    let predictions = top_k(&[0.0, INFINITY, -INFINITY, INFINITY], 4, false);
    assert_eq!(indices(&predictions), [1, 3, 0, 2]);
    assert_eq!(probabilities(&predictions), [0.5, 0.5, 0.0, 0.0]);
    let predictions = top_k(&[-INFINITY; 2], 2, false);
    assert_eq!(indices(&predictions), [0, 1]);
    assert_eq!(probabilities(&predictions), [0.0, 0.0]);
}

#[wasm_bindgen_test(unsupported = test)]
fn nan_logits_come_last() {
    let predictions = top_k(&[f32::NAN, 1.0, -f32::NAN, 1.0], 4, false);
    assert_eq!(indices(&predictions), [1, 3, 0, 2]);
    assert_eq!(probabilities(&predictions), [0.5, 0.5, 0.0, 0.0]);
    let predictions = top_k(&[f32::NAN; 3], 3, false);
    assert_eq!(indices(&predictions), [0, 1, 2]);
    assert_eq!(probabilities(&predictions), [0.0; 3]);
}
