//! The element-wise sum of two maps.

use super::layout::BLOCK;
use crate::simd::{F32x4, LANES};
use std::ops::Range;

/// The arguments of [`add`].
#[derive(Clone, Copy, Debug)]
pub struct Add {
    /// Both maps, in blocks.
    pub inputs: [*const f32; 2],
    /// Their sum, in blocks.
    pub output: *mut f32,
    /// Values from one block of each map to the next.
    pub plane: usize,
    /// Pixels of each map.
    pub pixels: usize,
}

/// Adds the channel blocks `blocks`.
///
/// # Safety
/// The pointers are valid for those blocks, and nothing else accesses that output meanwhile.
#[inline(never)]
pub unsafe fn add<V: F32x4>(add: &Add, blocks: Range<usize>) {
    for block in blocks {
        // SAFETY: the pointers are valid for this block, whose output is ours.
        unsafe {
            let [first, second] = add.inputs.map(|input| input.add(block * add.plane));
            let output = add.output.add(block * add.plane);
            for at in (0..add.pixels * BLOCK).step_by(LANES) {
                V::load(first.add(at)).add(V::load(second.add(at))).store(output.add(at));
            }
        }
    }
}
