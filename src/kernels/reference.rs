//! The convolutions and activations again in plain loops and `f64`: slow, obviously right, what the tests compare with.
//!
//! Tensors are `[channels][height][width]`; inputs may be `f64` too, as the outputs are.

use crate::arch::Activation;

/// A convolution's shape.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Input channels.
    pub channels: usize,
    /// Input height in pixels.
    pub height: usize,
    /// Input width in pixels.
    pub width: usize,
    /// Side of the filter.
    pub kernel: usize,
    /// Distance between the outputs, in input pixels.
    pub stride: usize,
    /// Padding above the input.
    pub above: usize,
    /// Padding left of the input.
    pub left: usize,
    /// Output height in pixels.
    pub output_height: usize,
    /// Output width in pixels.
    pub output_width: usize,
}

/// `activation` of `x`.
#[must_use]
pub fn activate(activation: Activation, x: f64) -> f64 {
    let relu6 = |x: f64| x.clamp(0.0, 6.0);
    match activation {
        Activation::Linear => x,
        Activation::Relu => x.max(0.0),
        Activation::Relu6 => relu6(x),
        Activation::HardSwish => x * relu6(x + 3.0) / 6.0,
        Activation::HardSigmoid => relu6(x + 3.0) / 6.0,
    }
}

/// The sum of one filter over one channel at the output pixel (`y`, `x`).
fn filter<T: Copy + Into<f64>>(
    shape: &Shape,
    channel: &[T],
    taps: &[f32],
    y: usize,
    x: usize,
) -> f64 {
    let mut sum = 0.0;
    for ky in 0..shape.kernel {
        for kx in 0..shape.kernel {
            let row = (y * shape.stride + ky).checked_sub(shape.above);
            let column = (x * shape.stride + kx).checked_sub(shape.left);
            if let (Some(row), Some(column)) = (row, column)
                && row < shape.height
                && column < shape.width
            {
                let value: f64 = channel[row * shape.width + column].into();
                sum += value * f64::from(taps[ky * shape.kernel + kx]);
            }
        }
    }
    sum
}

/// A full convolution, `weight` being `[out][in][ky][kx]`.
#[must_use]
pub fn convolution<T: Copy + Into<f64>>(
    shape: &Shape,
    input: &[T],
    weight: &[f32],
    bias: &[f32],
    activation: Activation,
) -> Vec<f64> {
    let taps = shape.kernel * shape.kernel;
    let mut output = Vec::new();
    for (out, &bias) in bias.iter().enumerate() {
        for y in 0..shape.output_height {
            for x in 0..shape.output_width {
                let mut sum = f64::from(bias);
                for channel in 0..shape.channels {
                    let plane = &input[channel * shape.height * shape.width..];
                    let filter_taps = &weight[(out * shape.channels + channel) * taps..][..taps];
                    sum += filter(shape, plane, filter_taps, y, x);
                }
                output.push(activate(activation, sum));
            }
        }
    }
    output
}

/// A depthwise convolution, `weight` being `[channel][ky][kx]`.
#[must_use]
pub fn depthwise<T: Copy + Into<f64>>(
    shape: &Shape,
    input: &[T],
    weight: &[f32],
    bias: &[f32],
    activation: Activation,
) -> Vec<f64> {
    let taps = shape.kernel * shape.kernel;
    let mut output = Vec::new();
    for channel in 0..shape.channels {
        let plane = &input[channel * shape.height * shape.width..];
        for y in 0..shape.output_height {
            for x in 0..shape.output_width {
                let sum = f64::from(bias[channel])
                    + filter(shape, plane, &weight[channel * taps..][..taps], y, x);
                output.push(activate(activation, sum));
            }
        }
    }
    output
}
