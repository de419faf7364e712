//! Activations and arithmetic: normalisation of the input, the parts into which converters split h-swish and
//! hard-sigmoid, residuals, and squeeze-and-excite.

use super::{Lowering, Map, Value};
use crate::arch::{Activation, Conv};
use crate::error::Error;
use crate::weights::format::tflite::{Fused, Operator, operators as op};
use crate::weights::graph::node::{ConvNode, NodeKind};

/// Relative tolerance of constants: half precision has 11 bits.
const TOLERANCE: f64 = 2e-3;

impl<'f> Lowering<'f> {
    /// Lowers an activation that is a separate operator.
    pub(super) fn activation(
        &mut self,
        operator: Operator<'f>,
        kind: Activation,
    ) -> Result<Map, Error> {
        let input = self.whole(operator, 0)?;
        let before = &self.nodes[input.node].kind;
        let is_linear = |node: &ConvNode| node.conv.activation == Activation::Linear;
        let kind = if let (&NodeKind::Plus3(x), Activation::Relu6) = (before, kind) {
            NodeKind::Clipped(x)
        } else if before.conv().is_some_and(is_linear) {
            NodeKind::Activation(kind, input.node)
        } else {
            return Err(self.misfit("no convolution without an activation is before it"));
        };
        Ok(Map { node: self.push(kind), ..input })
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
                    op::MUL => self.product(maps),
                    _ => Err(self.misfit("a MobileNet has no such operation on two maps")),
                }
            }
            _ => Err(self.misfit("its inputs are not outputs of layers")),
        }
    }

    /// Lowers the arithmetic of a map and a constant: normalisation of the input, or a part of h-swish or hard-sigmoid.
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
        if let NodeKind::Input(affine) = self.nodes[map.node].kind {
            self.no_activation(fused)?;
            let affine = match operator.code {
                op::ADD => affine.plus(values),
                op::SUB => affine.plus(values.map(|value| -value)),
                op::MUL => affine.times(values),
                _ => affine.times(values.map(|value| 1.0 / value)),
            };
            let node = self.push(NodeKind::Input(affine));
            return Ok(Map { node, ..map });
        }
        let is = |expected: f64| values.iter().all(|&value| near(value, expected));
        let sixth = match operator.code {
            op::MUL => is(1.0 / 6.0),
            op::DIV => is(6.0),
            _ => false,
        };
        let clipped = fused == Fused::Relu6
            || fused == Fused::None && self.implied(operator)? == Activation::Relu6;
        let adds3 = operator.code == op::ADD && is(3.0);
        let conv = self.nodes[map.node].kind.conv().copied();
        let kind = match (&self.nodes[map.node].kind, conv) {
            (&NodeKind::Clipped(x), _) if sixth => NodeKind::Activation(Activation::HardSigmoid, x),
            (&NodeKind::Times6(x), _) if sixth => NodeKind::Activation(Activation::HardSwish, x),
            // Converters move the 3 of hard-sigmoid to the bias; this moves it back.
            (_, Some(node)) if sixth && node.clips() => {
                let conv = Conv { activation: Activation::Linear, ..node.conv };
                let (implied, shift) = (Activation::Linear, node.shift - 3.0);
                let x = self.push(NodeKind::Conv(ConvNode { conv, implied, shift, ..node }));
                NodeKind::Activation(Activation::HardSigmoid, x)
            }
            (_, Some(_)) if adds3 && clipped => {
                return Ok(Map { node: self.push(NodeKind::Clipped(map.node)), ..map });
            }
            (_, Some(_)) if adds3 => NodeKind::Plus3(map.node),
            _ => return Err(self.misfit(format!("unexpected constant {}", values[0]))),
        };
        self.no_activation(fused)?;
        Ok(Map { node: self.push(kind), ..map })
    }

    /// Lowers the sum of two maps: a residual.
    fn sum(&mut self, operator: Operator<'f>, [a, b]: [Map; 2]) -> Result<Map, Error> {
        if (a.size, a.channels) != (b.size, b.channels) {
            return Err(self.misfit("its maps have different shapes"));
        }
        if self.implied(operator)? != Activation::Linear {
            return Err(self.misfit("a residual has no activation, but its output begins at 0"));
        }
        let node = self.push(NodeKind::Sum(a.node.min(b.node), a.node.max(b.node)));
        Ok(Map { node, ..a })
    }

    /// Lowers the product of two maps: squeeze-and-excite, or a part of h-swish.
    fn product(&mut self, [a, b]: [Map; 2]) -> Result<Map, Error> {
        for (x, y) in [(a, b), (b, a)] {
            let gates = y.pooled && !x.pooled && x.channels == y.channels;
            let kind = match (&self.nodes[y.node].kind, gates) {
                (&NodeKind::Activation(Activation::HardSigmoid, of), _) if of == x.node => {
                    NodeKind::Activation(Activation::HardSwish, of)
                }
                (&NodeKind::Clipped(of), _) if of == x.node => NodeKind::Times6(of),
                (NodeKind::Activation(Activation::HardSigmoid, _), true) => {
                    NodeKind::Scale { map: x.node, gate: y.node }
                }
                _ => continue,
            };
            return Ok(Map { node: self.push(kind), ..x });
        }
        Err(self.misfit("neither h-swish nor a map times the gates of squeeze-and-excite"))
    }
}

fn near(value: f64, expected: f64) -> bool {
    (value - expected).abs() <= TOLERANCE * expected
}
