//! The position of a filter on a map.

use crate::arch::Padding;

/// The geometry of a convolution: a square filter that moves over a map. All values are in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Side of the filter.
    pub kernel: usize,
    /// Distance between the inputs of neighbouring outputs.
    pub stride: usize,
    /// Padding above the input.
    pub above: usize,
    /// Padding left of the input.
    pub left: usize,
    /// Input height.
    pub height: usize,
    /// Input width.
    pub width: usize,
    /// Output height.
    pub output_height: usize,
    /// Output width.
    pub output_width: usize,
}

impl Window {
    /// A filter of `kernel` x `kernel` that moves by `stride` over a map of `height` x `width`.
    #[must_use]
    pub fn new(
        padding: Padding,
        kernel: usize,
        stride: usize,
        height: usize,
        width: usize,
    ) -> Self {
        Self {
            kernel,
            stride,
            above: padding.before(height, kernel, stride),
            left: padding.before(width, kernel, stride),
            height,
            width,
            output_height: padding.output(height, stride),
            output_width: padding.output(width, stride),
        }
    }

    /// Pixels of the input.
    #[must_use]
    pub fn pixels(&self) -> usize {
        self.height * self.width
    }

    /// Pixels of the output.
    #[must_use]
    pub fn output_pixels(&self) -> usize {
        self.output_height * self.output_width
    }
}
