//! A matrix times a vector: the classifier, V3's head, squeeze-and-excite.
//!
//! Each weight is used once, so the time is that of reading them: V3-Large's 2.8 million are 11 MB in `f32`. Where 8 bits
//! are asked for, they are integers of 16 bits with a scale for each output, and the sums stay in `f32`.

use super::epilogue::{Epilogue, Finish, with_epilogue};
use super::layout::BLOCK;
use crate::simd::{F32x4, LANES};
use std::ops::Range;

/// The arguments of [`dense`].
#[derive(Clone, Copy, Debug)]
pub struct Dense {
    /// `in_channels` adjacent values.
    pub input: *const f32,
    /// Length of the input in values.
    pub in_channels: usize,
    /// Packed panels: see [`super::pack::pointwise`], and [`super::pack::words`] for integers of 16 bits.
    pub weights: *const f32,
    /// Whether the weights are integers of 16 bits. If so, the activation isn't hard-sigmoid.
    pub words: bool,
    /// Adjacent values, padded to a multiple of 8.
    pub output: *mut f32,
    /// What is applied to the sums.
    pub finish: Finish,
}

/// Computes the output panels `panels`, 8 outputs each.
///
/// # Safety
/// The pointers are valid for those panels, and nothing else accesses that output meanwhile.
///
/// # Panics
/// If the weights are integers and the activation is hard-sigmoid.
pub unsafe fn dense<V: F32x4>(layer: &Dense, panels: Range<usize>) {
    for index in panels {
        // SAFETY: the pointers are valid for this panel, whose output is ours.
        unsafe {
            if layer.words {
                with_epilogue!(convolution, layer.finish, E => panel::<V, E, true>(layer, index));
            } else {
                with_epilogue!(dense, layer.finish, E => panel::<V, E, false>(layer, index));
            }
        }
    }
}

/// Values from one panel of 8 outputs with weights of 16 bits to the next.
#[must_use]
pub const fn words_panel(in_channels: usize) -> usize {
    2 * BLOCK + in_channels * BLOCK / 2
}

/// Independent partial sums, so that a multiply-add need not wait for the one before it.
const CHAINS: usize = 4;

/// # Safety
/// See [`dense`].
#[inline(never)]
unsafe fn panel<V: F32x4, E: Epilogue, const WORDS: bool>(layer: &Dense, index: usize) {
    // SAFETY: the panel has its bias, scales if the weights are words, and `in_channels` rows of weights, the input has
    // `in_channels` values, and the output a block of its own.
    unsafe {
        let (length, head) = if WORDS {
            (words_panel(layer.in_channels), 2 * BLOCK)
        } else {
            (super::pointwise::panel(layer.in_channels), BLOCK)
        };
        let bias = layer.weights.add(index * length);
        let weights = bias.add(head);
        let mut sums = [[V::splat(0.0); 2]; CHAINS];
        if !WORDS {
            sums[0] = [V::load(bias), V::load(bias.add(LANES))];
        }
        let whole = layer.in_channels / CHAINS * CHAINS;
        let mut step = |k: usize, chain: usize| {
            let value = V::load_splat(layer.input.add(k));
            for (half, sum) in sums[chain].iter_mut().enumerate() {
                let at = k * BLOCK + half * LANES;
                let weight = if WORDS {
                    V::load_words(weights.cast::<i16>().add(at))
                } else {
                    V::load(weights.add(at))
                };
                *sum = sum.madd(value, weight);
            }
        };
        for k in (0..whole).step_by(CHAINS) {
            for chain in 0..CHAINS {
                step(k + chain, chain);
            }
        }
        for k in whole..layer.in_channels {
            step(k, 0);
        }
        for half in 0..2 {
            let [a, b, c, d] = sums.map(|sum| sum[half]);
            let mut sum = a.add(b).add(c.add(d));
            if WORDS {
                let of_outputs = |row: usize| V::load(bias.add(row * BLOCK + half * LANES));
                sum = of_outputs(0).madd(sum, of_outputs(1));
            }
            let at = layer.output.add(index * BLOCK + half * LANES);
            E::finish(sum, layer.finish.constants(), at).store(at);
        }
    }
}
