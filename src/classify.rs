//! Softmax and top-k over logits.

use std::cmp::Ordering;

use crate::sort::least_by;

/// One class and its probability.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prediction {
    /// The class index, not counting the background class: 0 to 999 for ImageNet.
    pub index: usize,
    /// From 0 to 1. The probabilities of all classes, including the background, sum to 1.
    pub probability: f32,
}

/// The `k` most probable classes, in descending order; ties go to the lower index. If there are fewer than `k` classes,
/// returns all of them.
///
/// The softmax is over all `logits`. With `background`, class 0 means "none of the others" (the
/// 1001-class checkpoints): it takes its share of the probability but is not ranked, and `index`
/// counts from the class after it.
///
/// A NaN logit counts as minus infinity, so its class comes last with probability 0. If all logits are minus infinity,
/// every probability is 0. Classes with a logit of plus infinity share the whole probability equally.
///
/// ```
/// use mobilenet_wasm::classify::top_k;
///
/// let best = top_k(&[1.0, 3.0, 2.0], 2, false);
/// assert_eq!((best[0].index, best[1].index), (1, 2));
/// assert!((best[0].probability - 0.6652).abs() < 1e-4);
/// ```
#[must_use]
pub fn top_k(logits: &[f32], k: usize, background: bool) -> Vec<Prediction> {
    let skipped = usize::from(background).min(logits.len());
    let ranked = &logits[skipped..];
    let mut order: Vec<usize> = (0..ranked.len()).collect();
    let higher_first = |&a: &usize, &b: &usize| compare(ranked[b], ranked[a]).then(a.cmp(&b));
    least_by(&mut order, k, higher_first);

    let softmax = Softmax::over(logits);
    order
        .into_iter()
        .map(|index| Prediction { index, probability: softmax.probability(ranked[index]) })
        .collect()
}

/// Orders logits; NaN counts as minus infinity, and 0 equals -0.
fn compare(a: f32, b: f32) -> Ordering {
    let number = |logit: f32| {
        if logit.is_nan() { f32::NEG_INFINITY } else { logit }
    };
    number(a).partial_cmp(&number(b)).unwrap_or(Ordering::Equal)
}

/// `exp(logit) / sum of exp(logits)`. Both terms are divided by the largest `exp`, so that nothing overflows.
/// The sum is in f64, where the difference of two finite f32 is finite and a thousand terms lose no relevant accuracy.
struct Softmax {
    max: f32,
    sum: f64,
}

impl Softmax {
    fn over(logits: &[f32]) -> Self {
        // f32::max ignores NaN.
        let max = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let sum = logits.iter().map(|&logit| Self::share(logit, max)).sum();
        Self { max, sum }
    }

    /// `exp(logit - max)`, or its limit where one of them is infinite or NaN.
    fn share(logit: f32, max: f32) -> f64 {
        if logit.is_nan() || logit == f32::NEG_INFINITY {
            0.0
        } else if logit == max {
            1.0
        } else {
            (f64::from(logit) - f64::from(max)).exp()
        }
    }

    fn probability(&self, logit: f32) -> f32 {
        // The largest share is 1, so the sum is 0 only where every share is.
        if self.sum == 0.0 { 0.0 } else { (Self::share(logit, self.max) / self.sum) as f32 }
    }
}
