//! Quantises floats to bytes, with a range for each pixel.

use super::{INPUTS, RANGE};
use crate::kernels::layout::BLOCK;
use crate::simd::{ByteDot, F32x4, LANES};
use std::ops::Range;

/// The least range of a pixel. The inverse of a smaller one may be infinite.
const LEAST_RANGE: f32 = 1e-30;

/// The arguments of [`quantise`].
#[derive(Clone, Copy, Debug)]
pub struct Quantise {
    /// Input in blocks.
    pub input: *const f32,
    /// Values from one block of the input to the next, with room for an even number of pixels.
    pub input_plane: usize,
    /// Number of channel blocks.
    pub blocks: usize,
    /// Whether there may be negative values in the input. If not, there is no search for the least ones.
    pub signed: bool,
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
    let mut pixel = pixels.start;
    // SAFETY: the pointers are valid for these pixels, and for one more if their number is odd.
    unsafe {
        while pixel + 4 <= pixels.end {
            if tensor.signed {
                group::<D, true, 4>(tensor, pixel, pixels.end);
            } else {
                group::<D, false, 4>(tensor, pixel, pixels.end);
            }
            pixel += 4;
        }
        while pixel < pixels.end {
            group::<D, true, 2>(tensor, pixel, pixels.end);
            pixel += 2;
        }
    }
}

/// Quantises `PIXELS` pixels, of which those from `end` on have no range.
///
/// # Safety
/// The pointers are valid for the pixels, and nothing else accesses that output meanwhile.
#[inline(always)]
unsafe fn group<D: ByteDot, const SIGNED: bool, const PIXELS: usize>(
    tensor: &Quantise,
    pixel: usize,
    end: usize,
) {
    // SAFETY: the caller promises valid pointers.
    unsafe {
        let input = tensor.input.add(pixel * BLOCK);
        let output = tensor.output.add(pixel * BLOCK);
        let zero = D::Floats::splat(0.0);
        let (mut least, mut greatest) = ([zero; PIXELS], [[zero; 2]; PIXELS]);
        let mut values = input;
        for _ in 0..tensor.blocks {
            for of in 0..PIXELS {
                let [a, b] = halves::<D>(values.add(of * BLOCK));
                if SIGNED {
                    least[of] = least[of].min(a).min(b);
                    greatest[of][0] = greatest[of][0].max(a).max(b);
                } else {
                    greatest[of] = [greatest[of][0].max(a), greatest[of][1].max(b)];
                }
            }
            // After the last block it points past the tensor.
            values = values.wrapping_add(tensor.input_plane);
        }
        let mut factors = [[zero; 2]; PIXELS];
        for of in 0..PIXELS {
            let (least, greatest) = ends(least[of], greatest[of][0].max(greatest[of][1]));
            let minus_least = least.mul(D::Floats::splat(-1.0));
            let range = greatest.add(minus_least).max(D::Floats::splat(LEAST_RANGE));
            if pixel + of < end {
                let at = tensor.ranges.add((pixel + of) * RANGE);
                at.write(first(range.mul(D::Floats::splat(1.0 / INPUTS))));
                at.add(1).write(first(least));
            }
            let inverse = D::Floats::splat(INPUTS).div(range);
            factors[of] = [inverse, D::Floats::splat(0.5).madd(minus_least, inverse)];
        }
        let mut values = input;
        let mut bytes = output;
        for _ in 0..tensor.blocks {
            for of in (0..PIXELS).step_by(2) {
                let [first, second] = [of, of + 1].map(|of| {
                    let [inverse, offset] = factors[of];
                    halves::<D>(values.add(of * BLOCK)).map(|x| offset.madd(x, inverse))
                });
                D::store_bytes([first[0], first[1], second[0], second[1]], bytes.add(of * BLOCK));
            }
            values = values.wrapping_add(tensor.input_plane);
            bytes = bytes.wrapping_add(tensor.output_plane);
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

/// The least lane of `least` in all lanes, and the greatest of `greatest`.
#[inline(always)]
fn ends<V: F32x4>(least: V, greatest: V) -> (V, V) {
    let least = least.min(least.swap_halves());
    let greatest = greatest.max(greatest.swap_halves());
    (least.min(least.swap_neighbours()), greatest.max(greatest.swap_neighbours()))
}

/// The first lane.
#[inline(always)]
fn first<V: F32x4>(x: V) -> f32 {
    let mut lanes = [0.0; LANES];
    // SAFETY: there is room for the lanes.
    unsafe { x.store(lanes.as_mut_ptr()) };
    lanes[0]
}
