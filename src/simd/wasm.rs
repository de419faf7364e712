//! Four lanes in WebAssembly SIMD128, and with the fused multiply-add and dot product of relaxed SIMD.

use super::{ByteDot, F32x4, I32x4, Sealed};
use std::arch::wasm32::{
    f32x4_add, f32x4_convert_i32x4, f32x4_div, f32x4_mul, f32x4_pmax, f32x4_pmin, f32x4_splat,
    i8x16_shuffle, i16x8_extmul_high_i8x16, i16x8_extmul_low_i8x16, i16x8_narrow_i32x4,
    i16x8_shuffle, i32x4_add, i32x4_dot_i16x8, i32x4_extadd_pairwise_i16x8,
    i32x4_load_extend_i16x4, i32x4_shl, i32x4_shr, i32x4_shuffle, i32x4_splat,
    i32x4_trunc_sat_f32x4, u8x16_narrow_i16x8, u8x16_splat, u16x8_load_extend_u8x8, v128,
    v128_load, v128_load32_splat, v128_load64_zero, v128_or, v128_store,
};
#[cfg(target_feature = "relaxed-simd")]
use std::arch::wasm32::{
    f32x4_relaxed_madd, f32x4_relaxed_max, f32x4_relaxed_min, i16x8_relaxed_dot_i8x16_i7x16,
    i32x4_relaxed_dot_i8x16_i7x16_add, i32x4_relaxed_trunc_f32x4,
};

/// Implements [`F32x4`] for a type that holds a `v128`. The arguments are the operations in which the types differ.
macro_rules! lanes {
    (
        $type:ident, $name:literal, fused: $fused:literal, dots: $dots:ident, pairs: $pairs:ident,
        madd: |$sum:ident, $a:ident, $b:ident| $madd:expr, min: $min:path, max: $max:path
    ) => {
        impl Sealed for $type {}

        impl F32x4 for $type {
            const NAME: &'static str = $name;
            const FUSED: bool = $fused;

            type Dots = $dots;
            type PairDots = $pairs;

            #[inline(always)]
            fn splat(x: f32) -> Self {
                Self(f32x4_splat(x))
            }

            #[inline(always)]
            unsafe fn load(src: *const f32) -> Self {
                // SAFETY: `src` points to four readable values.
                Self(unsafe { v128_load(src.cast()) })
            }

            #[inline(always)]
            unsafe fn load_splat(src: *const f32) -> Self {
                // SAFETY: `src` points to a readable value.
                Self(unsafe { v128_load32_splat(src.cast()) })
            }

            #[inline(always)]
            unsafe fn load_words(src: *const i16) -> Self {
                // SAFETY: `src` points to four readable integers.
                Self(f32x4_convert_i32x4(unsafe { i32x4_load_extend_i16x4(src) }))
            }

            #[inline(always)]
            unsafe fn store(self, dst: *mut f32) {
                // SAFETY: `dst` points to four writable values.
                unsafe { v128_store(dst.cast(), self.0) }
            }

            #[inline(always)]
            fn add(self, other: Self) -> Self {
                Self(f32x4_add(self.0, other.0))
            }

            #[inline(always)]
            fn mul(self, other: Self) -> Self {
                Self(f32x4_mul(self.0, other.0))
            }

            #[inline(always)]
            fn div(self, other: Self) -> Self {
                Self(f32x4_div(self.0, other.0))
            }

            #[inline(always)]
            fn madd(self, a: Self, b: Self) -> Self {
                let ($sum, $a, $b) = (self.0, a.0, b.0);
                Self($madd)
            }

            #[inline(always)]
            fn min(self, other: Self) -> Self {
                Self($min(self.0, other.0))
            }

            #[inline(always)]
            fn max(self, other: Self) -> Self {
                Self($max(self.0, other.0))
            }

            #[inline(always)]
            fn swap_halves(self) -> Self {
                Self(i32x4_shuffle::<2, 3, 0, 1>(self.0, self.0))
            }

            #[inline(always)]
            fn swap_neighbours(self) -> Self {
                Self(i32x4_shuffle::<1, 0, 3, 2>(self.0, self.0))
            }

            #[inline(always)]
            fn swap_first_and_third(self) -> Self {
                Self(i32x4_shuffle::<2, 1, 0, 3>(self.0, self.0))
            }

            #[inline(always)]
            fn spread(self) -> [Self; 3] {
                [
                    Self(i32x4_shuffle::<0, 0, 0, 0>(self.0, self.0)),
                    Self(i32x4_shuffle::<1, 1, 1, 1>(self.0, self.0)),
                    Self(i32x4_shuffle::<2, 2, 2, 2>(self.0, self.0)),
                ]
            }
        }
    };
}

/// Four lanes in WebAssembly SIMD128.
#[derive(Clone, Copy, Debug)]
pub struct Simd128(v128);

