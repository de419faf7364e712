//! Four lanes in WebAssembly SIMD128, and the same with relaxed SIMD's fused multiply-add.

use super::{F32x4, Sealed};
use std::arch::wasm32::{
    f32x4_add, f32x4_mul, f32x4_pmax, f32x4_pmin, f32x4_splat, v128, v128_load, v128_load32_splat,
    v128_store,
};
#[cfg(target_feature = "relaxed-simd")]
use std::arch::wasm32::{f32x4_relaxed_madd, f32x4_relaxed_max, f32x4_relaxed_min};

/// Implements [`F32x4`] for a type that holds a `v128`, given the operations that the types differ in.
macro_rules! lanes {
    (
        $type:ident, $name:literal, fused: $fused:literal,
        madd: |$sum:ident, $a:ident, $b:ident| $madd:expr, min: $min:path, max: $max:path
    ) => {
        impl Sealed for $type {}

        impl F32x4 for $type {
            const NAME: &'static str = $name;
            const FUSED: bool = $fused;

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
        }
    };
}

/// Four lanes in WebAssembly SIMD128.
#[derive(Clone, Copy, Debug)]
pub struct Simd128(v128);

// The pseudo-minimum is one instruction on x86-64, where `f32x4_min` is about seven.
lanes!(
    Simd128, "simd128", fused: false,
    madd: |sum, a, b| f32x4_add(sum, f32x4_mul(a, b)), min: f32x4_pmin, max: f32x4_pmax
);

/// Four lanes in WebAssembly relaxed SIMD.
#[cfg(target_feature = "relaxed-simd")]
#[derive(Clone, Copy, Debug)]
pub struct Relaxed(v128);

// LLVM never makes a fused multiply-add of a multiplication and an addition by itself.
#[cfg(target_feature = "relaxed-simd")]
lanes!(
    Relaxed, "relaxed", fused: true,
    madd: |sum, a, b| f32x4_relaxed_madd(a, b, sum), min: f32x4_relaxed_min, max: f32x4_relaxed_max
);
