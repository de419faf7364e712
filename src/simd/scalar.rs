//! Four lanes in plain Rust.

use super::{ByteDot, F32x4, I32x4, Sealed};

/// Four lanes in plain Rust. It runs everywhere and defines what the others must compute.
#[derive(Clone, Copy, Debug)]
pub struct Scalar([f32; 4]);

impl Scalar {
    #[inline(always)]
    fn zip(self, other: Self, f: impl Fn(f32, f32) -> f32) -> Self {
        Self(std::array::from_fn(|lane| f(self.0[lane], other.0[lane])))
    }
}

impl Sealed for Scalar {}

impl F32x4 for Scalar {
    const NAME: &'static str = "scalar";
    const FUSED: bool = false;

    type Dots = ScalarDots;
    type PairDots = ScalarDots;

    #[inline(always)]
    fn splat(x: f32) -> Self {
        Self([x; 4])
    }

    #[inline(always)]
    unsafe fn load(src: *const f32) -> Self {
        // SAFETY: `src` points to four readable values.
        Self(unsafe { src.cast::<[f32; 4]>().read_unaligned() })
    }

    #[inline(always)]
    unsafe fn load_splat(src: *const f32) -> Self {
        // SAFETY: `src` points to a readable value.
        Self::splat(unsafe { src.read() })
    }

    #[inline(always)]
    unsafe fn load_words(src: *const i16) -> Self {
        // SAFETY: `src` points to four readable integers.
        Self(unsafe { src.cast::<[i16; 4]>().read_unaligned() }.map(f32::from))
    }

    #[inline(always)]
    unsafe fn store(self, dst: *mut f32) {
        // SAFETY: `dst` points to four writable values.
        unsafe { dst.cast::<[f32; 4]>().write_unaligned(self.0) }
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.zip(other, |a, b| a + b)
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        self.zip(other, |a, b| a * b)
    }

    #[inline(always)]
    fn div(self, other: Self) -> Self {
        self.zip(other, |a, b| a / b)
    }

    #[inline(always)]
    fn madd(self, a: Self, b: Self) -> Self {
        self.add(a.mul(b))
    }

    #[inline(always)]
    fn min(self, other: Self) -> Self {
        self.zip(other, |a, b| if b < a { b } else { a })
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        self.zip(other, |a, b| if a < b { b } else { a })
    }

    #[inline(always)]
    fn swap_halves(self) -> Self {
        let [a, b, c, d] = self.0;
        Self([c, d, a, b])
    }

    #[inline(always)]
    fn swap_neighbours(self) -> Self {
        let [a, b, c, d] = self.0;
        Self([b, a, d, c])
    }

    #[inline(always)]
    fn swap_first_and_third(self) -> Self {
        let [a, b, c, d] = self.0;
        Self([c, b, a, d])
    }

    #[inline(always)]
    fn spread(self) -> [Self; 3] {
        let [a, b, c, _] = self.0;
        [a, b, c].map(Self::splat)
    }
}

/// Dot products of bytes in plain Rust.
#[derive(Clone, Copy, Debug)]
pub struct ScalarDots([i32; 4]);

impl Sealed for ScalarDots {}

impl ByteDot for ScalarDots {
    type Floats = Scalar;

    const TILE: usize = 5;

    #[inline(always)]
    fn zero() -> Self {
        Self([0; 4])
    }

    #[inline(always)]
    unsafe fn load(src: *const u8) -> Self {
        // SAFETY: the caller promises 16 readable bytes.
        Self(unsafe { src.cast::<[i32; 4]>().read_unaligned() })
    }

    #[inline(always)]
    unsafe fn load_splat(src: *const u8) -> Self {
        // SAFETY: the caller promises 4 readable bytes.
        Self([unsafe { src.cast::<i32>().read_unaligned() }; 4])
    }

    #[inline(always)]
    fn dot(self, weights: Self, inputs: Self, _ones: Self) -> Self {
        Self(std::array::from_fn(|lane| {
            let (weights, inputs) = (weights.0[lane].to_ne_bytes(), inputs.0[lane].to_ne_bytes());
            let products =
                weights.iter().zip(inputs).map(|(&w, x)| i32::from(w as i8) * i32::from(x));
            self.0[lane] + products.sum::<i32>()
        }))
    }

    #[inline(always)]
    fn to_floats(self) -> Scalar {
        Scalar(self.0.map(|lane| lane as f32))
    }

    #[inline(always)]
    unsafe fn store_bytes(values: [Scalar; 4], dst: *mut u8) {
        let [a, b, c, d] = values.map(|four| four.0);
        let bytes =
            [[a, b], [c, d]].map(|[even, odd]| [0, 1, 2, 3].map(|i| [even[i] as u8, odd[i] as u8]));
        // SAFETY: the caller promises 16 writable bytes.
        unsafe { dst.cast::<[[[u8; 2]; 4]; 2]>().write(bytes) }
    }
}

