//! The memory layout of activations: blocks of 8 channels, `[channels / 8][pixels][8]`.
//!
//! Pixels are flattened row by row, without a border. Within a block the 8 channels of a pixel are adjacent, so that
//! the pointwise kernel reads its input in order, the depthwise kernel moves along a row in steps of 32 bytes, and both
//! write whole vectors. In NHWC a depthwise kernel steps `channels x 4` bytes, and ran 3 to 5 times slower at 256
//! channels and more. Every channel count of the papers is a multiple of 8; others are padded with zeros.

/// Channels per block, adjacent in memory.
pub const BLOCK: usize = 8;

/// Number of blocks that hold `channels` channels.
#[must_use]
pub const fn blocks(channels: usize) -> usize {
    channels.div_ceil(BLOCK)
}

/// Values from one block of `pixels` pixels to the next.
///
/// `pixels * 8`, rounded up to an odd number of cache lines, which spreads the blocks of one pixel over the cache sets:
/// 112 x 112 pixels are exactly 98 pages, and the pointwise kernel, which reads one pixel of every block, would meet
/// the same sets again and again.
#[must_use]
pub const fn plane(pixels: usize) -> usize {
    let lines = (pixels * BLOCK).div_ceil(crate::buffer::LINE);
    (lines | 1) * crate::buffer::LINE
}

/// Number of values of a tensor of `channels` x `pixels` in this layout.
#[must_use]
pub const fn tensor(channels: usize, pixels: usize) -> usize {
    blocks(channels) * plane(pixels)
}

/// Converts `[channels][pixels]` values to blocks; padding channels become zero.
pub fn to_blocks(planar: &[f32], channels: usize, pixels: usize, blocked: &mut [f32]) {
    blocked.fill(0.0);
    for channel in 0..channels {
        let base = channel / BLOCK * plane(pixels) + channel % BLOCK;
        for pixel in 0..pixels {
            blocked[base + pixel * BLOCK] = planar[channel * pixels + pixel];
        }
    }
}

/// Converts blocks to `[channels][pixels]` values.
#[must_use]
pub fn from_blocks(blocked: &[f32], channels: usize, pixels: usize) -> Vec<f32> {
    let mut planar = Vec::with_capacity(channels * pixels);
    for channel in 0..channels {
        let base = channel / BLOCK * plane(pixels) + channel % BLOCK;
        planar.extend((0..pixels).map(|pixel| blocked[base + pixel * BLOCK]));
    }
    planar
}
