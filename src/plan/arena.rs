//! Memory planning: places all activations of a network in one buffer before it runs.

use crate::sort::sort_by;

/// A tensor's size, and the first and last step that access it.
#[derive(Clone, Copy, Debug)]
pub struct Lifetime {
    /// Number of values.
    pub len: u64,
    /// The step that writes it first.
    pub first: usize,
    /// The step that reads it last.
    pub last: usize,
}

/// Gives each tensor an offset in values, so that tensors that are alive in the same step do not overlap. Returns the
/// offsets and the number of values needed in total.
///
/// Places the largest tensor first, each at the lowest free offset. For these networks the total equals the largest sum
/// of tensors alive in one step, which is the minimum.
#[must_use]
pub fn arrange(tensors: &[Lifetime]) -> (Vec<u64>, u64) {
    let mut order: Vec<usize> = (0..tensors.len()).collect();
    sort_by(&mut order, |&a, &b| tensors[b].len.cmp(&tensors[a].len).then(a.cmp(&b)));
    let mut offsets = vec![0; tensors.len()];
    let mut placed: Vec<usize> = Vec::new();
    for index in order {
        let tensor = tensors[index];
        let together = |&other: &usize| {
            tensors[other].first <= tensor.last && tensor.first <= tensors[other].last
        };
        let mut taken: Vec<(u64, u64)> = placed
            .iter()
            .copied()
            .filter(together)
            .map(|other| (offsets[other], offsets[other] + tensors[other].len))
            .collect();
        sort_by(&mut taken, Ord::cmp);
        let mut at = 0;
        for (start, end) in taken {
            if at + tensor.len <= start {
                break;
            }
            at = at.max(end);
        }
        offsets[index] = at;
        placed.push(index);
    }
    let total = tensors.iter().zip(&offsets).map(|(tensor, at)| at + tensor.len).max();
    (offsets, total.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::{Lifetime, arrange};

    #[test]
    fn tensors_alive_together_do_not_overlap() {
        let mut rng = fastrand::Rng::with_seed(6);
        for _ in 0..200 {
            let tensors: Vec<Lifetime> = (0..rng.usize(1..30))
                .map(|_| {
                    let first = rng.usize(0..20);
                    Lifetime { len: rng.u64(1..100), first, last: first + rng.usize(0..4) }
                })
                .collect();
            let (offsets, total) = arrange(&tensors);
            for (i, a) in tensors.iter().enumerate() {
                assert!(offsets[i] + a.len <= total);
                for (j, b) in tensors.iter().enumerate().take(i) {
                    let apart = a.last < b.first
                        || b.last < a.first
                        || offsets[i] + a.len <= offsets[j]
                        || offsets[j] + b.len <= offsets[i];
                    assert!(apart, "{i} {a:?} at {}, {j} {b:?} at {}", offsets[i], offsets[j]);
                }
            }
        }
    }

    #[test]
    fn a_chain_takes_its_largest_neighbours() {
        let chain = [30, 100, 50, 200, 10].iter().enumerate();
        let tensors: Vec<Lifetime> =
            chain.map(|(step, &len)| Lifetime { len, first: step, last: step + 1 }).collect();
        assert_eq!(arrange(&tensors).1, 250);
    }

    /// The tensors of one network may have more values than 32 bits can count.
    #[test]
    fn tensors_may_be_too_many_for_an_address() {
        let tensors = [Lifetime { len: 1 << 31, first: 0, last: 1 }; 3];
        let (mut offsets, total) = arrange(&tensors);
        offsets.sort_unstable();
        assert_eq!((offsets, total), (vec![0, 1 << 31, 1 << 32], 3 << 31));
    }
}
