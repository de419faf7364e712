//! A layer's packed weights, in the order in which its kernel reads them.

use super::precision::{Precision, gains};
use crate::arch::{Conv, ConvKind};
use crate::buffer::Buffer;
use crate::error::Error;
use crate::kernels::epilogue::Finish;
use crate::kernels::layout::BLOCK;
use crate::kernels::{pack, pointwise};
use crate::weights::FoldedConv;

/// A convolution or dense layer with its packed weights. A plan and its inspector share them.
#[derive(Debug)]
pub struct Packed {
    /// The layer.
    pub conv: Conv,
    /// See [`pack`].
    pub weights: Buffer,
    /// Whether the weights are bytes.
    pub int8: bool,
    /// What is applied to the output.
    pub finish: Finish,
}

impl Packed {
    /// Packs the weights of `conv`, whose lengths the caller has checked. They become bytes if `precision` asks for it
    /// and the layer gets faster by it.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`].
    pub fn new(
        conv: &Conv,
        FoldedConv { weight, bias }: &FoldedConv,
        precision: Precision,
    ) -> Result<Self, Error> {
        let int8 = precision == Precision::Int8 && gains(conv);
        let weights = match conv.kind {
            ConvKind::Pointwise if int8 => pack::int8(weight, bias),
            ConvKind::Stem => pack::stem(weight, bias),
            ConvKind::Convolution => pack::convolution(weight, bias, conv.kernel),
            ConvKind::Depthwise => pack::depthwise(weight, bias, conv.kernel),
            ConvKind::Pointwise | ConvKind::Dense => pack::pointwise(weight, bias),
        }?;
        Ok(Self { conv: *conv, weights, int8, finish: Finish::new(conv.activation) })
    }

    /// Pointer to the packed weights.
    pub fn as_ptr(&self) -> *const f32 {
        self.weights.as_ptr()
    }

    /// Bias and filter, row by row, of one channel of a depthwise convolution.
    pub fn filter(&self, channel: usize) -> (f32, impl Iterator<Item = f32>) {
        let taps = self.conv.kernel.pow(2);
        let panel = &self.weights[channel / BLOCK * pointwise::panel(taps)..];
        let mut column = panel.iter().skip(channel % BLOCK).step_by(BLOCK).copied();
        let bias = column.next().unwrap_or_default();
        (bias, column.take(taps))
    }

    /// Bias and weights of one output of a dense layer.
    pub fn dense_row(&self, output: usize) -> (f32, impl Iterator<Item = f32>) {
        let panel = &self.weights[output / BLOCK * pointwise::panel(self.conv.in_channels)..];
        let mut column = panel.iter().skip(output % BLOCK).step_by(BLOCK).copied();
        let bias = column.next().unwrap_or_default();
        (bias, column.take(self.conv.in_channels))
    }
}