/// Four integers in plain Rust.
#[derive(Clone, Copy, Debug)]
pub struct ScalarInts([i32; 4]);

impl ScalarInts {
    #[inline(always)]
    fn zip(self, other: Self, f: impl Fn(i32, i32) -> i32) -> Self {
        Self(std::array::from_fn(|lane| f(self.0[lane], other.0[lane])))
    }

    /// A lane's two values, the lower half first.
    #[inline(always)]
    fn halves(lane: i32) -> [i32; 2] {
        [i32::from(lane as i16), lane >> 16]
    }

    #[inline(always)]
    fn pairs(low: [u8; 4], high: [u8; 4]) -> Self {
        Self(std::array::from_fn(|lane| i32::from(low[lane]) | i32::from(high[lane]) << 16))
    }
}

impl Sealed for ScalarInts {}

impl I32x4 for ScalarInts {
    type Floats = Scalar;

    #[inline(always)]
    fn splat(x: i32) -> Self {
        Self([x; 4])
    }

    #[inline(always)]
    unsafe fn load_splat(src: *const [i16; 2]) -> Self {
        // SAFETY: the caller promises a readable pair.
        let [low, high] = unsafe { src.read() };
        Self::splat(i32::from(low as u16) | i32::from(high) << 16)
    }

    #[inline(always)]
    unsafe fn load_pixels(src: *const u8) -> [Self; 2] {
        // SAFETY: the caller promises 16 readable bytes.
        let [a, b, c, d] = unsafe { src.cast::<[[u8; 4]; 4]>().read() };
        [Self::pairs(a, c), Self::pairs(b, d)]
    }

    #[inline(always)]
    unsafe fn load_two_pixels(src: *const u8) -> Self {
        // SAFETY: the caller promises 8 readable bytes.
        let [a, b] = unsafe { src.cast::<[[u8; 4]; 2]>().read() };
        Self::pairs(a, b)
    }

    #[inline(always)]
    unsafe fn load_bytes(src: *const u8) -> Self {
        // SAFETY: the caller promises 8 readable bytes.
        let pairs = unsafe { src.cast::<[[u8; 2]; 4]>().read() };
        Self::pairs(pairs.map(|[low, _]| low), pairs.map(|[_, high]| high))
    }

    #[inline(always)]
    unsafe fn store_pairs(first: [Self; 2], second: [Self; 2], dst: *mut u8) {
        let byte = |lane: i32| lane.clamp(0, 255) as u8;
        let bytes: [[[u8; 2]; 4]; 2] = std::array::from_fn(|i| {
            std::array::from_fn(|lane| [byte(first[i].0[lane]), byte(second[i].0[lane])])
        });
        // SAFETY: the caller promises 16 writable bytes.
        unsafe { dst.cast::<[[[u8; 2]; 4]; 2]>().write(bytes) }
    }

    #[inline(always)]
    unsafe fn zip_bytes(first: *const u8, second: *const u8, dst: *mut u8) {
        // SAFETY: the caller promises 8 readable bytes each and 16 writable ones.
        unsafe {
            let (first, second) = (first.cast::<[u8; 8]>().read(), second.cast::<[u8; 8]>().read());
            let pairs: [[u8; 2]; 8] = std::array::from_fn(|i| [first[i], second[i]]);
            dst.cast::<[[u8; 2]; 8]>().write(pairs);
        }
    }

    #[inline(always)]
    unsafe fn interleave_planes(luma: *const u8, chroma: *const u8, dst: *mut u8) {
        // SAFETY: the caller promises 16 readable bytes each and 64 writable ones.
        unsafe {
            let (luma, chroma) =
                (luma.cast::<[u8; 16]>().read(), chroma.cast::<[[u8; 2]; 8]>().read());
            let pixels: [[u8; 4]; 16] = std::array::from_fn(|i| {
                let [u, v] = chroma[i / 2];
                [u, v, luma[i], 255]
            });
            dst.cast::<[[u8; 4]; 16]>().write(pixels);
        }
    }

    #[inline(always)]
    fn dot(self, other: Self) -> Self {
        self.zip(other, |a, b| {
            let ([a0, a1], [b0, b1]) = (Self::halves(a), Self::halves(b));
            (a0 * b0).wrapping_add(a1 * b1)
        })
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.zip(other, i32::wrapping_add)
    }

    #[inline(always)]
    fn shift_left<const BITS: u32>(self) -> Self {
        Self(self.0.map(|lane| lane << BITS))
    }

    #[inline(always)]
    fn shift_right<const BITS: u32>(self) -> Self {
        Self(self.0.map(|lane| lane >> BITS))
    }

    #[inline(always)]
    fn to_floats(self) -> Scalar {
        Scalar(self.0.map(|lane| lane as f32))
    }
}
