//! Vectors of four lanes, for every instruction set that the kernels run on.
//!
//! The kernels are written once, generic over [`F32x4`]. The trait has only the operations that they use, and each
//! instruction set is one small file:
//!
//! | type | where | multiply-add |
//! | --- | --- | --- |
//! | [`Scalar`] | everywhere; tests compare the other types with it | two roundings |
//! | `Simd128` | WebAssembly SIMD128 | two roundings |
//! | `Relaxed` | WebAssembly relaxed SIMD | one or two, the engine's choice |
//! | `Sse2` | x86-64 | two roundings |
//! | `Neon` | AArch64 | one rounding |
//!
//! Types with two roundings give the same bits as [`Scalar`]. A WebAssembly engine that lacks an instruction rejects
//! the whole module, so the build chooses the instruction set, and [`Native`] names that choice.

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

/// Lanes of a vector.
pub const LANES: usize = 4;

/// Seals [`F32x4`], [`I32x4`] and [`ByteDot`]: the kernels trust the loads and stores of the types in this module.
pub(crate) trait Sealed {}

/// Four `f32` lanes.
#[expect(private_bounds, reason = "nobody else may implement it")]
pub trait F32x4: Copy + Sealed {
    /// The instruction set's name.
    const NAME: &'static str;

    /// Whether a multiply-add may round only once, so that its bits may differ from those of [`Scalar`].
    const FUSED: bool;

    /// Dot products of bytes for processors with an instruction that sums four products.
    type Dots: ByteDot<Floats = Self>;

    /// Dot products of bytes for processors without one. The sums are the same.
    type PairDots: ByteDot<Floats = Self>;

    /// `x` in all four lanes.
    fn splat(x: f32) -> Self;

    /// Loads four values.
    ///
    /// # Safety
    /// `src` points to four readable values.
    unsafe fn load(src: *const f32) -> Self;

    /// Loads one value into all four lanes. This is a single broadcasting load; `splat` of a loaded value would need a
    /// shuffle too.
    ///
    /// # Safety
    /// `src` points to a readable value.
    unsafe fn load_splat(src: *const f32) -> Self;

    /// Loads four integers of 16 bits and converts them.
    ///
    /// # Safety
    /// `src` points to four readable integers.
    unsafe fn load_words(src: *const i16) -> Self;

    /// Stores the four lanes.
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

    /// `self + a * b`, with one rounding or two, depending on the instruction set.
    #[must_use]
    fn madd(self, a: Self, b: Self) -> Self;

    /// Lane-wise `other` if it is smaller, else `self`.
    #[must_use]
    fn min(self, other: Self) -> Self;

    /// Lane-wise `other` if it is larger, else `self`.
    #[must_use]
    fn max(self, other: Self) -> Self;

    /// The lanes 2, 3, 0, 1: halves swapped.
    #[must_use]
    fn swap_halves(self) -> Self;

    /// The lanes 1, 0, 3, 2: neighbours swapped.
    #[must_use]
    fn swap_neighbours(self) -> Self;

    /// The lanes 2, 1, 0, 3: the first and the third swapped.
    #[must_use]
    fn swap_first_and_third(self) -> Self;

    /// The lanes 0, 1 and 2, each in all four lanes of a vector.
    #[must_use]
    fn spread(self) -> [Self; 3];
}

/// Four `i32` lanes that hold either sums of products or four bytes each, for the pointwise convolution on 8 bits.
#[expect(private_bounds, reason = "nobody else may implement it")]
pub trait ByteDot: Copy + Sealed {
    /// The floats of the same instruction set.
    type Floats: F32x4;

    /// Pixels of the largest register tile: see [`crate::kernels::int8`].
    const TILE: usize;

    /// Four zeros.
    fn zero() -> Self;

    /// Loads 16 bytes.
    ///
    /// # Safety
    /// `src` points to 16 readable bytes.
    unsafe fn load(src: *const u8) -> Self;

