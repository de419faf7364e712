//! Convolutions and dense layers.

use super::{Lowering, Map};
use crate::arch::{Activation, Conv, ConvKind, Padding};
use crate::error::Error;
use crate::weights::format::tflite::{Fused, Operator, operators as op};
use crate::weights::graph::node::{ConvNode, NodeKind};

/// The most values of a map: 128 MiB. The largest map of V2 at width 4 and 320 pixels has a third of it.
const MAX_MAP: usize = 1 << 25;

impl<'f> Lowering<'f> {
    pub(super) fn convolution(&mut self, operator: Operator<'f>) -> Result<Map, Error> {
        let input = self.map(operator, 0)?;
        let weight = self.constant(operator, 1)?;
        let filter = self.graph.tensor(weight)?;
        let dense = operator.code == op::FULLY_CONNECTED;
        let depthwise = operator.code == op::DEPTHWISE_CONV_2D;
        let (in_channels, out_channels, kernel) = match *filter.shape() {
            [1, height, width, channels] if depthwise && height == width => {
                (channels, channels, height)
            }
            [outputs, height, width, inputs] if !depthwise && !dense && height == width => {
                (inputs, outputs, height)
            }
            [outputs, inputs] if dense => (inputs, outputs, 1),
            _ => {
                return Err(self.misfit(format!("its filter's shape is {:?}", filter.shape())));
            }
        };
        if !(1..=5).contains(&kernel) {
            return Err(self.misfit(format!("a {kernel}x{kernel} filter")));
        }
        if in_channels != input.channels {
            let reason = format!("its filter has {in_channels} channels, not {}", input.channels);
            return Err(self.misfit(reason));
        }
        let (stride, fused) = if dense {
            if !input.pooled || !operator.plain_weights()? {
                return Err(self.misfit("expected only after pooling, with plain weights"));
            }
            (1, operator.fused()?)
        } else {
            self.window(operator, kernel, &input)?
        };
        let kind = match () {
            () if depthwise => ConvKind::Depthwise,
            () if input.pooled => ConvKind::Dense,
            () if kernel == 1 => ConvKind::Pointwise,
            () if matches!(self.nodes[input.node].kind, NodeKind::Input(_)) => ConvKind::Stem,
            () => ConvKind::Convolution,
        };
        self.runs(kind, kernel, stride)?;
        let size = input.size.div_ceil(stride);
        if size.saturating_mul(size).saturating_mul(out_channels) > MAX_MAP {
            return Err(self.misfit(format!("a map of {size} x {size} x {out_channels}")));
        }
        let bias = self.bias(operator, out_channels)?;
        let bytes = filter.check()?;
        let Some(left) = self.weight_bytes.checked_sub(bytes) else {
            return Err(self.misfit("its weights are shared with other layers"));
        };
        self.weight_bytes = left;
        let activation = self.own_activation(fused)?;
        let conv =
            Conv { kind, kernel, stride, in_channels, out_channels, activation, batch_norm: false };
        let input_scale = match operator.input(0)? {
            Some(tensor) => self.graph.tensor(tensor)?.quantization()?,
            None => None,
        };
        let implied = self.implied(operator)?;
        let node = self.push(NodeKind::Conv(ConvNode {
            input: input.node,
            conv,
            implied,
            weight,
            bias,
            shift: 0.0,
            input_scale: input_scale.map_or(0.0, |quantization| quantization.scale),
        }));
        Ok(Map { node, size, channels: out_channels, pad: [0; 2], ..input })
    }

    fn own_activation(&self, fused: Fused) -> Result<Activation, Error> {
        match fused {
            Fused::None => Ok(Activation::Linear),
            Fused::Relu => Ok(Activation::Relu),
            Fused::Relu6 => Ok(Activation::Relu6),
            Fused::Other(_) => Err(self.misfit(format!("its activation is {fused:?}"))),
        }
    }

    /// The tensor of a convolution's bias, if it has one.
    fn bias(&self, operator: Operator<'f>, channels: usize) -> Result<Option<i32>, Error> {
        if operator.input(2)?.is_none() {
            return Ok(None);
        }
        let bias = self.constant(operator, 2)?;
        let tensor = self.graph.tensor(bias)?;
        if tensor.shape().iter().product::<usize>() != channels {
            let reason = format!("a bias of {:?} for {channels} channels", tensor.shape());
            return Err(self.misfit(reason));
        }
        tensor.check()?;
        Ok(Some(bias))
    }

    /// The stride and the fused activation of a convolution. Checks that its padding agrees with all layers before.
    fn window(
        &mut self,
        operator: Operator<'f>,
        kernel: usize,
        input: &Map,
    ) -> Result<(usize, Fused), Error> {
        let options = operator.conv()?;
        if options.dilation != [1, 1] {
            return Err(self.misfit(format!("its dilation is {:?}", options.dilation)));
        }
        let stride = match options.stride {
            [1, 1] => 1,
            [2, 2] => 2,
            other => return Err(self.misfit(format!("its strides are {other:?}"))),
        };
        let size = input.size;
        let outputs = size.div_ceil(stride);
        // Rows that all positions of the filter cover.
        let rows = (outputs - 1) * stride + kernel;
        let [before, after] = match input.pad {
            [0, 0] if options.same => {
                let all = rows.saturating_sub(size);
                [all / 2, all - all / 2]
            }
            pad if !options.same => pad,
            _ => return Err(self.misfit("it pads its input, and so does a PAD")),
        };
        let padded = size + before + after;
        if padded < kernel || (padded - kernel) / stride + 1 != outputs {
            let reason = format!(
                "{before} rows of padding above and {after} below {size} don't give {outputs}"
            );
            return Err(self.misfit(reason));
        }
        self.same &= before == Padding::Same.before(size, kernel, stride);
        self.symmetric &= before == Padding::Symmetric.before(size, kernel, stride);
        if !self.same && !self.symmetric {
            let reason = format!("{before} rows of padding above contradict the layers before it");
            return Err(self.misfit(reason));
        }
        Ok((stride, options.fused))
    }

    /// Checks that there is a kernel for such a convolution.
    fn runs(&self, kind: ConvKind, kernel: usize, stride: usize) -> Result<(), Error> {
        let fits = match kind {
            ConvKind::Stem => (kernel, stride) == (3, 2),
            ConvKind::Convolution => kernel == 3,
            ConvKind::Depthwise => kernel == 3 || kernel == 5,
            ConvKind::Pointwise | ConvKind::Dense => (kernel, stride) == (1, 1),
        };
        if fits {
            Ok(())
        } else {
            Err(self
                .misfit(format!("no {kind:?} has a {kernel}x{kernel} filter of stride {stride}")))
        }
    }
}
