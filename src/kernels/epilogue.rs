//! What a kernel does with an output vector before it stores it.
//!
//! Constants are read from memory by a broadcasting load: written as literals, V8 builds them anew
//! (three instructions) each time they are used.

use crate::arch::Activation;
use crate::simd::F32x4;

/// An activation's constants, as [`Epilogue::finish`] reads them.
pub type Constants = [f32; 4];

/// The last step of a kernel, chosen at compile time.
pub trait Epilogue {
    /// The value to store for the sum `x`.
    ///
    /// # Safety
    /// `constants` points to the four values of [`constants`]; `output` to the four values that the
    /// result will replace.
    unsafe fn finish<V: F32x4>(x: V, constants: *const f32, output: *const f32) -> V;
}

/// `min(max(x, low), high)`: linear, ReLU and ReLU6.
pub enum Clamp {}
/// `x * relu6(x + 3) / 6` (V3, section 5.2).
pub enum HardSwish {}
/// `relu6(x + 3) / 6`, computed as `min(max(x / 6 + 1/2, 0), 1)`: one operation less where they are fused.
pub enum HardSigmoid {}
/// Adds the sum to what the output holds: the block's input, for a residual in place.
pub enum Accumulate {}

impl Epilogue for Clamp {
    #[inline(always)]
    unsafe fn finish<V: F32x4>(x: V, constants: *const f32, _output: *const f32) -> V {
        // SAFETY: the caller's promise.
        let (low, high) = unsafe { (V::load_splat(constants), V::load_splat(constants.add(1))) };
        x.max(low).min(high)
    }
}

impl Epilogue for HardSigmoid {
    #[inline(always)]
    unsafe fn finish<V: F32x4>(x: V, constants: *const f32, _output: *const f32) -> V {
        // SAFETY: the caller's promise.
        let [low, high, half, sixth] =
            unsafe { [0, 1, 2, 3].map(|i| V::load_splat(constants.add(i))) };
        half.madd(x, sixth).max(low).min(high)
    }
}

impl Epilogue for HardSwish {
    #[inline(always)]
    unsafe fn finish<V: F32x4>(x: V, constants: *const f32, output: *const f32) -> V {
        // SAFETY: the caller's promise.
        x.mul(unsafe { HardSigmoid::finish(x, constants, output) })
    }
}

impl Epilogue for Accumulate {
    #[inline(always)]
    unsafe fn finish<V: F32x4>(x: V, _constants: *const f32, output: *const f32) -> V {
        // SAFETY: the caller's promise.
        x.add(unsafe { V::load(output) })
    }
}

/// The constants of an activation.
#[must_use]
pub const fn constants(activation: Activation) -> Constants {
    match activation {
        Activation::Linear => [f32::NEG_INFINITY, f32::INFINITY, 0.0, 0.0],
        Activation::Relu => [0.0, f32::INFINITY, 0.0, 0.0],
        Activation::Relu6 => [0.0, 6.0, 0.0, 0.0],
        Activation::HardSwish | Activation::HardSigmoid => [0.0, 1.0, 0.5, 1.0 / 6.0],
    }
}
