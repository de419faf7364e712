//! Four lanes in SSE2, which every x86-64 processor has.

use super::{ByteDot, F32x4, I32x4, Sealed};
use std::arch::x86_64::{
    __m128, __m128i, _mm_add_epi32, _mm_add_ps, _mm_castps_si128, _mm_castsi128_ps,
    _mm_cvtepi32_ps, _mm_cvtsi32_si128, _mm_cvttps_epi32, _mm_div_ps, _mm_loadl_epi64,
    _mm_loadu_ps, _mm_loadu_si128, _mm_madd_epi16, _mm_max_ps, _mm_min_ps, _mm_mul_ps,
    _mm_or_si128, _mm_packs_epi32, _mm_packus_epi16, _mm_set1_epi8, _mm_set1_epi32, _mm_set1_ps,
    _mm_setzero_si128, _mm_shuffle_ps, _mm_sll_epi32, _mm_slli_epi32, _mm_sra_epi32,
    _mm_srai_epi16, _mm_srai_epi32, _mm_srli_si128, _mm_storeu_ps, _mm_storeu_si128,
    _mm_unpackhi_epi8, _mm_unpackhi_epi16, _mm_unpacklo_epi8, _mm_unpacklo_epi16,
};

/// Four lanes in SSE2.
#[derive(Clone, Copy, Debug)]
pub struct Sse2(__m128);

impl Sealed for Sse2 {}

impl F32x4 for Sse2 {
    const NAME: &'static str = "sse2";
    const FUSED: bool = false;

    type Dots = Sse2Dots;
    type PairDots = Sse2Dots;

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
    unsafe fn load_words(src: *const i16) -> Self {
        // SAFETY: `src` points to four readable integers.
        let words = unsafe { _mm_loadl_epi64(src.cast()) };
        // SAFETY: every x86-64 processor has SSE2.
        Self(unsafe { _mm_cvtepi32_ps(_mm_srai_epi32::<16>(_mm_unpacklo_epi16(words, words))) })
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
    fn div(self, other: Self) -> Self {
        // SAFETY: every x86-64 processor has SSE.
        Self(unsafe { _mm_div_ps(self.0, other.0) })
    }

    #[inline(always)]
    fn madd(self, a: Self, b: Self) -> Self {
        self.add(a.mul(b))
    }

    // `minps` and `maxps` return their second operand if the comparison fails.
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

    #[inline(always)]
    fn swap_halves(self) -> Self {
        // SAFETY: every x86-64 processor has SSE.
        Self(unsafe { _mm_shuffle_ps::<0b01_00_11_10>(self.0, self.0) })
    }

    #[inline(always)]
    fn swap_neighbours(self) -> Self {
        // SAFETY: every x86-64 processor has SSE.
        Self(unsafe { _mm_shuffle_ps::<0b10_11_00_01>(self.0, self.0) })
    }

    #[inline(always)]
    fn swap_first_and_third(self) -> Self {
        // SAFETY: every x86-64 processor has SSE.
        Self(unsafe { _mm_shuffle_ps::<0b11_00_01_10>(self.0, self.0) })
    }

    #[inline(always)]
    fn spread(self) -> [Self; 3] {
        // SAFETY: every x86-64 processor has SSE.
        unsafe {
            [
                Self(_mm_shuffle_ps::<0b00_00_00_00>(self.0, self.0)),
                Self(_mm_shuffle_ps::<0b01_01_01_01>(self.0, self.0)),
                Self(_mm_shuffle_ps::<0b10_10_10_10>(self.0, self.0)),
            ]
        }
    }
}

/// Dot products of bytes in SSE2. It widens the bytes to 16 bits, the smallest values that SSE2 multiplies.
#[derive(Clone, Copy, Debug)]
pub struct Sse2Dots(__m128i);

impl Sealed for Sse2Dots {}

impl ByteDot for Sse2Dots {
    type Floats = Sse2;

    const TILE: usize = 5;

