//! Compares logits with a library's.

/// The largest difference that is allowed, relative to the largest logit.
const TOLERANCE: f64 = 1e-3;

/// Asserts that `found` is what the library gives: within the tolerance, and the five largest in the same order.
/// Prints the largest difference relative to the largest logit.
pub fn assert_close(name: &str, found: &[f64], library: &[f32]) {
    assert_eq!(found.len(), library.len(), "{name}: number of logits");
    let library: Vec<f64> = library.iter().copied().map(f64::from).collect();
    let largest = library.iter().fold(0.0, |largest: f64, logit| largest.max(logit.abs()));
    let mut worst = 0.0_f64;
    for (found, library) in found.iter().zip(&library) {
        assert!(found.is_finite(), "{name}: a logit is {found}");
        worst = worst.max((found - library).abs() / largest);
    }
    println!("{name}: largest difference {worst:.1e} of the largest logit");
    assert!(worst <= TOLERANCE, "{name}: {worst:e} is over {TOLERANCE:e}");
    assert_eq!(top_5(found), top_5(&library), "{name}: top 5");
}

fn top_5(logits: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..logits.len()).collect();
    order.sort_by(|&a, &b| logits[b].total_cmp(&logits[a]));
    order.truncate(5);
    order
}