    /// Loads four bytes into all four lanes.
    ///
    /// # Safety
    /// `src` points to 4 readable bytes.
    unsafe fn load_splat(src: *const u8) -> Self;

    /// Adds to each lane of `self` the sum of its four products of signed `weights` from -127 to 127 and `inputs` from
    /// 0 to 127. Outside these ranges instruction sets differ. `ones` holds eight 16-bit ones; it is an argument,
    /// because V8 rebuilds a constant in every iteration of a loop.
    #[must_use]
    fn dot(self, weights: Self, inputs: Self, ones: Self) -> Self;

    /// Converts the lanes to floats, rounding to nearest.
    #[must_use]
    fn to_floats(self) -> Self::Floats;

    /// Stores 16 values as bytes, rounding down: the lanes of `values[0]` and `values[1]` in turns, then those of
    /// `values[2]` and `values[3]`. The values are at least 0 and less than 128.
    ///
    /// # Safety
    /// `dst` points to 16 writable bytes.
    unsafe fn store_bytes(values: [Self::Floats; 4], dst: *mut u8);
}

/// Four lanes of one `i32` or of two `i16` (a pair), for resizing. Sums wrap around.
#[expect(private_bounds, reason = "nobody else may implement it")]
pub trait I32x4: Copy + Sealed {
    /// The floats of the same instruction set.
    type Floats: F32x4;

    /// `x` in all four lanes.
    fn splat(x: i32) -> Self;

    /// Loads one pair into all four lanes.
    ///
    /// # Safety
    /// `src` points to a readable pair.
    unsafe fn load_splat(src: *const [i16; 2]) -> Self;

    /// Loads four adjacent pixels of four bytes as 16-bit values, with one lane per channel: the first vector pairs the
    /// first and third pixel, the second vector the second and fourth.
    ///
    /// # Safety
    /// `src` points to 16 readable bytes.
    unsafe fn load_pixels(src: *const u8) -> [Self; 2];

    /// Loads two adjacent pixels as 16-bit values, with one lane per channel, and pairs them.
    ///
    /// # Safety
    /// `src` points to 8 readable bytes, and the 4 bytes before it are readable.
    unsafe fn load_two_pixels(src: *const u8) -> Self;

    /// Loads eight bytes as eight 16-bit values, in order.
    ///
    /// # Safety
    /// `src` points to 8 readable bytes.
    unsafe fn load_bytes(src: *const u8) -> Self;

    /// Stores the lanes of `first` and `second` interleaved as bytes, `first[0]` and `second[0]` before `first[1]` and
    /// `second[1]`. Clamps values to 0 to 255.
    ///
    /// # Safety
    /// `dst` points to 16 writable bytes.
    unsafe fn store_pairs(first: [Self; 2], second: [Self; 2], dst: *mut u8);

    /// Stores eight bytes of `first` and eight of `second` interleaved.
    ///
    /// # Safety
    /// `first` and `second` point to 8 readable bytes each, `dst` to 16 writable ones.
    unsafe fn zip_bytes(first: *const u8, second: *const u8, dst: *mut u8);

    /// Stores 16 pixels of four bytes: two bytes of chroma, which two neighbouring pixels share, luma, and 255.
    ///
    /// # Safety
    /// `luma` and `chroma` point to 16 readable bytes each, `dst` to 64 writable ones.
    unsafe fn interleave_planes(luma: *const u8, chroma: *const u8, dst: *mut u8);

    /// Multiplies the pairs of each lane element by element and sums the two products.
    #[must_use]
    fn dot(self, other: Self) -> Self;

    /// Lane-wise sum.
    #[must_use]
    fn add(self, other: Self) -> Self;

    /// `self << BITS`.
    #[must_use]
    fn shift_left<const BITS: u32>(self) -> Self;

    /// `self >> BITS` with sign extension.
    #[must_use]
    fn shift_right<const BITS: u32>(self) -> Self;

    /// Converts the lanes to floats. Exact up to 2^24.
    #[must_use]
    fn to_floats(self) -> Self::Floats;
}
