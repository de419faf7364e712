//! Four lanes in SSE2, which every x86-64 processor has.

use super::{F32x4, Sealed};
use std::arch::x86_64::{
    __m128, _mm_add_ps, _mm_loadu_ps, _mm_max_ps, _mm_min_ps, _mm_mul_ps, _mm_set1_ps,
    _mm_storeu_ps,
};

/// Four lanes in SSE2.
#[derive(Clone, Copy, Debug)]
pub struct Sse2(__m128);

impl Sealed for Sse2 {}

impl F32x4 for Sse2 {
    const NAME: &'static str = "sse2";
    const FUSED: bool = false;

    #[inline(always)]
    fn splat(x: f32) -> Self {
        // SAFETY: every x86-64 processor has SSE.
        Self(unsafe { _mm_set1_ps(x) })
    }

    #[inline(always)]
    unsafe fn load(src: *const f32) -> Self {
        // SAFETY: `src` points to four readable values.
        Self(unsafe { _mm_loadu_ps(src) })
    }

    #[inline(always)]
    unsafe fn load_splat(src: *const f32) -> Self {
        // SAFETY: `src` points to a readable value.
        Self::splat(unsafe { src.read() })
    }

    #[inline(always)]
    unsafe fn store(self, dst: *mut f32) {
        // SAFETY: `dst` points to four writable values.
        unsafe { _mm_storeu_ps(dst, self.0) }
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        // SAFETY: every x86-64 processor has SSE.
        Self(unsafe { _mm_add_ps(self.0, other.0) })
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        // SAFETY: every x86-64 processor has SSE.
        Self(unsafe { _mm_mul_ps(self.0, other.0) })
    }

    #[inline(always)]
    fn madd(self, a: Self, b: Self) -> Self {
        self.add(a.mul(b))
    }

    // `minps` and `maxps` give their second operand when the comparison fails.
    #[inline(always)]
    fn min(self, other: Self) -> Self {
        // SAFETY: every x86-64 processor has SSE.
        Self(unsafe { _mm_min_ps(other.0, self.0) })
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        // SAFETY: every x86-64 processor has SSE.
        Self(unsafe { _mm_max_ps(other.0, self.0) })
    }
}
