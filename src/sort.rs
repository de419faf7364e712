//! Heap sort, which keeps the binary small. Each use of the standard library's sort with another type or order adds
//! 3 to 16 KB of WebAssembly, 57 KB of 600 in all; each use of these adds 0.3 KB. All lists here are short.

use std::cmp::Ordering;

/// Sorts by `compare`, in place and in at most about `2 n log2 n` comparisons. Equal values may change places.
pub fn sort_by<T>(values: &mut [T], mut compare: impl FnMut(&T, &T) -> Ordering) {
    make_heap(values, &mut compare);
    for end in (1..values.len()).rev() {
        values.swap(0, end);
        sift_down(&mut values[..end], 0, &mut compare);
    }
}

/// Reduces `values` to its `k` least, sorted by `compare`.
pub fn least_by<T>(values: &mut Vec<T>, k: usize, mut compare: impl FnMut(&T, &T) -> Ordering) {
    let k = k.min(values.len());
    let (least, rest) = values.split_at_mut(k);
    make_heap(least, &mut compare);
    for value in rest {
        if let Some(greatest) =
            least.first_mut().filter(|greatest| compare(value, greatest).is_lt())
        {
            std::mem::swap(value, greatest);
            sift_down(least, 0, &mut compare);
        }
    }
    values.truncate(k);
    sort_by(values, compare);
}

/// Makes `values` a max-heap: no value is less than its children, at twice its index plus 1 and plus 2.
fn make_heap<T>(values: &mut [T], compare: &mut impl FnMut(&T, &T) -> Ordering) {
    for root in (0..values.len() / 2).rev() {
        sift_down(values, root, compare);
    }
}

/// Moves the value at `root` down until none of its children is greater.
fn sift_down<T>(heap: &mut [T], mut root: usize, compare: &mut impl FnMut(&T, &T) -> Ordering) {
    loop {
        let mut child = 2 * root + 1;
        if child >= heap.len() {
            break;
        }
        if child + 1 < heap.len() && compare(&heap[child], &heap[child + 1]).is_lt() {
            child += 1;
        }
        if compare(&heap[root], &heap[child]).is_ge() {
            break;
        }
        heap.swap(root, child);
        root = child;
    }
}

#[cfg(test)]
mod tests {
    use super::{least_by, sort_by};

    /// Lists of every short length, with many equal values, against the standard library.
    #[test]
    fn sorted_as_by_the_standard_library() {
        let mut random = fastrand::Rng::with_seed(1);
        for len in 0..200 {
            let values: Vec<u8> = (0..len).map(|_| random.u8(..40)).collect();
            let mut expected = values.clone();
            expected.sort_unstable_by(|a, b| b.cmp(a));
            let mut found = values.clone();
            sort_by(&mut found, |a, b| b.cmp(a));
            assert_eq!(found, expected);
            for k in [0, 1, 2, 5, len / 2, len, len + 1] {
                let mut found = values.clone();
                least_by(&mut found, k, |a, b| b.cmp(a));
                assert_eq!(found, expected[..k.min(len)], "{k} of {len}");
            }
        }
    }
}
