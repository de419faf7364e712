//! Activations by themselves, over many values. In a network they are a kernel's last step, in [`super::epilogue`]; here
//! their cost can be told from that of the sums.

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
    /// `x / (1 + exp(-x))`, what h-swish stands in for.
    Swish,
}

impl Curve {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Relu6, Self::HardSwish, Self::Swish];

    /// As [`Activation`]s are written, and `swish`.
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
/// Where the two differ in length, or it is no multiple of [`LANES`].
pub fn curve<V: F32x4>(curve: Curve, input: &[f32], output: &mut [f32]) {
    assert!(input.len() == output.len() && input.len().is_multiple_of(LANES));
    match curve {
        Curve::Relu6 => epilogue::<V, Clamp>(Activation::Relu6, input, output),
        Curve::HardSwish => epilogue::<V, HardSwish>(Activation::HardSwish, input, output),
        Curve::Swish => each::<V>(input, output, |x| swish(x)),
    }
}

/// What the kernels do with their sums.
fn epilogue<V: F32x4, E: Epilogue>(activation: Activation, input: &[f32], output: &mut [f32]) {
    let finish = Finish::new(activation);
    // SAFETY: `finish` stands until the end, and neither activation reads what the result will replace.
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

/// From here on `exp(-x)` is none to speak of, or all that counts.
const FAR: f32 = 20.0;

/// `exp(z)` is `exp(z / 64)` squared six times.
const SQUARINGS: usize = 6;

/// Of `exp` at 0, the last first. The one after them is 6e-8 at most, 4e-6 after the squarings.
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
