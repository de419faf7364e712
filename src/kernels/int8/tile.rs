//! The register tile of the pointwise convolution on 8 bits. It works as [`crate::kernels::tile`] does, but each step
//! multiplies 4 input bytes with 4 x 8 weight bytes instead of one value with 8.

use super::{GROUP, HEAD, LINE, ONES, Products, RANGE};
use crate::kernels::epilogue::Epilogue;
use crate::kernels::layout::BLOCK;
use crate::kernels::tile::split_by;
use crate::kernels::unroll::each;
use crate::simd::{ByteDot, F32x4, LANES};
use std::ops::Range;

/// Bytes of the weights for one group of inputs.
const STEP: usize = BLOCK * GROUP;

/// Groups in a block of input channels.
const GROUPS: usize = BLOCK / GROUP;

/// The arguments of a call: where it reads and writes, and how much.
#[derive(Clone, Copy)]
pub struct Tiles {
    /// The first pixel's first input; the next pixel's is 8 further.
    pub input: *const u8,
    /// Bytes from one block of inputs to the next.
    pub input_plane: usize,
    /// Groups of 4 inputs per pixel, at least 1.
    pub groups: usize,
    /// The first pixel's scale and least value.
    pub ranges: *const f32,
    /// The panel: see [`super`].
    pub panel: *const u8,
    /// The panel of the next call, or this one. The kernel prefetches it.
    pub next_panel: *const u8,
    /// The first pixel's first output; the next pixel's is 8 further.
    pub output: *mut f32,
    /// See [`crate::kernels::epilogue::Finish::constants`].
    pub constants: *const f32,
}

/// Computes `count` neighbouring pixels for one panel.
///
/// # Safety
/// All pointers of `tiles` are valid for the pixels, and nothing else accesses the output meanwhile.
pub unsafe fn pixels<V: F32x4, E: Epilogue>(tiles: Tiles, count: usize, products: Products) {
    // SAFETY: the caller promises that all pointers are valid for the pixels, and that nothing else accesses the output.
    unsafe {
        match products {
            Products::Dots => by_size::<V::Dots, E>(tiles, count),
            Products::Pairs => by_size::<V::PairDots, E>(tiles, count),
        }
    }
}

/// # Safety
/// See [`pixels`].
unsafe fn by_size<D: ByteDot, E: Epilogue>(mut tiles: Tiles, count: usize) {
    let mut done = 0;
    for (size, count) in split_by(count, D::TILE, D::TILE - 1) {
        if count == 0 {
            continue;
        }
        let indices = done..done + count;
        // SAFETY: the sizes sum to the caller's pixels, and each call begins where the last one ended.
        unsafe {
            match size {
                6 if D::TILE == 6 => run::<D, E, 6>(tiles, indices),
                5 => run::<D, E, 5>(tiles, indices),
                4 if D::TILE == 5 => run::<D, E, 4>(tiles, indices),
                1 => run::<D, E, 1>(tiles, indices),
                _ => unreachable!("`split_by` has no tiles of {size} pixels"),
            }
            tiles.input = tiles.input.add(count * size * BLOCK);
            tiles.ranges = tiles.ranges.add(count * size * RANGE);
            tiles.output = tiles.output.add(count * size * BLOCK);
        }
        done += count;
    }
}

/// Computes the tiles `indices` of the call, of `PIXELS` pixels each. [`crate::kernels::tile`] explains why this is a
/// separate function, why its loop may end between any two steps, and why it reads the next panel.
///
/// # Safety
/// See [`pixels`], for these tiles' pixels.
#[inline(never)]
unsafe fn run<D: ByteDot, E: Epilogue, const PIXELS: usize>(tiles: Tiles, indices: Range<usize>) {
    let Tiles {
        mut input,
        input_plane,
        groups,
        mut ranges,
        panel,
        next_panel,
        mut output,
        constants,
    } = tiles;
    // SAFETY: `tiles` is valid for these tiles' pixels, and the next panel has as many lines as this one.
    unsafe {
        let head = panel.cast::<f32>();
        let ones = D::load(panel.add(ONES));
        for index in indices {
            // The first tile prefetches the next panel: one cache line of weights per block of inputs.
            let (mut ahead, line) =
                if index == 0 { (next_panel.add(HEAD), LINE) } else { (panel, 0) };
            let mut sums = [[D::zero(); 2]; PIXELS];
            let mut block = input;
            let mut weights = panel.add(HEAD);
            let mut left = groups;
            'depth: loop {
                for step in 0..GROUPS {
                    let weight = [
                        D::load(weights.add(step * STEP)),
                        D::load(weights.add(step * STEP + STEP / 2)),
                    ];
                    for (pixel, sum) in sums.iter_mut().enumerate() {
                        let value = D::load_splat(block.add(pixel * BLOCK + step * GROUP));
                        sum[0] = sum[0].dot(weight[0], value, ones);
                        sum[1] = sum[1].dot(weight[1], value, ones);
                    }
                    left -= 1;
                    if left == 0 {
                        break 'depth;
                    }
                }
                block = block.add(input_plane);
                weights = weights.add(GROUPS * STEP);
                ahead.read_volatile();
                ahead = ahead.add(line);
            }
            each!(pixel in 0 1 2 3 4 5 => {
                if pixel < PIXELS {
                    let (range, output) = (ranges.add(pixel * RANGE), output.add(pixel * BLOCK));
                    finish::<D, E>(sums[pixel], range, head, constants, output);
                }
            });
            input = input.add(PIXELS * BLOCK);
            ranges = ranges.add(PIXELS * RANGE);
            output = output.add(PIXELS * BLOCK);
        }
    }
}

/// Scales the `sums` of a pixel, applies the epilogue and stores the 8 values at `output`. It finishes both halves before it
/// stores the upper one first, because an engine that pairs vectors pairs them in this order alone, as in
/// [`crate::kernels::wide`]. There V1 takes 7.4 ms in place of 11.6, elsewhere 12.3 in either order (Zen 4, Chromium 156).
///
/// # Safety
/// `range` points to the pixel's [`RANGE`] values, `head` to the head of the panel, `constants` to those of `E`, and
/// `output` to 8 values.
#[inline(always)]
unsafe fn finish<D: ByteDot, E: Epilogue>(
    sums: [D; 2],
    range: *const f32,
    head: *const f32,
    constants: *const f32,
    output: *mut f32,
) {
    // SAFETY: the caller promises that all pointers are valid.
    unsafe {
        let scale = D::Floats::load_splat(range);
        let least = D::Floats::load_splat(range.add(1));
        let finished = |half: usize| {
            let of_channels = |row: usize| D::Floats::load(head.add(row * BLOCK + half * LANES));
            let bias = of_channels(2).madd(least, of_channels(1));
            let x = bias.madd(sums[half].to_floats(), scale.mul(of_channels(0)));
            E::finish(x, constants, output.add(half * LANES))
        };
        let (lower, upper) = (finished(0), finished(1));
        upper.store(output.add(LANES));
        lower.store(output);
    }
}
