//! A layer's packed weights, in the order in which its kernel reads them.

use super::precision::{Precision, gains};
use crate::arch::{Activation, Conv, ConvKind};
use crate::buffer::Buffer;
use crate::error::Error;
use crate::kernels::epilogue::Finish;
use crate::kernels::layout::BLOCK;
use crate::kernels::{dense, pack, pointwise};
use crate::weights::FoldedConv;

/// How a layer's weights are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `f32`.
    Floats,
    /// Integers of 16 bits, of a dense layer: see [`pack::words`].
    Words,
    /// Integers of 8 bits, of a pointwise convolution: see [`pack::int8`].
    Bytes,
}

impl Format {
    fn of(conv: &Conv, precision: Precision) -> Self {
        match (precision, conv.kind) {
            // Gates have few weights.
            (Precision::Int8, ConvKind::Dense) if conv.activation != Activation::HardSigmoid => {
                Self::Words
            }
            (Precision::Int8, ConvKind::Pointwise) if gains(conv) => Self::Bytes,
            (Precision::F32 | Precision::Int8, _) => Self::Floats,
        }
    }
}

/// A convolution or dense layer with its packed weights. A plan and its inspector share them.
#[derive(Debug)]
pub struct Packed {
    /// The layer.
    pub conv: Conv,
    /// See [`pack`].
    pub weights: Buffer,
    /// How its weights are stored.
    pub format: Format,
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
        let format = Format::of(conv, precision);
        let weights = match format {
            Format::Bytes => pack::int8(weight, bias),
            Format::Words => pack::words(weight, bias),
            Format::Floats => match conv.kind {
                ConvKind::Stem => pack::stem(weight, bias),
                ConvKind::Convolution => pack::convolution(weight, bias, conv.kernel),
                ConvKind::Depthwise => pack::depthwise(weight, bias, conv.kernel),
                ConvKind::Pointwise | ConvKind::Dense => pack::pointwise(weight, bias),
            },
        }?;
        Ok(Self { conv: *conv, weights, format, finish: Finish::new(conv.activation) })
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
        let (inputs, column) = (self.conv.in_channels, output % BLOCK);
        let words = self.format == Format::Words;
        let length = if words { dense::words_panel(inputs) } else { pointwise::panel(inputs) };
        let panel = &self.weights[output / BLOCK * length..][..length];
        let weight = move |k: usize| {
            if !words {
                return panel[(k + 1) * BLOCK + column];
            }
            let at = k * BLOCK + column;
            let [a, b, c, d] = panel[2 * BLOCK + at / 2].to_ne_bytes();
            let word = i16::from_ne_bytes(if at.is_multiple_of(2) { [a, b] } else { [c, d] });
            panel[BLOCK + column] * f32::from(word)
        };
        (panel[column], (0..inputs).map(weight))
    }
}
