//! Convolutions and dense layers.

use super::Lowering;
use crate::arch::{Activation, Conv};
use crate::error::Error;
use crate::weights::format::tflite::{Fused, Operator, operators as op};
use crate::weights::graph::builder::{Filter, Form, Map};
use crate::weights::graph::node::{ConvNode, NodeKind};

impl<'f> Lowering<'f> {
    pub(super) fn convolution(&mut self, operator: Operator<'f>) -> Result<Map, Error> {
        let input = self.map(operator, 0)?;
        let weight = self.constant(operator, 1)?;
        let filter = self.graph.tensor(weight)?;
        let form = match operator.code {
            op::FULLY_CONNECTED => Form::Dense,
            op::DEPTHWISE_CONV_2D => Form::Depthwise,
            op::CONV_2D => Form::Full,
            _ => return Err(self.misfit("it is no convolution")),
        };
        let (in_channels, out_channels, kernel) = match (form, filter.shape()) {
            (Form::Depthwise, &[1, height, width, channels]) if height == width => {
                (channels, channels, height)
            }
            (Form::Full, &[outputs, height, width, inputs]) if height == width => {
                (inputs, outputs, height)
            }
            (Form::Dense, &[outputs, inputs]) => (inputs, outputs, 1),
            _ => {
                return Err(self.misfit(format!("its filter's shape is {:?}", filter.shape())));
            }
        };
        let (stride, same, fused) = self.options(operator, form, &input)?;
        let placed = Filter { form, kernel, stride, in_channels, out_channels, same };
        let (conv, output) = self.built(|builder| builder.place(&placed, &input))?;
        let bias = self.bias(operator, out_channels)?;
        let bytes = filter.check()?;
        let Some(left) = self.weight_bytes.checked_sub(bytes) else {
            return Err(self.misfit("its weights are shared with other layers"));
        };
        self.weight_bytes = left;
        let activation = self.own_activation(fused)?;
        let input_scale = match operator.input(0)? {
            Some(tensor) => self.graph.tensor(tensor)?.quantization()?,
            None => None,
        };
        let implied = self.implied(operator)?;
        let node = self.builder.push(NodeKind::Conv(ConvNode {
            input: input.node,
            conv: Conv { activation, ..conv },
            implied,
            weight,
            bias,
            shift: 0.0,
            input_scale: input_scale.map_or(0.0, |quantization| quantization.scale),
            binary: false,
        }));
        Ok(Map { node, ..output })
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

    /// The strides of a convolution, whether it pads its input, and its fused activation.
    fn options(
        &self,
        operator: Operator<'f>,
        form: Form,
        input: &Map,
    ) -> Result<([usize; 2], bool, Fused), Error> {
        if form == Form::Dense {
            if !input.pooled || !operator.plain_weights()? {
                return Err(self.misfit("expected only after pooling, with plain weights"));
            }
            return Ok(([1; 2], false, operator.fused()?));
        }
        let options = operator.conv()?;
        if options.dilation != [1, 1] {
            return Err(self.misfit(format!("its dilation is {:?}", options.dilation)));
        }
        let stride = options.stride.map(|stride| usize::try_from(stride).unwrap_or(0));
        Ok((stride, options.same, options.fused))
    }
}