    #[inline(always)]
    fn zero() -> Self {
        // SAFETY: every x86-64 processor has SSE2.
        Self(unsafe { _mm_setzero_si128() })
    }

    #[inline(always)]
    unsafe fn load(src: *const u8) -> Self {
        // SAFETY: every x86-64 processor has SSE2; the caller promises 16 readable bytes.
        Self(unsafe { _mm_loadu_si128(src.cast()) })
    }

    #[inline(always)]
    unsafe fn load_splat(src: *const u8) -> Self {
        // SAFETY: every x86-64 processor has SSE2; the caller promises 4 readable bytes.
        Self(unsafe { _mm_set1_epi32(src.cast::<i32>().read_unaligned()) })
    }

    #[inline(always)]
    fn dot(self, weights: Self, inputs: Self, _ones: Self) -> Self {
        // SAFETY: every x86-64 processor has SSE2.
        unsafe {
            let (w, x, zero) = (weights.0, inputs.0, _mm_setzero_si128());
            // Unpacks each byte to the upper half of 16 bits; the shift then extends its sign.
            let low = _mm_srai_epi16::<8>(_mm_unpacklo_epi8(zero, w));
            let high = _mm_srai_epi16::<8>(_mm_unpackhi_epi8(zero, w));
            // Each vector has two sums for each of two lanes.
            let low = _mm_castsi128_ps(_mm_madd_epi16(low, _mm_unpacklo_epi8(x, zero)));
            let high = _mm_castsi128_ps(_mm_madd_epi16(high, _mm_unpackhi_epi8(x, zero)));
            let even = _mm_castps_si128(_mm_shuffle_ps::<0b10_00_10_00>(low, high));
            let odd = _mm_castps_si128(_mm_shuffle_ps::<0b11_01_11_01>(low, high));
            Self(_mm_add_epi32(self.0, _mm_add_epi32(even, odd)))
        }
    }

    #[inline(always)]
    fn to_floats(self) -> Sse2 {
        // SAFETY: every x86-64 processor has SSE2.
        Sse2(unsafe { _mm_cvtepi32_ps(self.0) })
    }

    #[inline(always)]
    unsafe fn store_bytes(values: [Sse2; 4], dst: *mut u8) {
        // SAFETY: every x86-64 processor has SSE2; the caller promises 16 writable bytes.
        unsafe {
            let [a, b, c, d] = values.map(|four| _mm_cvttps_epi32(four.0));
            let words = |even, odd| _mm_or_si128(even, _mm_slli_epi32::<16>(odd));
            let bytes = _mm_packus_epi16(words(a, b), words(c, d));
            _mm_storeu_si128(dst.cast(), bytes);
        }
    }
}

/// Four integers in SSE2.
#[derive(Clone, Copy, Debug)]
pub struct Sse2Ints(__m128i);

impl Sealed for Sse2Ints {}

impl I32x4 for Sse2Ints {
    type Floats = Sse2;

    #[inline(always)]
    fn splat(x: i32) -> Self {
        // SAFETY: every x86-64 processor has SSE2.
        Self(unsafe { _mm_set1_epi32(x) })
    }

    #[inline(always)]
    unsafe fn load_splat(src: *const [i16; 2]) -> Self {
        // SAFETY: the caller promises a readable pair, whose four bytes are an `i32`'s.
        Self::splat(unsafe { src.cast::<i32>().read_unaligned() })
    }

    #[inline(always)]
    unsafe fn load_pixels(src: *const u8) -> [Self; 2] {
        // SAFETY: every x86-64 processor has SSE2; the caller promises 16 readable bytes.
        unsafe {
            let pixels = _mm_loadu_si128(src.cast());
            let pairs = _mm_unpacklo_epi8(pixels, _mm_srli_si128::<8>(pixels));
            let zero = _mm_setzero_si128();
            [Self(_mm_unpacklo_epi8(pairs, zero)), Self(_mm_unpackhi_epi8(pairs, zero))]
        }
    }

