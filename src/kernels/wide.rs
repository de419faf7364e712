//! The register tile for engines that pair vectors: up to 6 pixels x 16 output channels, in two neighbouring panels. The
//! depthwise convolution has one of its own.
//!
//! V8 can combine two instructions of 128 bits into one of 256 (`--wasm-revectorize`, off by default). It begins at two
//! neighbouring stores and pairs the instructions on which they depend. In such an engine this tile has the 12 sums, 2
//! weights and 1 input of [`super::tile`], each twice as wide. Other engines would have to spill half of them. Both
//! tiles sum in the same order, so they give the same bits.

use super::epilogue::Epilogue;
use super::layout::BLOCK;
use super::tile::{self, Tiles};
use crate::simd::{F32x4, LANES};
use std::hint::black_box;
use std::ops::Range;

/// The number of outputs of a register tile of floats. Both shapes give the same bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TileShape {
    /// Up to 6 pixels x 8 channels.
    #[default]
    Narrow,
    /// Up to 6 pixels x 16 channels, for engines that pair vectors.
    Wide,
}

impl TileShape {
    /// The number of panels, of 8 output channels each, in a tile.
    #[must_use]
    pub const fn panels(self) -> usize {
        match self {
            Self::Narrow => 1,
            Self::Wide => 2,
        }
    }
}

/// The number of a pixel's vectors: two for each panel.
const VECTORS: usize = 4;

/// The number of steps in the innermost loop, which divides a run of `RUN` inputs. With all 8 of a block written out
/// the tile was 1 to 2 % faster, with four times as much code (Zen 4, Chromium 156).
const fn steps(run: usize) -> usize {
    if run.is_multiple_of(2) { 2 } else { 3 }
}

/// The tile's inputs besides [`Tiles`]: the second panel and its output, which have the same distances.
#[derive(Clone, Copy)]
struct Second {
    panel: *const f32,
    output: *mut f32,
}

/// Computes `count` neighbouring pixels for `panels` in tiles of this shape. `tiles` gives the arguments for a panel.
///
/// # Safety
/// The pointers of those arguments are valid for the pixels, nothing else accesses the outputs meanwhile, and the
/// arguments of two panels differ only in the panels and their outputs.
pub unsafe fn panels<V: F32x4, E: Epilogue, const STEP: usize, const RUN: usize>(
    shape: TileShape,
    mut panels: Range<usize>,
    count: usize,
    tiles: impl Fn(usize) -> Tiles,
) {
    let split = tile::split::<V>(count);
    while let Some(panel) = panels.next() {
        let first = tiles(panel);
        let second = if shape == TileShape::Wide { panels.next() } else { None };
        // SAFETY: the caller's pointers are valid for the pixels of each panel.
        unsafe {
            if let Some(panel) = second {
                let Tiles { panel, output, .. } = tiles(panel);
                pixels::<V, E, STEP, RUN>(first, Second { panel, output }, count);
            } else {
                tile::pixels::<V, E, STEP, RUN>(first, split);
            }
        }
    }
}

/// The numbers of tiles of 6 pixels and of 5 that leave the fewest of `pixels` over.
fn split(pixels: usize) -> [usize; 2] {
    let mut best = (usize::MAX, [0; 2]);
    for fives in 0..=5 {
        let Some(rest) = pixels.checked_sub(5 * fives) else { break };
        best = best.min((rest % 6, [rest / 6, fives]));
    }
    best.1
}

/// Computes `count` neighbouring pixels for two panels.
///
/// # Safety
/// All pointers of `tiles` and `second` are valid for the pixels, and nothing else accesses the outputs meanwhile.
unsafe fn pixels<V: F32x4, E: Epilogue, const STEP: usize, const RUN: usize>(
    tiles: Tiles,
    second: Second,
    count: usize,
) {
    let [sixes, fives] = split(count);
    let at = |pixel: usize| {
        // SAFETY: the caller's pixels include this one.
        unsafe {
            let tiles = Tiles {
                input: tiles.input.add(pixel * STEP),
                output: tiles.output.add(pixel * BLOCK),
                ..tiles
            };
            (tiles, Second { output: second.output.add(pixel * BLOCK), ..second })
        }
    };
    let (after_sixes, done) = (6 * sixes, 6 * sixes + 5 * fives);
    // SAFETY: the calls together cover the caller's pixels.
    unsafe {
        if sixes > 0 {
            run::<V, E, 6, STEP, RUN>(tiles, second, sixes, black_box(usize::MAX));
        }
        if fives > 0 {
            let (tiles, second) = at(after_sixes);
            run::<V, E, 5, STEP, RUN>(tiles, second, fives, black_box(usize::MAX));
        }
        if done < count {
            let (tiles, Second { panel, output }) = at(done);
            let split = tile::split::<V>(count - done);
            tile::pixels::<V, E, STEP, RUN>(tiles, split);
            tile::pixels::<V, E, STEP, RUN>(Tiles { panel, output, ..tiles }, split);
        }
    }
}

