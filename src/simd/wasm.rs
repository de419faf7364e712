//! Four lanes in WebAssembly SIMD128, and the same with relaxed SIMD's fused multiply-add.

use super::F32x4;
use std::arch::wasm32::{
    f32x4_add, f32x4_mul, f32x4_pmax, f32x4_pmin, f32x4_splat, v128, v128_load, v128_load32_splat,
    v128_store,
};
#[cfg(target_feature = "relaxed-simd")]
use std::arch::wasm32::{f32x4_relaxed_madd, f32x4_relaxed_max, f32x4_relaxed_min};

/// Four lanes in WebAssembly SIMD128.
#[derive(Clone, Copy, Debug)]
pub struct Simd128(v128);

impl F32x4 for Simd128 {
    const NAME: &'static str = "simd128";
    const TILE_PIXELS: usize = 5;

    #[inline(always)]
    fn splat(x: f32) -> Self {
        Self(f32x4_splat(x))
    }

    #[inline(always)]
    unsafe fn load(src: *const f32) -> Self {
        // SAFETY: the caller's promise.
        Self(unsafe { v128_load(src.cast()) })
    }

    #[inline(always)]
    unsafe fn load_splat(src: *const f32) -> Self {
        // SAFETY: the caller's promise.
        Self(unsafe { v128_load32_splat(src.cast()) })
    }

    #[inline(always)]
    unsafe fn store(self, dst: *mut f32) {
        // SAFETY: the caller's promise.
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
        self.add(a.mul(b))
    }

    // The pseudo-minimum is one instruction on x86-64, where `f32x4_min` is about seven.
    #[inline(always)]
    fn min(self, other: Self) -> Self {
        Self(f32x4_pmin(self.0, other.0))
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        Self(f32x4_pmax(self.0, other.0))
    }
}

/// Four lanes in WebAssembly relaxed SIMD.
#[cfg(target_feature = "relaxed-simd")]
#[derive(Clone, Copy, Debug)]
pub struct Relaxed(v128);

#[cfg(target_feature = "relaxed-simd")]
impl F32x4 for Relaxed {
    const NAME: &'static str = "relaxed";
    const TILE_PIXELS: usize = 6;

    #[inline(always)]
    fn splat(x: f32) -> Self {
        Self(f32x4_splat(x))
    }

    #[inline(always)]
    unsafe fn load(src: *const f32) -> Self {
        // SAFETY: the caller's promise.
        Self(unsafe { v128_load(src.cast()) })
    }

    #[inline(always)]
    unsafe fn load_splat(src: *const f32) -> Self {
        // SAFETY: the caller's promise.
        Self(unsafe { v128_load32_splat(src.cast()) })
    }

    #[inline(always)]
    unsafe fn store(self, dst: *mut f32) {
        // SAFETY: the caller's promise.
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

    // LLVM never makes this of a multiplication and an addition by itself.
    #[inline(always)]
    fn madd(self, a: Self, b: Self) -> Self {
        Self(f32x4_relaxed_madd(a.0, b.0, self.0))
    }

    #[inline(always)]
    fn min(self, other: Self) -> Self {
        Self(f32x4_relaxed_min(self.0, other.0))
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        Self(f32x4_relaxed_max(self.0, other.0))
    }
}
