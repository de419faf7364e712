//! A matrix times a vector: the classifier, V3's head, squeeze-and-excite.

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
    /// Packed panels: see [`super::pack::pointwise`].
    pub weights: *const f32,
    /// Adjacent values, padded to a multiple of 8.
    pub output: *mut f32,
    /// What is applied to the sums.
    pub finish: Finish,
}

/// Computes the output panels `panels`, 8 outputs each.
///
/// # Safety
/// The pointers are valid for those panels, and nothing else accesses that output meanwhile.
pub unsafe fn dense<V: F32x4>(layer: &Dense, panels: Range<usize>) {
    for index in panels {
        // SAFETY: the pointers are valid for this panel, whose output is ours.
        unsafe { with_epilogue!(dense, layer.finish, E => panel::<V, E>(layer, index)) }
    }
}

/// Independent partial sums, so that a multiply-add need not wait for the one before it.
const CHAINS: usize = 4;

/// # Safety
/// See [`dense`].
#[inline(never)]
unsafe fn panel<V: F32x4, E: Epilogue>(layer: &Dense, index: usize) {
    // SAFETY: the panel has its bias and `in_channels` rows of weights, the input `in_channels` values, and the output
    // a block of its own.
    unsafe {
        let bias = layer.weights.add(index * super::pointwise::panel(layer.in_channels));
        let weights = bias.add(BLOCK);
        let mut sums = [[V::splat(0.0); 2]; CHAINS];
        sums[0] = [V::load(bias), V::load(bias.add(LANES))];
        let whole = layer.in_channels / CHAINS * CHAINS;
        let mut step = |k: usize, chain: usize| {
            let value = V::load_splat(layer.input.add(k));
            for (half, sum) in sums[chain].iter_mut().enumerate() {
                *sum = sum.madd(value, V::load(weights.add(k * BLOCK + half * LANES)));
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
            let at = layer.output.add(index * BLOCK + half * LANES);
            E::finish(a.add(b).add(c.add(d)), layer.finish.constants(), at).store(at);
        }
    }
}
