//! Activations and arithmetic: normalisation of the input, the parts into which converters split h-swish and
//! hard-sigmoid, residuals, and squeeze-and-excite.

use super::{Lowering, Value};
use crate::arch::Activation;
use crate::error::Error;
use crate::weights::format::tflite::{Fused, Operator, operators as op};
use crate::weights::graph::builder::{Arithmetic, Map};
use crate::weights::graph::node::NodeKind;

impl<'f> Lowering<'f> {
    /// Lowers an activation that is a separate operator.
    pub(super) fn activation(
        &mut self,
        operator: Operator<'f>,
        kind: Activation,
    ) -> Result<Map, Error> {
        let input = self.whole(operator, 0)?;
        self.built(|builder| builder.activation(input, kind))
    }

    pub(super) fn arithmetic(&mut self, operator: Operator<'f>) -> Result<Map, Error> {
        let fused = operator.fused()?;
        let (first, second) = (self.value(operator, 0)?, self.value(operator, 1)?);
        match (first, second) {
            (Value::Map(_), Value::Constant(constant)) => {
                let map = self.whole(operator, 0)?;
                self.with_constant(operator, map, constant, fused)
            }
            (Value::Constant(constant), Value::Map(_))
                if matches!(operator.code, op::ADD | op::MUL) =>
            {
                let map = self.whole(operator, 1)?;
                self.with_constant(operator, map, constant, fused)
            }
            (Value::Map(_), Value::Map(_)) => {
                let maps = [self.whole(operator, 0)?, self.whole(operator, 1)?];
                self.no_activation(fused)?;
                match operator.code {
                    op::ADD => self.sum(operator, maps),
                    op::MUL => self.built(|builder| builder.product(maps)),
                    _ => Err(self.misfit("a MobileNet has no such operation on two maps")),
                }
            }
            _ => Err(self.misfit("its inputs are not outputs of layers")),
        }
    }

    /// Lowers the arithmetic of a map and a constant.
    fn with_constant(
        &mut self,
        operator: Operator<'f>,
        map: Map,
        constant: i32,
        fused: Fused,
    ) -> Result<Map, Error> {
        let tensor = self.graph.tensor(constant)?;
        let mut values = [0.0_f64; 3];
        let mut count = 0;
        if tensor.check()? > 64 {
            return Err(self.misfit("its constant has too many values"));
        }
        tensor.each(&[], |index, value| {
            count = index + 1;
            if let Some(place) = values.get_mut(index) {
                *place = f64::from(value);
            }
        })?;
        let values = match count {
            1 => [values[0]; 3],
            3 => values,
            _ => return Err(self.misfit(format!("its constant has {count} values"))),
        };
        let arithmetic = match operator.code {
            op::ADD => Arithmetic::Add,
            op::SUB => Arithmetic::Subtract,
            op::MUL => Arithmetic::Multiply,
            _ => Arithmetic::Divide,
        };
        let clipped = fused == Fused::Relu6
            || fused == Fused::None && self.implied(operator)? == Activation::Relu6;
        let map = self.built(|builder| builder.with_constant(map, arithmetic, values, clipped))?;
        if !matches!(self.builder.kind(map.node), NodeKind::Clipped(_)) {
            self.no_activation(fused)?;
        }
        Ok(map)
    }

    /// Lowers the sum of two maps: a residual.
    fn sum(&mut self, operator: Operator<'f>, maps: [Map; 2]) -> Result<Map, Error> {
        let sum = self.built(|builder| builder.sum(maps))?;
        if self.implied(operator)? != Activation::Linear {
            return Err(self.misfit("a residual has no activation, but its output begins at 0"));
        }
        Ok(sum)
    }
}
