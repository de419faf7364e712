//! Activations over many values, to measure their cost without that of a kernel's sums. In a network they are a kernel's
//! last step, in [`super::epilogue`].

use super::epilogue::{Clamp, Epilogue, Finish, HardSwish};
use crate::arch::Activation;
use crate::simd::{F32x4, LANES};

/// An activation whose cost can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Curve {
    /// `min(max(x, 0), 6)`.
    Relu6,
    /// `x * relu6(x + 3) / 6`.
    HardSwish,
    /// `x / (1 + exp(-x))`, which h-swish approximates.
    Swish,
}

impl Curve {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Relu6, Self::HardSwish, Self::Swish];

    /// Its name, as in [`Activation::name`], or `swish`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Relu6 => "relu6",
            Self::HardSwish => "hard-swish",
            Self::Swish => "swish",
        }
    }

    /// The curve of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|curve| curve.name() == name)
    }
}

/// Writes the curve's values at `input` to `output`.
///
/// # Panics
/// If their lengths differ or are no multiple of [`LANES`].
pub fn curve<V: F32x4>(curve: Curve, input: &[f32], output: &mut [f32]) {
    assert!(input.len() == output.len() && input.len().is_multiple_of(LANES));
    match curve {
        Curve::Relu6 => epilogue::<V, Clamp>(Activation::Relu6, input, output),
        Curve::HardSwish => epilogue::<V, HardSwish>(Activation::HardSwish, input, output),
        Curve::Swish => each::<V>(input, output, |x| swish(x)),
    }
}

/// Applies an epilogue to all values, as the kernels do to their sums.
fn epilogue<V: F32x4, E: Epilogue>(activation: Activation, input: &[f32], output: &mut [f32]) {
    let finish = Finish::new(activation);
    // SAFETY: `finish` lives until the end, and neither activation reads the output.
    each::<V>(input, output, |x| unsafe { E::finish(x, finish.constants(), std::ptr::null()) });
}

#[inline(always)]
fn each<V: F32x4>(input: &[f32], output: &mut [f32], f: impl Fn(V) -> V) {
    let (inputs, outputs) = (input.as_chunks::<LANES>().0, output.as_chunks_mut::<LANES>().0);
    for (from, to) in inputs.iter().zip(outputs) {
        // SAFETY: both are four values.
        unsafe { f(V::load(from.as_ptr())).store(to.as_mut_ptr()) }
    }
}

/// Beyond this `x`, `exp(-x)` is negligible beside 1, or 1 is negligible beside it.
const FAR: f32 = 20.0;

/// `exp(z)` is `exp(z / 64)` squared six times.
const SQUARINGS: usize = 6;

/// The Taylor coefficients of `exp` at 0, the last one first. The next term is at most 6e-8, which the squarings make 4e-6.
const TAYLOR: [f32; 7] = [1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0];

#[inline(always)]
fn swish<V: F32x4>(x: V) -> V {
    let z = x.max(V::splat(-FAR)).min(V::splat(FAR));
    let z = z.mul(V::splat(-1.0 / (1 << SQUARINGS) as f32));
    // SAFETY: references can be read.
    let mut terms = TAYLOR.iter().map(|term| unsafe { V::load_splat(term) });
    let first = terms.next().unwrap_or(z);
    let mut power = terms.fold(first, |sum, term| term.madd(sum, z));
    for _ in 0..SQUARINGS {
        power = power.mul(power);
    }
    x.div(V::splat(1.0).add(power))
}
