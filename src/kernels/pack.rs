//! Packs weights in the order in which the kernels read them. Every function fails with [`Error::OutOfMemory`] only.

use super::layout::{BLOCK, blocks};
use super::{convolution, dense, int8, pointwise, stem};
use crate::buffer::Buffer;
use crate::error::Error;

/// Packs panels `[out / 8]{bias[8]; weight[depth][8]}`; `at(out, k)` is the weight of input `k`.
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

/// Packs the panels of a 1x1 convolution or a dense layer with `weight` of shape `[out][in]`.
pub fn pointwise(weight: &[f32], bias: &[f32]) -> Result<Buffer, Error> {
    let depth = weight.len() / bias.len();
    panels(bias, depth, |out, k| weight[out * depth + k])
}

/// Packs the panels of the stem with `weight` of shape `[out][rgb][ky][kx]`; the depth of a panel is `[ky][kx][rgb]`.
pub fn stem(weight: &[f32], bias: &[f32]) -> Result<Buffer, Error> {
    panels(bias, stem::DEPTH, |out, k| {
        let (tap, rgb) = (k / stem::RGB, k % stem::RGB);
        weight[out * stem::DEPTH + rgb * 9 + tap]
    })
}

/// Packs the panels of a full convolution with `weight` of shape `[out][in][ky][kx]`; the depth of a panel is
/// `[in / 8][ky][kx][8]`, with zeros for padding channels.
pub fn convolution(weight: &[f32], bias: &[f32], kernel: usize) -> Result<Buffer, Error> {
    let taps = kernel * kernel;
    let in_channels = weight.len() / (bias.len() * taps);
    panels(bias, convolution::depth(in_channels, kernel), |out, k| {
        let (channel, tap) = (k / (taps * BLOCK) * BLOCK + k % BLOCK, k / BLOCK % taps);
        if channel < in_channels { weight[(out * in_channels + channel) * taps + tap] } else { 0.0 }
    })
}

/// Packs the panels of a depthwise convolution with `weight` of shape `[channel][ky][kx]`; the depth of a panel is
/// `[ky][kx]`.
pub fn depthwise(weight: &[f32], bias: &[f32], kernel: usize) -> Result<Buffer, Error> {
    let taps = kernel * kernel;
    panels(bias, taps, |channel, tap| weight[channel * taps + tap])
}

/// The largest weight in an integer of 16 bits.
const WORDS: f32 = 32767.0;

/// Packs the panels `{bias[8]; scale[8]; weight[in][8]}` of a dense layer with `weight` of shape `[out][in]`, whose
/// weights become integers of 16 bits. The weight of largest magnitude in an output becomes 32767 or -32767.
pub fn words(weight: &[f32], bias: &[f32]) -> Result<Buffer, Error> {
    let depth = weight.len() / bias.len();
    let length = dense::words_panel(depth) * size_of::<f32>();
    let mut packed = Buffer::zeros(blocks(bias.len()) * dense::words_panel(depth))?;
    for (out, (row, &bias)) in weight.chunks_exact(depth).zip(bias).enumerate() {
        let panel = &mut packed.as_bytes_mut()[out / BLOCK * length..][..length];
        let (scale, inverse) = scales(row, WORDS);
        write_head(panel, out, [bias, scale]);
        let weights =
            &mut panel[2 * BLOCK * size_of::<f32>()..].as_chunks_mut::<2>().0[out % BLOCK..];
        for (place, weight) in weights.iter_mut().step_by(BLOCK).zip(row) {
            *place = ((weight * inverse).round_ties_even() as i16).to_ne_bytes();
        }
    }
    Ok(packed)
}

/// Packs the panels of a 1x1 convolution on 8 bits with `weight` of shape `[out][in]`: see [`super::int8`] and
/// [`quantise`].
pub fn int8(weight: &[f32], bias: &[f32]) -> Result<Buffer, Error> {
    let depth = weight.len() / bias.len();
    let length = int8::panel(depth);
    let mut packed = Buffer::zeros(blocks(bias.len()) * length / size_of::<f32>())?;
    let bytes = packed.as_bytes_mut();
    for panel in bytes.chunks_exact_mut(length) {
        panel[int8::ONES..int8::HEAD].as_chunks_mut().0.fill(1i16.to_ne_bytes());
    }
    for (out, (row, &bias)) in weight.chunks_exact(depth).zip(bias).enumerate() {
        let (scale, weights) = quantise(row);
        let panel = &mut bytes[out / BLOCK * length..][..length];
        let mut sum = 0;
        for (channel, weight) in weights.enumerate() {
            let k = channel / BLOCK * BLOCK + int8::place(channel);
            let at = (k / int8::GROUP * BLOCK + out % BLOCK) * int8::GROUP + k % int8::GROUP;
            panel[int8::HEAD + at] = weight as u8;
            sum += i32::from(weight);
        }
        write_head(panel, out, [scale, scale * sum as f32, bias]);
    }
    Ok(packed)
}

/// The factors from integers of at most `most` to the weights of `row`, and back. The weight of largest magnitude becomes
/// `most` or its negative.
fn scales(row: &[f32], most: f32) -> (f32, f32) {
    let largest = row.iter().fold(0.0f32, |largest, weight| largest.max(weight.abs()));
    (largest / most, if largest > 0.0 { most / largest } else { 0.0 })
}

/// Writes the values of the output channel `out` at the start of its panel, each to a row of 8.
fn write_head<const ROWS: usize>(panel: &mut [u8], out: usize, values: [f32; ROWS]) {
    for (row, value) in values.into_iter().enumerate() {
        let at = (row * BLOCK + out % BLOCK) * size_of::<f32>();
        panel[at..][..size_of::<f32>()].copy_from_slice(&value.to_ne_bytes());
    }
}

/// The scale and the bytes of an output channel's weights. The weight of largest magnitude becomes 127 or -127.
pub fn quantise(row: &[f32]) -> (f32, impl Iterator<Item = i8>) {
    let (scale, inverse) = scales(row, int8::WEIGHTS);
    (scale, rounded(row, inverse))
}

/// Multiplies the weights of `row` by `inverse`, which brings them into -127 to 127, and rounds them so that their sum
/// changes by about a half at most. After ReLU all inputs have the same sign, so a nonzero sum of the rounding errors
/// would act as a bias. To correct the sum, the weights closest to the middle between two integers round the other way.
fn rounded(row: &[f32], inverse: f32) -> impl Iterator<Item = i8> {
    const CLASSES: usize = 64;
    let errors =
        row.iter().map(move |weight| weight * inverse - (weight * inverse).round_ties_even());
    let error: f32 = errors.clone().sum();
    let sign = error.signum();
    // Sorts errors with the sum's sign into classes; the highest class is closest to the middle.
    let class = move |error: f32| (error * sign * (2 * CLASSES - 1) as f32) as usize;
    let mut counts = [0; CLASSES];
    for error in errors.filter(|error| error * sign > 0.0) {
        counts[class(error)] += 1;
    }
    let mut others = error.abs().round() as usize;
    let (mut least, mut found) = (CLASSES, 0);
    while least > 0 && found < others {
        least -= 1;
        found += counts[least];
    }
    row.iter().map(move |weight| {
        let (exact, nearest) = (weight * inverse, (weight * inverse).round_ties_even());
        let error = exact - nearest;
        if others > 0 && error * sign > 0.0 && class(error) >= least {
            others -= 1;
            return (nearest + sign).clamp(-int8::WEIGHTS, int8::WEIGHTS) as i8;
        }
        nearest as i8
    })
}