    #[inline(always)]
    unsafe fn load_two_pixels(src: *const u8) -> Self {
        // SAFETY: every x86-64 processor has SSE2; the caller promises 8 readable bytes.
        unsafe {
            let pixels = _mm_loadl_epi64(src.cast());
            let pairs = _mm_unpacklo_epi8(pixels, _mm_srli_si128::<4>(pixels));
            Self(_mm_unpacklo_epi8(pairs, _mm_setzero_si128()))
        }
    }

    #[inline(always)]
    unsafe fn load_bytes(src: *const u8) -> Self {
        // SAFETY: every x86-64 processor has SSE2; the caller promises 8 readable bytes.
        unsafe { Self(_mm_unpacklo_epi8(_mm_loadl_epi64(src.cast()), _mm_setzero_si128())) }
    }

    #[inline(always)]
    unsafe fn store_pairs(first: [Self; 2], second: [Self; 2], dst: *mut u8) {
        // SAFETY: every x86-64 processor has SSE2; the caller promises 16 writable bytes.
        unsafe {
            let [first, second] = [first, second].map(|[a, b]| {
                let words = _mm_packs_epi32(a.0, b.0);
                _mm_packus_epi16(words, words)
            });
            _mm_storeu_si128(dst.cast(), _mm_unpacklo_epi8(first, second));
        }
    }

    #[inline(always)]
    unsafe fn zip_bytes(first: *const u8, second: *const u8, dst: *mut u8) {
        // SAFETY: every x86-64 processor has SSE2; the caller promises 8 readable bytes each and 16 writable ones.
        unsafe {
            let (first, second) = (_mm_loadl_epi64(first.cast()), _mm_loadl_epi64(second.cast()));
            _mm_storeu_si128(dst.cast(), _mm_unpacklo_epi8(first, second));
        }
    }

    #[inline(always)]
    unsafe fn interleave_planes(luma: *const u8, chroma: *const u8, dst: *mut u8) {
        // SAFETY: every x86-64 processor has SSE2; the caller promises 16 readable bytes each and 64 writable ones.
        unsafe {
            let (luma, chroma) = (_mm_loadu_si128(luma.cast()), _mm_loadu_si128(chroma.cast()));
            let opaque = _mm_set1_epi8(-1);
            let halves = [
                (_mm_unpacklo_epi16(chroma, chroma), _mm_unpacklo_epi8(luma, opaque)),
                (_mm_unpackhi_epi16(chroma, chroma), _mm_unpackhi_epi8(luma, opaque)),
            ];
            for (half, (chroma, luma)) in halves.into_iter().enumerate() {
                let dst = dst.add(half * 32);
                _mm_storeu_si128(dst.cast(), _mm_unpacklo_epi16(chroma, luma));
                _mm_storeu_si128(dst.add(16).cast(), _mm_unpackhi_epi16(chroma, luma));
            }
        }
    }

    #[inline(always)]
    fn dot(self, other: Self) -> Self {
        // SAFETY: every x86-64 processor has SSE2.
        Self(unsafe { _mm_madd_epi16(self.0, other.0) })
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        // SAFETY: every x86-64 processor has SSE2.
        Self(unsafe { _mm_add_epi32(self.0, other.0) })
    }

    #[inline(always)]
    fn shift_left<const BITS: u32>(self) -> Self {
        // SAFETY: every x86-64 processor has SSE2.
        Self(unsafe { _mm_sll_epi32(self.0, _mm_cvtsi32_si128(BITS as i32)) })
    }

    #[inline(always)]
    fn shift_right<const BITS: u32>(self) -> Self {
        // SAFETY: every x86-64 processor has SSE2.
        Self(unsafe { _mm_sra_epi32(self.0, _mm_cvtsi32_si128(BITS as i32)) })
    }

    #[inline(always)]
    fn to_floats(self) -> Sse2 {
        // SAFETY: every x86-64 processor has SSE2.
        Sse2(unsafe { _mm_cvtepi32_ps(self.0) })
    }
}
