//! Four lanes in NEON, which every AArch64 processor has.

use super::{F32x4, Sealed};
use std::arch::aarch64::{
    float32x4_t, vaddq_f32, vbslq_f32, vcltq_f32, vdupq_n_f32, vfmaq_f32, vld1q_dup_f32, vld1q_f32,
    vmulq_f32, vst1q_f32,
};

/// Four lanes in NEON.
#[derive(Clone, Copy, Debug)]
pub struct Neon(float32x4_t);

impl Sealed for Neon {}

impl F32x4 for Neon {
    const NAME: &'static str = "neon";
    const FUSED: bool = true;

    #[inline(always)]
    fn splat(x: f32) -> Self {
        // SAFETY: every AArch64 processor has NEON.
        Self(unsafe { vdupq_n_f32(x) })
    }

    #[inline(always)]
    unsafe fn load(src: *const f32) -> Self {
        // SAFETY: `src` points to four readable values.
        Self(unsafe { vld1q_f32(src) })
    }

    #[inline(always)]
    unsafe fn load_splat(src: *const f32) -> Self {
        // SAFETY: `src` points to a readable value.
        Self(unsafe { vld1q_dup_f32(src) })
    }

    #[inline(always)]
    unsafe fn store(self, dst: *mut f32) {
        // SAFETY: `dst` points to four writable values.
        unsafe { vst1q_f32(dst, self.0) }
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        // SAFETY: every AArch64 processor has NEON.
        Self(unsafe { vaddq_f32(self.0, other.0) })
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        // SAFETY: every AArch64 processor has NEON.
        Self(unsafe { vmulq_f32(self.0, other.0) })
    }

    #[inline(always)]
    fn madd(self, a: Self, b: Self) -> Self {
        // SAFETY: every AArch64 processor has NEON.
        Self(unsafe { vfmaq_f32(self.0, a.0, b.0) })
    }

    #[inline(always)]
    fn min(self, other: Self) -> Self {
        // SAFETY: every AArch64 processor has NEON.
        Self(unsafe { vbslq_f32(vcltq_f32(other.0, self.0), other.0, self.0) })
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        // SAFETY: every AArch64 processor has NEON.
        Self(unsafe { vbslq_f32(vcltq_f32(self.0, other.0), other.0, self.0) })
    }
}
