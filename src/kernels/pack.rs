//! Weights in the order in which the kernels read them. [`Error::OutOfMemory`] where there is no memory for them.

use super::layout::{BLOCK, blocks};
use super::{convolution, depthwise, pointwise, stem};
use crate::buffer::Buffer;
use crate::error::Error;

/// Panels `[out / 8]{bias[8]; weight[depth][8]}` of weights that `at(out, depth)` gives.
fn panels(bias: &[f32], depth: usize, at: impl Fn(usize, usize) -> f32) -> Result<Buffer, Error> {
    let mut packed = Buffer::zeros(blocks(bias.len()) * pointwise::panel(depth))?;
    for (out, &bias) in bias.iter().enumerate() {
        let base = out / BLOCK * pointwise::panel(depth) + out % BLOCK;
        packed[base] = bias;
        for k in 0..depth {
            packed[base + (k + 1) * BLOCK] = at(out, k);
        }
    }
    Ok(packed)
}

/// Panels of a 1x1 convolution or a dense layer, `weight` being `[out][in]`.
pub fn pointwise(weight: &[f32], bias: &[f32]) -> Result<Buffer, Error> {
    let depth = weight.len() / bias.len();
    panels(bias, depth, |out, k| weight[out * depth + k])
}

/// Panels of the stem, `weight` being `[out][rgb][ky][kx]`; a panel's depth runs over `[ky][kx][rgb]`.
pub fn stem(weight: &[f32], bias: &[f32]) -> Result<Buffer, Error> {
    panels(bias, stem::DEPTH, |out, k| {
        let (tap, rgb) = (k / stem::RGB, k % stem::RGB);
        weight[out * stem::DEPTH + rgb * 9 + tap]
    })
}

/// Panels of a full convolution, `weight` being `[out][in][ky][kx]`; a panel's depth runs over
/// `[in / 8][ky][kx][8]`, with zeros for padding channels.
pub fn convolution(weight: &[f32], bias: &[f32], kernel: usize) -> Result<Buffer, Error> {
    let taps = kernel * kernel;
    let in_channels = weight.len() / (bias.len() * taps);
    panels(bias, convolution::depth(in_channels, kernel), |out, k| {
        let (channel, tap) = (k / (taps * BLOCK) * BLOCK + k % BLOCK, k / BLOCK % taps);
        if channel < in_channels { weight[(out * in_channels + channel) * taps + tap] } else { 0.0 }
    })
}

/// `[channels / 8][2]{bias[4]; tap[kernel * kernel][4]}` of a depthwise convolution, `weight` being
/// `[channel][ky][kx]`.
pub fn depthwise(weight: &[f32], bias: &[f32], kernel: usize) -> Result<Buffer, Error> {
    let taps = kernel * kernel;
    let half = depthwise::half(kernel);
    let mut packed = Buffer::zeros(blocks(bias.len()) * 2 * half)?;
    for (channel, &bias) in bias.iter().enumerate() {
        let base = channel / depthwise::HALF * half + channel % depthwise::HALF;
        packed[base] = bias;
        for tap in 0..taps {
            packed[base + (tap + 1) * depthwise::HALF] = weight[channel * taps + tap];
        }
    }
    Ok(packed)
}
