//! Four lanes in NEON, which every AArch64 processor has.

use super::{ByteDot, F32x4, I32x4, Sealed};
use std::arch::aarch64::{
    float32x4_t, int16x8_t, int32x4_t, vaddq_f32, vaddq_s32, vbslq_f32, vcltq_f32, vcombine_s16,
    vcombine_u8, vcopyq_laneq_f32, vcvtq_f32_s32, vcvtq_u32_f32, vdivq_f32, vdupq_laneq_f32,
    vdupq_n_f32, vdupq_n_s32, vdupq_n_u8, vext_u8, vextq_f32, vfmaq_f32, vget_low_s8, vget_low_s16,
    vld1_s16, vld1_u8, vld1q_dup_f32, vld1q_dup_s32, vld1q_f32, vld1q_s32, vld1q_u8, vmovl_s16,
    vmovl_u8, vmovn_u16, vmull_high_s8, vmull_high_s16, vmull_s8, vmull_s16, vmulq_f32,
    vpaddlq_s16, vpaddq_s32, vqmovn_s32, vqmovun_s16, vreinterpretq_s8_s32, vreinterpretq_s16_s32,
    vreinterpretq_s32_u16, vreinterpretq_u8_u16, vreinterpretq_u16_u8, vreinterpretq_u16_u32,
    vrev64q_f32, vshlq_s32, vsliq_n_u32, vst1q_f32, vst1q_u8, vzip1_u8, vzip1q_u8, vzip1q_u16,
    vzip2_u8, vzip2q_u8, vzip2q_u16,
};

/// Four lanes in NEON.
#[derive(Clone, Copy, Debug)]
pub struct Neon(float32x4_t);

impl Sealed for Neon {}

impl F32x4 for Neon {
    const NAME: &'static str = "neon";
    const FUSED: bool = true;

