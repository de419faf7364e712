//! The mean over all pixels: global average pooling, and the squeeze of squeeze-and-excite.

use super::layout::BLOCK;
use crate::simd::{F32x4, LANES};
use std::ops::Range;

/// The arguments of [`pool`].
#[derive(Clone, Copy, Debug)]
pub struct Pool {
    /// Input in blocks.
    pub input: *const f32,
    /// Values from one block of the input to the next.
    pub input_plane: usize,
    /// Pixels of the input.
    pub pixels: usize,
    /// Factor of each channel's sum: one over the number of pixels of the map.
    pub factor: f32,
    /// One value per channel.
    pub output: *mut f32,
}

/// Computes the channel blocks `blocks`.
///
/// # Safety
/// The pointers are valid for those blocks, and nothing else accesses that output meanwhile.
#[inline(never)]
pub unsafe fn pool<V: F32x4>(pool: &Pool, blocks: Range<usize>) {
    for block in blocks {
        // SAFETY: the pointers are valid for this block, whose output is ours.
        unsafe {
            let input = pool.input.add(block * pool.input_plane);
            let mut sums = [V::splat(0.0); 2];
            for pixel in 0..pool.pixels {
                for (half, sum) in sums.iter_mut().enumerate() {
                    *sum = sum.add(V::load(input.add(pixel * BLOCK + half * LANES)));
                }
            }
            for (half, sum) in sums.into_iter().enumerate() {
                sum.mul(V::splat(pool.factor)).store(pool.output.add(block * BLOCK + half * LANES));
            }
        }
    }
}
