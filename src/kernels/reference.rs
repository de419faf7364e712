//! Reference convolutions for the tests: plain loops in `f64`, slow and obviously correct.
//!
//! Tensors are `[channels][height][width]`. Inputs are `f32` or `f64`, outputs are `f64`.

use super::Window;
use crate::arch::Activation;

/// The sum of one filter over one channel at the output pixel (`y`, `x`).
fn filter<T: Copy + Into<f64>>(
    window: &Window,
    channel: &[T],
    taps: &[f32],
    y: usize,
    x: usize,
) -> f64 {
    let mut sum = 0.0;
    for ky in 0..window.kernel {
        for kx in 0..window.kernel {
            let row = (y * window.stride + ky).checked_sub(window.above);
            let column = (x * window.stride + kx).checked_sub(window.left);
            if let (Some(row), Some(column)) = (row, column)
                && row < window.height
                && column < window.width
            {
                let value: f64 = channel[row * window.width + column].into();
                sum += value * f64::from(taps[ky * window.kernel + kx]);
            }
        }
    }
    sum
}

/// A full convolution over all channels of `input`, with `weight` of shape `[out][in][ky][kx]`.
#[must_use]
pub fn convolution<T: Copy + Into<f64>>(
    window: &Window,
    input: &[T],
    weight: &[f32],
    bias: &[f32],
    activation: Activation,
) -> Vec<f64> {
    let channels = input.len() / window.pixels();
    let taps = window.kernel * window.kernel;
    let mut output = Vec::new();
    for (out, &bias) in bias.iter().enumerate() {
        for y in 0..window.output_height {
            for x in 0..window.output_width {
                let mut sum = f64::from(bias);
                for channel in 0..channels {
                    let plane = &input[channel * window.pixels()..];
                    let filter_taps = &weight[(out * channels + channel) * taps..][..taps];
                    sum += filter(window, plane, filter_taps, y, x);
                }
                output.push(activation.value(sum));
            }
        }
    }
    output
}

/// A depthwise convolution with `weight` of shape `[channel][ky][kx]`.
#[must_use]
pub fn depthwise<T: Copy + Into<f64>>(
    window: &Window,
    input: &[T],
    weight: &[f32],
    bias: &[f32],
    activation: Activation,
) -> Vec<f64> {
    let taps = window.kernel * window.kernel;
    let mut output = Vec::new();
    for channel in 0..bias.len() {
        let plane = &input[channel * window.pixels()..];
        for y in 0..window.output_height {
            for x in 0..window.output_width {
                let sum = f64::from(bias[channel])
                    + filter(window, plane, &weight[channel * taps..][..taps], y, x);
                output.push(activation.value(sum));
            }
        }
    }
    output
}
