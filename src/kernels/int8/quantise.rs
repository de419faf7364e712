//! From floats to bytes, each pixel by itself.

use super::{INPUTS, RANGE};
use crate::kernels::layout::BLOCK;
use crate::simd::{ByteDot, F32x4, LANES};
use std::ops::Range;

/// Ranges below this count as none: the inverse of a smaller one may be infinite.
const LEAST_RANGE: f32 = 1e-30;

/// Pixels that are worked on together: a vector of their bytes.
const PIXELS: usize = 2;

/// A tensor to quantise.
#[derive(Clone, Copy, Debug)]
pub struct Quantise {
    /// Values in blocks.
    pub input: *const f32,
    /// Values from one block of the input to the next; for an even number of pixels.
    pub input_plane: usize,
    /// How many blocks there are.
    pub blocks: usize,
    /// Bytes in blocks.
    pub output: *mut u8,
    /// Bytes from one block of the output to the next; for an even number of pixels.
    pub output_plane: usize,
    /// [`RANGE`] values for each pixel: its scale and the least of its values, or 0 where all are above.
    pub ranges: *mut f32,
}

/// Quantises the pixels `pixels`, which begin at an even one.
///
/// # Safety
/// The pointers are valid for those pixels, input and output for one more if they are odd in number, and nothing else
/// touches that output meanwhile.
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
                values = values.add(tensor.input_plane);
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
                values = values.add(tensor.input_plane);
                bytes = bytes.add(tensor.output_plane);
            }
        }
    }
}

/// A pixel's 8 values.
///
/// # Safety
/// `src` points to 8 readable values.
#[inline(always)]
unsafe fn halves<D: ByteDot>(src: *const f32) -> [D::Floats; 2] {
    // SAFETY: the caller promises 8 values.
    unsafe { [D::Floats::load(src), D::Floats::load(src.add(LANES))] }
}

/// The least lane of the one and the greatest of the other.
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