// The pseudo-minimum `f32x4_pmin` is one instruction on x86-64, `f32x4_min` is about seven.
lanes!(
    Simd128, "simd128", fused: false, dots: Dots128, pairs: Dots128,
    madd: |sum, a, b| f32x4_add(sum, f32x4_mul(a, b)), min: f32x4_pmin, max: f32x4_pmax
);

/// Four lanes in WebAssembly relaxed SIMD.
#[cfg(target_feature = "relaxed-simd")]
#[derive(Clone, Copy, Debug)]
pub struct Relaxed(v128);

// The multiply-add is explicit, because LLVM never fuses a multiplication and an addition by itself.
#[cfg(target_feature = "relaxed-simd")]
lanes!(
    Relaxed, "relaxed", fused: true, dots: RelaxedDots, pairs: RelaxedPairs,
    madd: |sum, a, b| f32x4_relaxed_madd(a, b, sum), min: f32x4_relaxed_min, max: f32x4_relaxed_max
);

/// Four integers in WebAssembly SIMD128.
///
/// All shuffles are interleavings, for which x86-64 has instructions. For any other shuffle V8 rebuilds the mask at
/// each use, with three more instructions.
#[derive(Clone, Copy, Debug)]
pub struct Ints128(v128);

impl Sealed for Ints128 {}

impl I32x4 for Ints128 {
    type Floats = Simd128;

    #[inline(always)]
    fn splat(x: i32) -> Self {
        Self(i32x4_splat(x))
    }

    #[inline(always)]
    unsafe fn load_splat(src: *const [i16; 2]) -> Self {
        // SAFETY: the caller promises a readable pair.
        Self(unsafe { v128_load32_splat(src.cast()) })
    }

    #[inline(always)]
    unsafe fn load_pixels(src: *const u8) -> [Self; 2] {
        // SAFETY: the caller promises 16 readable bytes.
        let (first, last) =
            unsafe { (u16x8_load_extend_u8x8(src), u16x8_load_extend_u8x8(src.add(8))) };
        [
            Self(i16x8_shuffle::<0, 8, 1, 9, 2, 10, 3, 11>(first, last)),
            Self(i16x8_shuffle::<4, 12, 5, 13, 6, 14, 7, 15>(first, last)),
        ]
    }

    #[inline(always)]
    unsafe fn load_two_pixels(src: *const u8) -> Self {
        // SAFETY: the caller promises 8 readable bytes, and the 4 before them.
        let (before, pixels) =
            unsafe { (u16x8_load_extend_u8x8(src.sub(4)), u16x8_load_extend_u8x8(src)) };
        Self(i16x8_shuffle::<4, 12, 5, 13, 6, 14, 7, 15>(before, pixels))
    }

    #[inline(always)]
    unsafe fn load_bytes(src: *const u8) -> Self {
        // SAFETY: the caller promises 8 readable bytes.
        Self(unsafe { u16x8_load_extend_u8x8(src) })
    }

    #[inline(always)]
    unsafe fn store_pairs(first: [Self; 2], second: [Self; 2], dst: *mut u8) {
        let [first, second] = [first, second].map(|[a, b]| {
            let words = i16x8_narrow_i32x4(a.0, b.0);
            u8x16_narrow_i16x8(words, words)
        });
        let turns =
            i8x16_shuffle::<0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23>(first, second);
        // SAFETY: the caller promises 16 writable bytes.
        unsafe { v128_store(dst.cast(), turns) }
    }

    #[inline(always)]
    unsafe fn zip_bytes(first: *const u8, second: *const u8, dst: *mut u8) {
        // SAFETY: the caller promises 8 readable bytes each and 16 writable ones.
        unsafe {
            let (first, second) = (v128_load64_zero(first.cast()), v128_load64_zero(second.cast()));
            let bytes = i8x16_shuffle::<0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23>(
                first, second,
            );
            v128_store(dst.cast(), bytes);
        }
    }

    #[inline(always)]
    unsafe fn interleave_planes(luma: *const u8, chroma: *const u8, dst: *mut u8) {
        // SAFETY: the caller promises 16 readable bytes each.
        let (luma, chroma) = unsafe { (v128_load(luma.cast()), v128_load(chroma.cast())) };
        let opaque = u8x16_splat(255);
        let low16 = |a, b| i16x8_shuffle::<0, 8, 1, 9, 2, 10, 3, 11>(a, b);
        let high16 = |a, b| i16x8_shuffle::<4, 12, 5, 13, 6, 14, 7, 15>(a, b);
        let first =
            i8x16_shuffle::<0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23>(luma, opaque);
        let last = i8x16_shuffle::<8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31>(
            luma, opaque,
        );
        let halves = [(low16(chroma, chroma), first), (high16(chroma, chroma), last)];
        for (half, (chroma, luma)) in halves.into_iter().enumerate() {
            // SAFETY: the caller promises 64 writable bytes.
            unsafe {
                let dst = dst.add(half * 32);
                v128_store(dst.cast(), low16(chroma, luma));
                v128_store(dst.add(16).cast(), high16(chroma, luma));
            }
        }
    }

