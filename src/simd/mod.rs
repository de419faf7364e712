//! Four `f32` lanes at a time, on every instruction set that the kernels run on.
//!
//! The kernels are written once, generic over [`F32x4`]. The trait holds exactly the operations that
//! they use, and each instruction set is one small file:
//!
//! | type | where | multiply-add |
//! | --- | --- | --- |
//! | [`Scalar`] | everywhere; the other types' partner in tests | two roundings |
//! | `Simd128` | WebAssembly SIMD128 | two roundings |
//! | `Relaxed` | WebAssembly relaxed SIMD | one or two, the engine's choice |
//! | `Sse2` | x86-64 | two roundings |
//! | `Neon` | AArch64 | one rounding |
//!
//! Types with two roundings give the same bits as [`Scalar`]. A WebAssembly engine that lacks an
//! instruction rejects the whole module, so the choice is made when the module is built; [`Native`] is
//! that choice.

mod scalar;

pub use scalar::{Scalar, ScalarDots, ScalarInts};

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod wasm;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub use wasm::{Dots128, Ints128, Simd128};
#[cfg(all(target_arch = "wasm32", target_feature = "relaxed-simd"))]
pub use wasm::{Relaxed, RelaxedDots, RelaxedPairs};

#[cfg(target_arch = "x86_64")]
mod sse2;
#[cfg(target_arch = "x86_64")]
pub use sse2::{Sse2, Sse2Dots, Sse2Ints};

#[cfg(target_arch = "aarch64")]
mod neon;
#[cfg(target_arch = "aarch64")]
pub use neon::{Neon, NeonDots, NeonInts};

/// The best instruction set of this build.
#[cfg(all(target_arch = "wasm32", target_feature = "relaxed-simd"))]
pub type Native = Relaxed;
/// The best instruction set of this build.
#[cfg(all(
    target_arch = "wasm32",
    target_feature = "simd128",
    not(target_feature = "relaxed-simd")
))]
pub type Native = Simd128;
/// The best instruction set of this build.
#[cfg(target_arch = "x86_64")]
pub type Native = Sse2;
/// The best instruction set of this build.
#[cfg(target_arch = "aarch64")]
pub type Native = Neon;
/// The best instruction set of this build.
#[cfg(not(any(
    all(target_arch = "wasm32", target_feature = "simd128"),
    target_arch = "x86_64",
    target_arch = "aarch64"
)))]
pub type Native = Scalar;

/// The best instruction set of this build, for whole numbers.
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub type NativeInts = Ints128;
/// The best instruction set of this build, for whole numbers.
#[cfg(target_arch = "x86_64")]
pub type NativeInts = Sse2Ints;
/// The best instruction set of this build, for whole numbers.
#[cfg(target_arch = "aarch64")]
pub type NativeInts = NeonInts;
/// The best instruction set of this build, for whole numbers.
#[cfg(not(any(
    all(target_arch = "wasm32", target_feature = "simd128"),
    target_arch = "x86_64",
    target_arch = "aarch64"
)))]
pub type NativeInts = ScalarInts;

/// Values in a vector.
pub const LANES: usize = 4;

/// Keeps [`F32x4`], [`I32x4`] and [`ByteDot`] to the types of this module, whose loads and stores the kernels trust.
pub(crate) trait Sealed {}

/// Four `f32` lanes.
#[expect(private_bounds, reason = "nobody else may implement it")]
pub trait F32x4: Copy + Sealed {
    /// The instruction set's name.
    const NAME: &'static str;

    /// Whether a multiply-add may round once: then its bits may differ from [`Scalar`]'s.
    const FUSED: bool;

    /// Products of bytes where a processor has an instruction that sums four of them.
    type Dots: ByteDot<Floats = Self>;

    /// The same sums where it has none.
    type PairDots: ByteDot<Floats = Self>;

    /// Four times `x`.
    fn splat(x: f32) -> Self;

    /// Four values from memory.
    ///
    /// # Safety
    /// `src` points to four readable values.
    unsafe fn load(src: *const f32) -> Self;

    /// Four times one value from memory: one broadcasting load, where `splat` of a loaded value would
    /// cost a shuffle.
    ///
    /// # Safety
    /// `src` points to a readable value.
    unsafe fn load_splat(src: *const f32) -> Self;

    /// Writes the four lanes to memory.
    ///
    /// # Safety
    /// `dst` points to four writable values.
    unsafe fn store(self, dst: *mut f32);

    /// Lane-wise sum.
    #[must_use]
    fn add(self, other: Self) -> Self;

    /// Lane-wise product.
    #[must_use]
    fn mul(self, other: Self) -> Self;

    /// `self / other`.
    #[must_use]
    fn div(self, other: Self) -> Self;