    type Dots = NeonDots;
    type PairDots = NeonDots;

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
    unsafe fn load_words(src: *const i16) -> Self {
        // SAFETY: every AArch64 processor has NEON; `src` points to four readable integers.
        Self(unsafe { vcvtq_f32_s32(vmovl_s16(vld1_s16(src))) })
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
    fn div(self, other: Self) -> Self {
        // SAFETY: every AArch64 processor has NEON.
        Self(unsafe { vdivq_f32(self.0, other.0) })
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

    #[inline(always)]
    fn swap_halves(self) -> Self {
        // SAFETY: every AArch64 processor has NEON.
        Self(unsafe { vextq_f32::<2>(self.0, self.0) })
    }

    #[inline(always)]
    fn swap_neighbours(self) -> Self {
        // SAFETY: every AArch64 processor has NEON.
        Self(unsafe { vrev64q_f32(self.0) })
    }

    #[inline(always)]
    fn swap_first_and_third(self) -> Self {
        // SAFETY: every AArch64 processor has NEON.
        unsafe {
            let first = vcopyq_laneq_f32::<0, 2>(self.0, self.0);
            Self(vcopyq_laneq_f32::<2, 0>(first, self.0))
        }
    }

    #[inline(always)]
    fn spread(self) -> [Self; 3] {
        // SAFETY: every AArch64 processor has NEON.
        unsafe {
            [
                Self(vdupq_laneq_f32::<0>(self.0)),
                Self(vdupq_laneq_f32::<1>(self.0)),
                Self(vdupq_laneq_f32::<2>(self.0)),
            ]
        }
    }
}

/// Dot products of bytes in NEON, without its optional dot product instructions.
#[derive(Clone, Copy, Debug)]
pub struct NeonDots(int32x4_t);

impl Sealed for NeonDots {}

impl ByteDot for NeonDots {
    type Floats = Neon;

    const TILE: usize = 5;

    #[inline(always)]
    fn zero() -> Self {
        // SAFETY: every AArch64 processor has NEON.
        Self(unsafe { vdupq_n_s32(0) })
    }

    #[inline(always)]
    unsafe fn load(src: *const u8) -> Self {
        // SAFETY: every AArch64 processor has NEON; the caller promises 16 readable bytes, and the load takes any
        // alignment.
        Self(unsafe { vld1q_s32(src.cast()) })
    }

    #[inline(always)]
    unsafe fn load_splat(src: *const u8) -> Self {
        // SAFETY: every AArch64 processor has NEON; the caller promises 4 readable bytes, and the load takes any
        // alignment.
        Self(unsafe { vld1q_dup_s32(src.cast()) })
    }

    #[inline(always)]
    fn dot(self, weights: Self, inputs: Self, _ones: Self) -> Self {
        // SAFETY: every AArch64 processor has NEON.
        Self(unsafe {
            let (w, x) = (vreinterpretq_s8_s32(weights.0), vreinterpretq_s8_s32(inputs.0));
            let low = vpaddlq_s16(vmull_s8(vget_low_s8(w), vget_low_s8(x)));
            let high = vpaddlq_s16(vmull_high_s8(w, x));
            vaddq_s32(self.0, vpaddq_s32(low, high))
        })
    }

    #[inline(always)]
    fn to_floats(self) -> Neon {
        // SAFETY: every AArch64 processor has NEON.
        Neon(unsafe { vcvtq_f32_s32(self.0) })
    }

    #[inline(always)]
    unsafe fn store_bytes(values: [Neon; 4], dst: *mut u8) {
        // SAFETY: every AArch64 processor has NEON; the caller promises 16 writable bytes.
        unsafe {
            let [a, b, c, d] = values.map(|four| vcvtq_u32_f32(four.0));
            let [first, second] = [[a, b], [c, d]]
                .map(|[even, odd]| vmovn_u16(vreinterpretq_u16_u32(vsliq_n_u32::<16>(even, odd))));
            vst1q_u8(dst, vcombine_u8(first, second));
        }
    }
}

/// Four integers in NEON.
#[derive(Clone, Copy, Debug)]
pub struct NeonInts(int32x4_t);

impl NeonInts {
    #[inline(always)]
    fn halves(self) -> int16x8_t {
        // SAFETY: every AArch64 processor has NEON.
        unsafe { vreinterpretq_s16_s32(self.0) }
    }
}

impl Sealed for NeonInts {}

impl I32x4 for NeonInts {
    type Floats = Neon;

    #[inline(always)]
    fn splat(x: i32) -> Self {
        // SAFETY: every AArch64 processor has NEON.
        Self(unsafe { vdupq_n_s32(x) })
    }

    #[inline(always)]
    unsafe fn load_splat(src: *const [i16; 2]) -> Self {
        // SAFETY: every AArch64 processor has NEON; the caller promises a readable pair, whose four bytes are an
        // `i32`'s, and the load takes any alignment.
        Self(unsafe { vld1q_dup_s32(src.cast()) })
    }

    #[inline(always)]
    unsafe fn load_pixels(src: *const u8) -> [Self; 2] {
        // SAFETY: every AArch64 processor has NEON; the caller promises 16 readable bytes.
        unsafe {
            let (first, last) = (vmovl_u8(vld1_u8(src)), vmovl_u8(vld1_u8(src.add(8))));
            [vzip1q_u16(first, last), vzip2q_u16(first, last)]
                .map(|pairs| Self(vreinterpretq_s32_u16(pairs)))
        }
    }

    #[inline(always)]
    unsafe fn load_two_pixels(src: *const u8) -> Self {
        // SAFETY: every AArch64 processor has NEON; the caller promises 8 readable bytes.
        unsafe {
            let pixels = vld1_u8(src);
            let pairs = vzip1_u8(pixels, vext_u8::<4>(pixels, pixels));
            Self(vreinterpretq_s32_u16(vmovl_u8(pairs)))
        }
    }

    #[inline(always)]
    unsafe fn load_bytes(src: *const u8) -> Self {
        // SAFETY: every AArch64 processor has NEON; the caller promises 8 readable bytes.
        Self(unsafe { vreinterpretq_s32_u16(vmovl_u8(vld1_u8(src))) })
    }

    #[inline(always)]
    unsafe fn store_pairs(first: [Self; 2], second: [Self; 2], dst: *mut u8) {
        // SAFETY: every AArch64 processor has NEON; the caller promises 16 writable bytes.
        unsafe {
            let [first, second] = [first, second]
                .map(|[a, b]| vqmovun_s16(vcombine_s16(vqmovn_s32(a.0), vqmovn_s32(b.0))));
            vst1q_u8(dst, vcombine_u8(vzip1_u8(first, second), vzip2_u8(first, second)));
        }
    }

    #[inline(always)]
    unsafe fn zip_bytes(first: *const u8, second: *const u8, dst: *mut u8) {
        // SAFETY: every AArch64 processor has NEON; the caller promises 8 readable bytes each and 16 writable ones.
        unsafe {
            let (first, second) = (vld1_u8(first), vld1_u8(second));
            vst1q_u8(dst, vcombine_u8(vzip1_u8(first, second), vzip2_u8(first, second)));
        }
    }

    #[inline(always)]
    unsafe fn interleave_planes(luma: *const u8, chroma: *const u8, dst: *mut u8) {
        // SAFETY: every AArch64 processor has NEON; the caller promises 16 readable bytes each and 64 writable ones.
        unsafe {
            let (luma, chroma) = (vld1q_u8(luma), vreinterpretq_u16_u8(vld1q_u8(chroma)));
            let opaque = vdupq_n_u8(255);
            let halves = [
                (vzip1q_u16(chroma, chroma), vzip1q_u8(luma, opaque)),
                (vzip2q_u16(chroma, chroma), vzip2q_u8(luma, opaque)),
            ];
            for (half, (chroma, luma)) in halves.into_iter().enumerate() {
                let (dst, luma) = (dst.add(half * 32), vreinterpretq_u16_u8(luma));
                vst1q_u8(dst, vreinterpretq_u8_u16(vzip1q_u16(chroma, luma)));
                vst1q_u8(dst.add(16), vreinterpretq_u8_u16(vzip2q_u16(chroma, luma)));
            }
        }
    }

    #[inline(always)]
    fn dot(self, other: Self) -> Self {
        let (a, b) = (self.halves(), other.halves());
        // SAFETY: every AArch64 processor has NEON.
        Self(unsafe {
            vpaddq_s32(vmull_s16(vget_low_s16(a), vget_low_s16(b)), vmull_high_s16(a, b))
        })
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        // SAFETY: every AArch64 processor has NEON.
        Self(unsafe { vaddq_s32(self.0, other.0) })
    }

    #[inline(always)]
    fn shift_left<const BITS: u32>(self) -> Self {
        // SAFETY: every AArch64 processor has NEON.
        Self(unsafe { vshlq_s32(self.0, vdupq_n_s32(BITS as i32)) })
    }

    // A shift by a negative count shifts right.
    #[inline(always)]
    fn shift_right<const BITS: u32>(self) -> Self {
        // SAFETY: every AArch64 processor has NEON.
        Self(unsafe { vshlq_s32(self.0, vdupq_n_s32(-(BITS as i32))) })
    }

    #[inline(always)]
    fn to_floats(self) -> Neon {
        // SAFETY: every AArch64 processor has NEON.
        Neon(unsafe { vcvtq_f32_s32(self.0) })
    }
}
