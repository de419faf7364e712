//! What a kernel does to an output vector before it stores it: the activation, or the residual. Kernels compute
//! activations only here.
//!
//! A broadcasting load reads the constants from memory, because V8 takes three instructions to build a literal, and
//! repeats them at each use.

use crate::arch::Activation;
use crate::simd::F32x4;

/// An activation with its constants.
#[derive(Clone, Copy, Debug)]
pub struct Finish {
    /// What is applied to the sums.
    pub activation: Activation,
    constants: [f32; 4],
}

impl Finish {
    /// The epilogue of `activation`.
    #[must_use]
    pub const fn new(activation: Activation) -> Self {
        let constants = match activation {
            Activation::Linear => [f32::NEG_INFINITY, f32::INFINITY, 0.0, 0.0],
            Activation::Relu => [0.0, f32::INFINITY, 0.0, 0.0],
            Activation::Relu6 => [0.0, 6.0, 0.0, 0.0],
            Activation::HardSwish | Activation::HardSigmoid => [0.0, 1.0, 0.5, 1.0 / 6.0],
        };
        Self { activation, constants }
    }

    /// The four constants for [`Epilogue::finish`]. The pointer is valid until this value is moved or dropped.
    #[must_use]
    pub const fn constants(&self) -> *const f32 {
        self.constants.as_ptr()
    }
}

/// Evaluates `$call` with `$epilogue` as the [`Epilogue`] for the activation of `$finish`. A `convolution` kernel has
/// no code for hard-sigmoid, which only the dense layers of squeeze-and-excite use: it would make each kernel a quarter
/// larger.
macro_rules! with_epilogue {
    (dense, $finish:expr, $epilogue:ident => $call:expr) => {
        with_epilogue!(@match $finish, $epilogue => $call, {
            type $epilogue = $crate::kernels::epilogue::HardSigmoid;
            $call
        })
    };
    (convolution, $finish:expr, $epilogue:ident => $call:expr) => {
        with_epilogue!(@match $finish, $epilogue => $call, {
            unreachable!("Network::check allows hard-sigmoid in dense layers on floats only")
        })
    };
    (@match $finish:expr, $epilogue:ident => $call:expr, $gate:block) => {
        match $finish.activation {
            $crate::arch::Activation::Linear
            | $crate::arch::Activation::Relu
            | $crate::arch::Activation::Relu6 => {
                type $epilogue = $crate::kernels::epilogue::Clamp;
                $call
            }
            $crate::arch::Activation::HardSwish => {
                type $epilogue = $crate::kernels::epilogue::HardSwish;
                $call
            }
            $crate::arch::Activation::HardSigmoid => $gate,
        }
    };
}
pub(super) use with_epilogue;

/// The last step of a kernel, chosen at compile time.
pub trait Epilogue {
    /// Returns the value to store for the sum `x`.
    ///
    /// # Safety
    /// `constants` comes from [`Finish::constants`] and is still valid; `output` points to the four values that the
    /// result replaces.
    unsafe fn finish<V: F32x4>(x: V, constants: *const f32, output: *const f32) -> V;
}

/// `min(max(x, low), high)`: linear, ReLU and ReLU6.
pub enum Clamp {}
/// `x * relu6(x + 3) / 6` (V3, section 5.2).
pub enum HardSwish {}
/// `relu6(x + 3) / 6`, computed as `min(max(x / 6 + 1/2, 0), 1)`: one operation less with a fused multiply-add.
pub enum HardSigmoid {}
/// Adds the sum to the value in the output, which is the block's input: the residual, in place.
pub enum Accumulate {}

impl Epilogue for Clamp {
    #[inline(always)]
    unsafe fn finish<V: F32x4>(x: V, constants: *const f32, _output: *const f32) -> V {
        // SAFETY: there are four constants.
        let (low, high) = unsafe { (V::load_splat(constants), V::load_splat(constants.add(1))) };
        x.max(low).min(high)
    }
}

impl Epilogue for HardSigmoid {
    #[inline(always)]
    unsafe fn finish<V: F32x4>(x: V, constants: *const f32, _output: *const f32) -> V {
        // SAFETY: there are four constants.
        let (low, high, half, sixth) = unsafe {
            (
                V::load_splat(constants),
                V::load_splat(constants.add(1)),
                V::load_splat(constants.add(2)),
                V::load_splat(constants.add(3)),
            )
        };
        half.madd(x, sixth).max(low).min(high)
    }
}

impl Epilogue for HardSwish {
    #[inline(always)]
    unsafe fn finish<V: F32x4>(x: V, constants: *const f32, output: *const f32) -> V {
        // SAFETY: there are four constants, and `output` points to four values.
        x.mul(unsafe { HardSigmoid::finish(x, constants, output) })
    }
}

impl Epilogue for Accumulate {
    #[inline(always)]
    unsafe fn finish<V: F32x4>(x: V, _constants: *const f32, output: *const f32) -> V {
        // SAFETY: `output` points to four values.
        x.add(unsafe { V::load(output) })
    }
}