    #[inline(always)]
    fn dot(self, other: Self) -> Self {
        Self(i32x4_dot_i16x8(self.0, other.0))
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(i32x4_add(self.0, other.0))
    }

    #[inline(always)]
    fn shift_left<const BITS: u32>(self) -> Self {
        Self(i32x4_shl(self.0, BITS))
    }

    #[inline(always)]
    fn shift_right<const BITS: u32>(self) -> Self {
        Self(i32x4_shr(self.0, BITS))
    }

    #[inline(always)]
    fn to_floats(self) -> Simd128 {
        Simd128(f32x4_convert_i32x4(self.0))
    }
}

/// Implements [`ByteDot`] for a type that holds a `v128`. The arguments are the operations in which the types differ.
macro_rules! dots {
    (
        $type:ident of $floats:ident, tile: $tile:literal, truncate: $truncate:path,
        dot: |$sum:ident, $weights:ident, $inputs:ident, $ones:ident| $dot:expr
    ) => {
        impl Sealed for $type {}

        impl ByteDot for $type {
            type Floats = $floats;

            const TILE: usize = $tile;

            #[inline(always)]
            fn zero() -> Self {
                Self(i32x4_splat(0))
            }

            #[inline(always)]
            unsafe fn load(src: *const u8) -> Self {
                // SAFETY: the caller promises 16 readable bytes.
                Self(unsafe { v128_load(src.cast()) })
            }

            #[inline(always)]
            unsafe fn load_splat(src: *const u8) -> Self {
                // SAFETY: the caller promises 4 readable bytes.
                Self(unsafe { v128_load32_splat(src.cast()) })
            }

            #[inline(always)]
            fn dot(self, weights: Self, inputs: Self, ones: Self) -> Self {
                let ($sum, $weights, $inputs, $ones) = (self.0, weights.0, inputs.0, ones.0);
                Self($dot)
            }

            #[inline(always)]
            fn to_floats(self) -> $floats {
                $floats(f32x4_convert_i32x4(self.0))
            }

            #[inline(always)]
            unsafe fn store_bytes(values: [$floats; 4], dst: *mut u8) {
                let [a, b, c, d] = values.map(|four| $truncate(four.0));
                // Two narrowings in a row become a dozen instructions.
                let words = |even, odd| v128_or(even, i32x4_shl(odd, 16));
                let bytes = u8x16_narrow_i16x8(words(a, b), words(c, d));
                // SAFETY: the caller promises 16 writable bytes.
                unsafe { v128_store(dst.cast(), bytes) }
            }
        }
    };
}

/// Dot products of bytes in WebAssembly SIMD128.
#[derive(Clone, Copy, Debug)]
pub struct Dots128(v128);

dots!(
    Dots128 of Simd128, tile: 5, truncate: i32x4_trunc_sat_f32x4,
    dot: |sum, weights, inputs, _ones| {
        // Each vector has two sums for each of two lanes.
        let low = i32x4_extadd_pairwise_i16x8(i16x8_extmul_low_i8x16(weights, inputs));
        let high = i32x4_extadd_pairwise_i16x8(i16x8_extmul_high_i8x16(weights, inputs));
        let even = i32x4_shuffle::<0, 2, 4, 6>(low, high);
        let odd = i32x4_shuffle::<1, 3, 5, 7>(low, high);
        i32x4_add(sum, i32x4_add(even, odd))
    }
);

/// Dot products of bytes by the instruction of relaxed SIMD, for processors that have one too. Engines may treat its
/// second operand as signed or unsigned, so that operand holds the inputs, whose 7 bits are the same in both.
#[cfg(target_feature = "relaxed-simd")]
#[derive(Clone, Copy, Debug)]
pub struct RelaxedDots(v128);

#[cfg(target_feature = "relaxed-simd")]
dots!(
    RelaxedDots of Relaxed, tile: 6, truncate: i32x4_relaxed_trunc_f32x4,
    dot: |sum, weights, inputs, _ones| i32x4_relaxed_dot_i8x16_i7x16_add(weights, inputs, sum)
);

/// The same sums, added up from 16-bit sums of pairs, which never saturate, since 2 * 127 * 127 is less than 2^15. On
/// x86-64 without a dot product, V8 emulates [`RelaxedDots`] in the same way but rebuilds the ones at each use; here
/// they are an operand.
#[cfg(target_feature = "relaxed-simd")]
#[derive(Clone, Copy, Debug)]
pub struct RelaxedPairs(v128);

#[cfg(target_feature = "relaxed-simd")]
dots!(
    RelaxedPairs of Relaxed, tile: 5, truncate: i32x4_relaxed_trunc_f32x4,
    dot: |sum, weights, inputs, ones| {
        i32x4_add(sum, i32x4_dot_i16x8(i16x8_relaxed_dot_i8x16_i7x16(weights, inputs), ones))
    }
);
