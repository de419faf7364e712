//! The activations as functions of real numbers. `src/kernels/epilogue.rs` has them for vectors.

use serde::Serialize;

/// What is applied to a convolution's output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Activation {
    /// None, as after V2's linear bottleneck.
    Linear,
    /// `max(x, 0)`.
    Relu,
    /// `min(max(x, 0), 6)`.
    Relu6,
    /// `x * relu6(x + 3) / 6`.
    HardSwish,
    /// `relu6(x + 3) / 6`: the gate of squeeze-and-excite.
    HardSigmoid,
}

impl Activation {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Linear, Self::Relu, Self::Relu6, Self::HardSwish, Self::HardSigmoid];

    /// Its name in files: `hard-swish`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Linear => "linear",
            Self::Relu => "relu",
            Self::Relu6 => "relu6",
            Self::HardSwish => "hard-swish",
            Self::HardSigmoid => "hard-sigmoid",
        }
    }

    /// Whether it has negative values.
    #[must_use]
    pub fn is_signed(self) -> bool {
        match self {
            Self::Linear | Self::HardSwish => true,
            Self::Relu | Self::Relu6 | Self::HardSigmoid => false,
        }
    }

    /// Its value at `x`.
    #[must_use]
    pub fn value(self, x: f64) -> f64 {
        let relu6 = |x: f64| x.clamp(0.0, 6.0);
        match self {
            Self::Linear => x,
            Self::Relu => x.max(0.0),
            Self::Relu6 => relu6(x),
            Self::HardSwish => x * relu6(x + 3.0) / 6.0,
            Self::HardSigmoid => relu6(x + 3.0) / 6.0,
        }
    }

    /// Its derivative at `x`; at a kink, the derivative from the right.
    #[must_use]
    pub fn slope(self, x: f64) -> f64 {
        let inside = |range: std::ops::Range<f64>| f64::from(u8::from(range.contains(&x)));
        match self {
            Self::Linear => 1.0,
            Self::Relu => inside(0.0..f64::INFINITY),
            Self::Relu6 => inside(0.0..6.0),
            Self::HardSwish if x >= 3.0 => 1.0,
            Self::HardSwish => inside(-3.0..3.0) * (2.0 * x + 3.0) / 6.0,
            Self::HardSigmoid => inside(-3.0..3.0) / 6.0,
        }
    }

    /// Bounds of the values that the kernels' `f32` arithmetic gives for sums from `low` to `high`. They may be wider than
    /// need be, but they are equal only if all these sums give the same value.
    #[inline(never)]
    pub(crate) fn range(self, low: f64, high: f64) -> (f64, f64) {
        let (least, most) = match self {
            Self::Linear => return (low, high),
            Self::Relu => (0.0, f64::INFINITY),
            Self::Relu6 => (0.0, 6.0),
            // Of any sum.
            Self::HardSigmoid => return (0.0, 1.0),
            // A little below -3, a rounded `x / 6 + 1 / 2` may still be above 0.
            Self::HardSwish if high <= -3.0 - 1e-5 => (0.0, 0.0),
            // The least value is that of -1.5. Apart from rounding, no value is above both `x` and 0.
            Self::HardSwish => {
                return (-0.376, high.max(0.0) * (1.0 + 2.0 * f64::from(f32::EPSILON)));
            }
        };
        (low.max(least).min(most), high.max(least).min(most))
    }

    /// He's factor (arXiv 1502.01852): if the weights before it have this many times the variance `1 / fan-in`, the
    /// layer's outputs have the variance of its inputs. It is 2 if the activation cuts off negative values.
    pub(crate) fn gain(self) -> f32 {
        match self {
            Self::Linear | Self::HardSigmoid => 1.0,
            Self::Relu | Self::Relu6 | Self::HardSwish => 2.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Activation;

    #[test]
    fn a_slope_is_the_limit_of_differences() {
        let mut random = fastrand::Rng::with_seed(2);
        for activation in Activation::ALL {
            for _ in 0..1000 {
                let x = random.f64() * 16.0 - 8.0;
                let near = 1e-6;
                let difference = (activation.value(x + near) - activation.value(x - near)) / 2e-6;
                let kinks = [-3.0, 0.0, 3.0, 6.0];
                if kinks.iter().all(|kink| (x - kink).abs() > near) {
                    let slope = activation.slope(x);
                    assert!((slope - difference).abs() < 1e-6, "{activation:?} at {x}: {slope}");
                }
            }
        }
    }

    #[test]
    fn a_range_holds_the_values() {
        let mut random = fastrand::Rng::with_seed(1);
        for activation in Activation::ALL {
            for _ in 0..1000 {
                let (a, b) = (random.f64() * 16.0 - 8.0, random.f64() * 16.0 - 8.0);
                let (low, high) = activation.range(a.min(b), a.max(b));
                let x = a + (b - a) * random.f64();
                let value = activation.value(x);
                assert!(low <= value && value <= high, "{activation:?} of {x}: {value}");
            }
        }
    }
}