/// Finishes and stores the sums of a pixel, two for each panel. It finishes all sums before it stores the first,
/// because V8 pairs nothing with a store in between. It stores the upper half of a panel first, because V8 gains
/// nothing with the other order.
///
/// # Safety
/// See [`Epilogue::finish`]; `first` and `second` point to 8 writable values each.
#[inline(always)]
unsafe fn finish<V: F32x4, E: Epilogue>(
    [a, b, c, d]: [V; VECTORS],
    constants: *const f32,
    first: *mut f32,
    second: *mut f32,
) {
    // SAFETY: the caller's constants are valid, and each vector has its own four values.
    unsafe {
        let a = E::finish(a, constants, first);
        let b = E::finish(b, constants, first.add(LANES));
        let c = E::finish(c, constants, second);
        let d = E::finish(d, constants, second.add(LANES));
        b.store(first.add(LANES));
        a.store(first);
        d.store(second.add(LANES));
        c.store(second);
    }
}

/// The same pointer. `mask` has all bits set, which the compiler must not know. Otherwise LLVM computes the addresses of
/// a pixel's two halves separately, as if they could lie on both ends of the memory, and V8 loads each half by itself (47
/// to 51 instead of 113 to 120 GFLOP/s on Zen 4, with 8 steps in the loop of [`run`]).
#[inline(always)]
pub(super) fn hidden(pointer: *const f32, mask: usize) -> *const f32 {
    std::ptr::with_exposed_provenance(pointer.expose_provenance() & mask)
}

/// Computes `count` tiles of `PIXELS` pixels each. Each round computes the address of the weights with `mask`: see
/// [`hidden`].
///
/// # Safety
/// See [`pixels`], for these tiles' pixels.
#[inline(never)]
unsafe fn run<V: F32x4, E: Epilogue, const PIXELS: usize, const STEP: usize, const RUN: usize>(
    tiles: Tiles,
    second: Second,
    count: usize,
    mask: usize,
) {
    let Tiles { mut input, run_stride, depth, panel, mut output, constants, .. } = tiles;
    let distance = (second.output as usize).wrapping_sub(output as usize) as isize;
    // SAFETY: `tiles` and `second` are valid for these tiles' pixels.
    unsafe {
        for _ in 0..count {
            let load = |at: *const f32| [V::load(at), V::load(at.add(LANES))];
            let [[a, b], [c, d]] = [load(panel), load(second.panel)];
            let mut sums = [[a, b, c, d]; PIXELS];
            let (mut weights, mut others) = (panel.add(BLOCK), second.panel.add(BLOCK));
            let (mut runs, mut left) = (input, depth);
            // The loop may end between any two steps. `tile` explains why.
            'depth: loop {
                let mut values = runs;
                for _ in 0..RUN / steps(RUN) {
                    // The steps are written out, so that the offsets are constants.
                    macro_rules! steps {
                        ($($step:literal)*) => {
                            $(
                                let [a, b] = load(weights.add($step * BLOCK));
                                let [c, d] = load(others.add($step * BLOCK));
                                for (pixel, sum) in sums.iter_mut().enumerate() {
                                    let value = V::load_splat(values.add(pixel * STEP + $step));
                                    sum[0] = sum[0].madd(value, a);
                                    sum[1] = sum[1].madd(value, b);
                                    sum[2] = sum[2].madd(value, c);
                                    sum[3] = sum[3].madd(value, d);
                                }
                                left -= 1;
                                if left == 0 {
                                    break 'depth;
                                }
                            )*
                        };
                    }
                    steps!(0 1);
                    if steps(RUN) == 3 {
                        steps!(2);
                    }
                    values = values.add(steps(RUN));
                    weights = hidden(weights.add(steps(RUN) * BLOCK), mask);
                    others = hidden(others.add(steps(RUN) * BLOCK), mask);
                }
                runs = runs.add(run_stride);
            }
            // These are written out too, because otherwise the sums would be in memory.
            macro_rules! finish {
                ($($pixel:literal)*) => {
                    $(if $pixel < PIXELS {
                        let at = output.add($pixel * BLOCK);
                        finish::<V, E>(sums[$pixel], constants, at, at.wrapping_byte_offset(distance));
                    })*
                };
            }
            const { assert!(PIXELS <= 6) };
            finish!(0 1 2 3 4 5);
            input = input.add(PIXELS * STEP);
            output = output.add(PIXELS * BLOCK);
        }
    }
}
