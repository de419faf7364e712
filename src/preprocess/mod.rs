//! From a picture of any size to a network's input.

/// How pixels are weighed in a resize.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interpolation {
    /// Triangle filter, one pixel to each side.
    Bilinear,
    /// Keys' cubic convolution with a = -0.5, two pixels to each side.
    Bicubic,
}

/// What a checkpoint expects to be done to a picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Preprocessing {
    /// Length of the picture's shorter side after the resize, in pixels; the other side follows.
    pub resize_short_side: usize,
    /// Side of the square that is cut from the centre, in pixels: the network's resolution.
    pub crop: usize,
    /// Filter of the resize.
    pub interpolation: Interpolation,
    /// Subtracted from red, green and blue, which run from 0 to 1.
    pub mean: [f32; 3],
    /// Red, green and blue are divided by these after the subtraction.
    pub std: [f32; 3],
}
