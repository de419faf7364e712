//! The excite of squeeze-and-excite: every channel times its gate, in place.

use super::layout::BLOCK;
use crate::simd::F32x4;
use std::ops::Range;

/// A scaling step with its memory.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    /// One value per channel.
    pub gates: *const f32,
    /// The tensor, in blocks.
    pub tensor: *mut f32,
    /// Values from one block of the tensor to the next.
    pub plane: usize,
    /// Pixels of the tensor.
    pub pixels: usize,
}

/// Scales the channel blocks `blocks`.
///
/// # Safety
/// The pointers are valid for those blocks, and nothing else touches that tensor meanwhile.
#[inline(never)]
pub unsafe fn scale<V: F32x4>(scale: &Scale, blocks: Range<usize>) {
    for block in blocks {
        // SAFETY: the caller's promise.
        unsafe {
            let gate = [0, 4].map(|half| V::load(scale.gates.add(block * BLOCK + half)));
            let tensor = scale.tensor.add(block * scale.plane);
            for pixel in 0..scale.pixels {
                for (half, gate) in gate.into_iter().enumerate() {
                    let at = tensor.add(pixel * BLOCK + half * 4);
                    V::load(at).mul(gate).store(at);
                }
            }
        }
    }
}
