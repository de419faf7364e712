//! From logits to named classes: softmax and the k most probable.

use std::cmp::Ordering;

use crate::sort::least_by;

/// One class and how probable it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prediction {
    /// The class, counted without the background class: 0 to 999 for ImageNet.
    pub index: usize,
    /// From 0 to 1; the probabilities of all classes, background included, add up to 1.
    pub probability: f32,
}

/// The `k` most probable classes, the most probable first; of equals, the lower index first.
///
/// The softmax is over all `logits`. With `background`, class 0 means "none of the others" (the
/// 1001-class checkpoints): it takes its share of the probability but is not ranked, and `index`
/// counts from the class after it. Fewer than `k` classes give as many as there are.
///
/// A NaN logit counts as minus infinity: such a class comes last, with probability 0. Where no
/// logit is above minus infinity, every probability is 0. Infinite logits share the whole.
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

/// Orders logits, NaN as minus infinity; 0 and -0 are equal.
fn compare(a: f32, b: f32) -> Ordering {
    let number = |logit: f32| {
        if logit.is_nan() { f32::NEG_INFINITY } else { logit }
    };
    number(a).partial_cmp(&number(b)).unwrap_or(Ordering::Equal)
}

/// `exp(logit) / sum of exp(logits)`, both divided by the largest `exp` so that nothing overflows.
/// In f64: the difference of two f32 is always finite there, and a thousand terms add up exactly
/// enough.
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

    /// `exp(logit - max)`, in its limits where these are infinite or NaN.
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
