//! Compares logits with a library's.

/// The largest allowed difference, relative to the largest logit.
pub const TOLERANCE: f64 = 1e-3;

/// The largest difference, relative to the library's largest logit.
pub fn difference(found: &[f64], library: &[f32]) -> f64 {
    assert_eq!(found.len(), library.len(), "number of logits");
    let library = library.iter().copied().map(f64::from);
    let largest = library.clone().fold(0.0, |largest: f64, logit| largest.max(logit.abs()));
    found.iter().zip(library).fold(0.0, |worst: f64, (found, library)| {
        assert!(found.is_finite(), "a logit is {found}");
        worst.max((found - library).abs() / largest)
    })
}

/// Asserts that `found` equals the library's logits within the tolerance, with the five largest in the same order.
/// Prints the largest difference.
pub fn assert_close(name: &str, found: &[f64], library: &[f32]) {
    let worst = difference(found, library);
    println!("{name}: largest difference {worst:.1e} of the largest logit");
    assert!(worst <= TOLERANCE, "{name}: {worst:e} is over {TOLERANCE:e}");
    let library: Vec<f64> = library.iter().copied().map(f64::from).collect();
    assert_eq!(top_5(found), top_5(&library), "{name}: top 5");
}

fn top_5(logits: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..logits.len()).collect();
    order.sort_by(|&a, &b| logits[b].total_cmp(&logits[a]));
    order.truncate(5);
    order
}
