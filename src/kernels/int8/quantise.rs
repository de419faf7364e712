//! Quantises floats to bytes, with a range for each pixel.

use super::{INPUTS, RANGE};
use crate::kernels::layout::BLOCK;
use crate::simd::{ByteDot, F32x4, LANES};
use std::ops::Range;

/// A smaller range counts as 0, because its inverse may be infinite.
const LEAST_RANGE: f32 = 1e-30;

/// Pixels per iteration: their bytes fill a vector.
const PIXELS: usize = 2;

/// The arguments of [`quantise`].
#[derive(Clone, Copy, Debug)]
pub struct Quantise {
    /// Input in blocks.
    pub input: *const f32,
    /// Values from one block of the input to the next, with room for an even number of pixels.
    pub input_plane: usize,
    /// Number of channel blocks.
    pub blocks: usize,
    /// Output in blocks, one byte per value.
    pub output: *mut u8,
    /// Bytes from one block of the output to the next, with room for an even number of pixels.
    pub output_plane: usize,
    /// [`RANGE`] values for each pixel: its scale, and its least value or 0 if that is positive.
    pub ranges: *mut f32,
}

/// Quantises the pixels `pixels`. The first one has an even index.
///
/// # Safety
/// The pointers are valid for those pixels; if their number is odd, input and output are valid for one more. Nothing
/// else accesses that output meanwhile.
#[inline(never)]
pub unsafe fn quantise<D: ByteDot>(tensor: &Quantise, pixels: Range<usize>) {
    for pixel in pixels.clone().step_by(PIXELS) {
        // SAFETY: the pointers are valid for this pixel and the next.
        unsafe {
            let input = tensor.input.add(pixel * BLOCK);
            let output = tensor.output.add(pixel * BLOCK);
            let zero = D::Floats::splat(0.0);
            let (mut least, mut greatest) = ([zero; PIXELS], [zero; PIXELS]);
            let mut values = input;
            for _ in 0..tensor.blocks {
                for of in 0..PIXELS {
                    let [a, b] = halves::<D>(values.add(of * BLOCK));
                    least[of] = least[of].min(a).min(b);
                    greatest[of] = greatest[of].max(a).max(b);
                }
                // After the last block it points past the tensor.
                values = values.wrapping_add(tensor.input_plane);
            }
            let mut factors = [[zero; 2]; PIXELS];
            for of in 0..PIXELS {
                let [least, greatest] = ends::<D>(least[of], greatest[of]);
                let range = greatest - least;
                let (scale, least, inverse) = if range > LEAST_RANGE {
                    (range * (1.0 / INPUTS), least, INPUTS / range)
                } else {
                    (0.0, 0.0, 0.0)
                };
                if pixel + of < pixels.end {
                    let at = tensor.ranges.add((pixel + of) * RANGE);
                    at.write(scale);
                    at.add(1).write(least);
                }
                factors[of] = [inverse, 0.5 - least * inverse].map(D::Floats::splat);
            }
            let mut values = input;
            let mut bytes = output;
            for _ in 0..tensor.blocks {
                let [first, second] = [0, 1].map(|of| {
                    let [inverse, offset] = factors[of];
                    halves::<D>(values.add(of * BLOCK)).map(|x| offset.madd(x, inverse))
                });
                D::store_bytes([first[0], first[1], second[0], second[1]], bytes);
                values = values.wrapping_add(tensor.input_plane);
                bytes = bytes.wrapping_add(tensor.output_plane);
            }
        }
    }
}

/// Loads a pixel's 8 values.
///
/// # Safety
/// `src` points to 8 readable values.
#[inline(always)]
unsafe fn halves<D: ByteDot>(src: *const f32) -> [D::Floats; 2] {
    // SAFETY: the caller promises 8 values.
    unsafe { [D::Floats::load(src), D::Floats::load(src.add(LANES))] }
}

/// The least lane of `least` and the greatest of `greatest`.
#[inline(always)]
fn ends<D: ByteDot>(least: D::Floats, greatest: D::Floats) -> [f32; 2] {
    let least = least.min(least.swap_halves());
    let greatest = greatest.max(greatest.swap_halves());
    let first = |x: D::Floats| {
        let mut lanes = [0.0; LANES];
        // SAFETY: there is room for the lanes.
        unsafe { x.store(lanes.as_mut_ptr()) };
        lanes[0]
    };
    [first(least.min(least.swap_neighbours())), first(greatest.max(greatest.swap_neighbours()))]
}
