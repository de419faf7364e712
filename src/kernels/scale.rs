//! The excite of squeeze-and-excite: multiplies every channel by its gate.

use super::layout::BLOCK;
use crate::simd::{F32x4, LANES};
use std::ops::Range;

/// The arguments of [`scale`].
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    /// One value per channel.
    pub gates: *const f32,
    /// The map, in blocks.
    pub input: *const f32,
    /// The scaled map, in blocks. May equal `input`, to scale in place.
    pub output: *mut f32,
    /// Values from one block of either map to the next.
    pub plane: usize,
    /// Pixels of either map.
    pub pixels: usize,
}

/// Scales the channel blocks `blocks`.
///
/// # Safety
/// The pointers are valid for those blocks, and nothing else accesses that output meanwhile.
#[inline(never)]
pub unsafe fn scale<V: F32x4>(scale: &Scale, blocks: Range<usize>) {
    for block in blocks {
        // SAFETY: the pointers are valid for this block, whose output is ours.
        unsafe {
            let gate = [0, LANES].map(|half| V::load(scale.gates.add(block * BLOCK + half)));
            let input = scale.input.add(block * scale.plane);
            let output = scale.output.add(block * scale.plane);
            for pixel in 0..scale.pixels {
                for (half, gate) in gate.into_iter().enumerate() {
                    let at = pixel * BLOCK + half * LANES;
                    V::load(input.add(at)).mul(gate).store(output.add(at));
                }
            }
        }
    }
}
