//! Pooling, padding, softmax, and operators that change only the shape.

use super::{Lowering, Value};
use crate::error::Error;
use crate::weights::format::tflite::{Operator, operators as op};
use crate::weights::graph::builder::Map;

impl<'f> Lowering<'f> {
    pub(super) fn pool(&mut self, operator: Operator<'f>) -> Result<Map, Error> {
        let input = self.whole(operator, 0)?;
        if operator.code == op::MEAN {
            let axes = self.graph.tensor(self.constant(operator, 1)?)?.integers()?;
            if !matches!(axes[..], [1, 2] | [2, 1] | [-3, -2] | [-2, -3]) {
                return Err(self.misfit(format!("a mean over the axes {axes:?}, not over a map")));
            }
        } else {
            let options = operator.pool()?;
            self.no_activation(options.fused)?;
            let side = if input.pooled { 1 } else { input.size as i32 };
            let once = !options.same || options.stride.iter().all(|&stride| stride >= side);
            if options.filter != [side; 2] || !once {
                let filter = options.filter;
                return Err(self.misfit(format!("a mean of {filter:?}, not {side} x {side}")));
            }
        }
        Ok(self.builder.pool(input))
    }

    pub(super) fn pad(&mut self, operator: Operator<'f>) -> Result<Map, Error> {
        let input = self.whole(operator, 0)?;
        let pads = self.graph.tensor(self.constant(operator, 1)?)?.integers()?;
        match pads[..] {
            [0, 0, top, bottom, left, right, 0, 0] if (top, bottom) == (left, right) => {
                self.built(|builder| builder.pad(input, [top, bottom]))
            }
            _ => Err(self.misfit(format!("no layer needs the padding {pads:?}"))),
        }
    }

    pub(super) fn reshape(&self, operator: Operator<'f>) -> Result<Value, Error> {
        let value = self.value(operator, 0)?;
        let output = self.graph.tensor(operator.output()?)?;
        match value {
            Value::Map(map) => {
                let unchanged = matches!(*output.shape(), [_, height, width, channels]
                    if (height, width, channels) == (map.size, map.size, map.channels));
                if unchanged || map.pooled && output.shape().last() == Some(&map.channels) {
                    return Ok(value);
                }
            }
            Value::Probabilities(_) => return Ok(value),
            Value::Constant(_) | Value::Shape => {}
        }
        Err(self.misfit(format!("the shape {:?} rearranges the values", output.shape())))
    }

    pub(super) fn softmax(&self, operator: Operator<'f>) -> Result<Value, Error> {
        let map = self.whole(operator, 0)?;
        let beta = operator.beta()?;
        if map.pooled && beta == 1.0 {
            return Ok(Value::Probabilities(map.node));
        }
        Err(self.misfit(format!("it must be over the classes, with beta 1, not {beta}")))
    }
}