    /// `self + a * b`, with one rounding or two as the instruction set has it.
    #[must_use]
    fn madd(self, a: Self, b: Self) -> Self;

    /// `other` where it is smaller, else `self`.
    #[must_use]
    fn min(self, other: Self) -> Self;

    /// `other` where it is larger, else `self`.
    #[must_use]
    fn max(self, other: Self) -> Self;

    /// The lanes 2, 3, 0, 1: halves swapped.
    #[must_use]
    fn swap_halves(self) -> Self;

    /// The lanes 1, 0, 3, 2: neighbours swapped.
    #[must_use]
    fn swap_neighbours(self) -> Self;
}

/// Four `i32` lanes that sum products of bytes, or the bytes themselves, four to a lane: what pointwise convolution on
/// 8 bits takes.
#[expect(private_bounds, reason = "nobody else may implement it")]
pub trait ByteDot: Copy + Sealed {
    /// The floats of the same instruction set.
    type Floats: F32x4;

    /// Pixels of the largest register tile: see [`crate::kernels::int8`].
    const TILE: usize;

    /// Four zeros.
    fn zero() -> Self;

    /// Sixteen bytes from memory.
    ///
    /// # Safety
    /// `src` points to 16 readable bytes.
    unsafe fn load(src: *const u8) -> Self;

    /// Four times the same four bytes from memory.
    ///
    /// # Safety
    /// `src` points to 4 readable bytes.
    unsafe fn load_splat(src: *const u8) -> Self;

    /// `self` and in each lane the sum of its four products, of signed `weights` from -127 to 127 and `inputs` from 0 to
    /// 127. Beyond these instruction sets differ. `ones` holds eight 16-bit ones: V8 makes a constant anew in each round
    /// of a loop.
    #[must_use]
    fn dot(self, weights: Self, inputs: Self, ones: Self) -> Self;

    /// The lanes as floats, rounded to the nearest.
    #[must_use]
    fn to_floats(self) -> Self::Floats;

    /// Writes the values, which are from 0 to 127, as bytes, cut off to whole numbers.
    ///
    /// # Safety
    /// `dst` points to 16 writable bytes.
    unsafe fn store_bytes(values: [Self::Floats; 4], dst: *mut u8);
}

/// Four `i32` lanes, or two `i16` in the place of each, called a pair: what resizing bytes takes. Sums wrap
/// around.
#[expect(private_bounds, reason = "nobody else may implement it")]
pub trait I32x4: Copy + Sealed {
    /// The floats of the same instruction set.
    type Floats: F32x4;

    /// Four times `x`.
    fn splat(x: i32) -> Self;

    /// Four times one pair from memory.
    ///
    /// # Safety
    /// `src` points to a readable pair.
    unsafe fn load_splat(src: *const [i16; 2]) -> Self;

    /// Four adjacent pixels of four bytes as 16-bit values, one lane a channel: pairs of the first
    /// pixel and the third, and of the second and the fourth.
    ///
    /// # Safety
    /// `src` points to 16 readable bytes.
    unsafe fn load_pixels(src: *const u8) -> [Self; 2];

    /// Two adjacent pixels, likewise: pairs of the first and the second.
    ///
    /// # Safety
    /// `src` points to 8 readable bytes, behind 4 others.
    unsafe fn load_two_pixels(src: *const u8) -> Self;

    /// Eight bytes as eight 16-bit values, in their order.
    ///
    /// # Safety
    /// `src` points to 8 readable bytes.
    unsafe fn load_bytes(src: *const u8) -> Self;

    /// Writes the lanes of `first` and `second` in turns as bytes, first those of `first[0]` and
    /// `second[0]`; what is below 0 or above 255 becomes that.
    ///
    /// # Safety
    /// `dst` points to 16 writable bytes.
    unsafe fn store_pairs(first: [Self; 2], second: [Self; 2], dst: *mut u8);

    /// Writes 16 pixels of four bytes: chroma, which is two bytes for every other pixel, luma, and 255.
    ///
    /// # Safety
    /// `luma` and `chroma` point to 16 readable bytes each, `dst` to 64 writable ones.
    unsafe fn interleave_planes(luma: *const u8, chroma: *const u8, dst: *mut u8);

    /// In each lane the sum of the two products of the pairs' values.
    #[must_use]
    fn dot(self, other: Self) -> Self;

    /// Lane-wise sum.
    #[must_use]
    fn add(self, other: Self) -> Self;

    /// `self << BITS`.
    #[must_use]
    fn shift_left<const BITS: u32>(self) -> Self;

    /// `self >> BITS`, the sign kept.
    #[must_use]
    fn shift_right<const BITS: u32>(self) -> Self;

    /// The lanes as floats. Exact up to 2^24.
    #[must_use]
    fn to_floats(self) -> Self::Floats;
}
