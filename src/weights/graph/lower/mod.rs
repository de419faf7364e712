//! Reduces a `.tflite` file's graph of operators to the layers of a MobileNet. It skips operators that compute nothing
//! (reshaping, changes of the number format), merges padding into the convolution after it, and restores h-swish and
//! hard-sigmoid from the operators into which converters split them.
//!
//! A quantised file may have no operator for ReLU and ReLU6 and rely on saturation instead: the range of the output's
//! integers then begins at 0, and ends at 6 for ReLU6.

mod arithmetic;
mod convolution;
mod shape;

use super::builder::{Builder, Lowered, Map};
use crate::arch::Activation;
use crate::buffer::with_room;
use crate::error::Error;
use crate::weights::format::tflite::{Fused, Graph, Operator, Tensor, operators as op};

/// The largest end of a range that counts as ReLU6. Converters shift ranges slightly, so that an integer stands for 0.
const SIX: f64 = 6.05;

/// The meaning of a tensor.
#[derive(Clone, Copy)]
enum Value {
    /// A constant, with its tensor number.
    Constant(i32),
    /// A shape that the graph computes for `RESHAPE`.
    Shape,
    /// The class probabilities, with the node of the logits.
    Probabilities(usize),
    Map(Map),
}

struct Lowering<'f> {
    graph: Graph<'f>,
    /// By tensor number.
    values: Vec<Option<Value>>,
    builder: Builder,
    /// Bytes left for weights. Limits memory if layers of a malicious file share their weights.
    weight_bytes: u64,
}

/// Reduces the graph of a file of `length` bytes.
pub(super) fn lower(graph: Graph<'_>, length: u64) -> Result<Lowered, Error> {
    let mut values = with_room(graph.tensor_count())?;
    values.resize(graph.tensor_count(), None);
    let input = graph.input()?;
    let &[_, size, width, 3] = input.shape() else { return Err(no_picture(&input)) };
    if size != width {
        return Err(no_picture(&input));
    }
    if size == 1 {
        return Err(input.error("it has no fixed picture size: convert it with one".to_owned()));
    }
    let (builder, picture) = Builder::new(graph.operator_count() as usize, size, 3)?;
    values[input.index()] = Some(Value::Map(picture));
    let mut lowering = Lowering { graph, values, builder, weight_bytes: length };
    for operator in 0..graph.operator_count() {
        lowering.builder.operator = operator;
        lowering.lower(graph.operator(operator)?)?;
    }
    let output = graph.output()?;
    match lowering.values[output.index()] {
        Some(
            Value::Probabilities(node) | Value::Map(Map { node, pooled: true, pad: [0, 0], .. }),
        ) => Ok(lowering.builder.finish(node)),
        _ => Err(output.error("the graph's output is not a vector of classes".to_owned())),
    }
}

fn no_picture(input: &Tensor<'_>) -> Error {
    let shape = input.shape();
    input.error(format!("the input is {shape:?}, expected [1, side, side, 3], a square picture"))
}

/// An error about an operator that doesn't fit.
pub(super) fn misfit(graph: &Graph<'_>, operator: u32, reason: impl Into<String>) -> Error {
    let describe = || {
        let name = graph.operator_name(operator)?;
        Ok((name, graph.tensor(graph.operator(operator)?.output()?)?.name()?))
    };
    match describe() {
        Ok((name, tensor)) => {
            Error::TfliteOperator { index: operator, name, tensor, reason: reason.into() }
        }
        Err(error) => error,
    }
}

impl<'f> Lowering<'f> {
    fn misfit(&self, reason: impl Into<String>) -> Error {
        misfit(&self.graph, self.builder.operator, reason)
    }

    fn lower(&mut self, operator: Operator<'f>) -> Result<(), Error> {
        let value = match operator.code {
            op::CONV_2D | op::DEPTHWISE_CONV_2D | op::FULLY_CONNECTED => {
                Value::Map(self.convolution(operator)?)
            }
            op::RELU => Value::Map(self.activation(operator, Activation::Relu)?),
            op::RELU6 => Value::Map(self.activation(operator, Activation::Relu6)?),
            op::HARD_SWISH => Value::Map(self.activation(operator, Activation::HardSwish)?),
            op::ADD | op::SUB | op::MUL | op::DIV => Value::Map(self.arithmetic(operator)?),
            op::MEAN | op::AVERAGE_POOL_2D => Value::Map(self.pool(operator)?),
            op::PAD => Value::Map(self.pad(operator)?),
            op::SOFTMAX => self.softmax(operator)?,
            op::QUANTIZE | op::DEQUANTIZE => self.value(operator, 0)?,
            op::RESHAPE | op::SQUEEZE => self.reshape(operator)?,
            op::SHAPE | op::STRIDED_SLICE | op::PACK => Value::Shape,
            op::LOGISTIC => {
                let input = self.whole(operator, 0)?;
                Value::Probabilities(self.built(|builder| builder.sigmoid(input))?)
            }
            _ => return Err(self.misfit("no MobileNet has such an operator")),
        };
        let output = self.graph.tensor(operator.output()?)?.index();
        if self.values[output].is_some() {
            return Err(self.misfit("another operator has the same output"));
        }
        self.values[output] = Some(value);
        Ok(())
    }

    /// Calls a step of the builder; an error names the current operator.
    fn built<T>(
        &mut self,
        step: impl FnOnce(&mut Builder) -> Result<T, String>,
    ) -> Result<T, Error> {
        step(&mut self.builder).map_err(|reason| self.misfit(reason))
    }

    /// The value of an operator's input.
    fn value(&self, operator: Operator<'f>, input: u32) -> Result<Value, Error> {
        let Some(tensor) = operator.input(input)? else {
            return Err(self.misfit(format!("it has no input {input}")));
        };
        let found = self.graph.tensor(tensor)?;
        match self.values[found.index()] {
            Some(value) => Ok(value),
            None if found.is_constant() => Ok(Value::Constant(tensor)),
            None => Err(self.misfit(format!("no operator before it makes its input {input}"))),
        }
    }

    fn map(&self, operator: Operator<'f>, input: u32) -> Result<Map, Error> {
        match self.value(operator, input)? {
            Value::Map(map) => Ok(map),
            Value::Constant(_) | Value::Shape | Value::Probabilities(_) => {
                Err(self.misfit(format!("its input {input} is not the output of a layer")))
            }
        }
    }

    /// The map of an operator's input, which must not follow a `PAD`.
    fn whole(&self, operator: Operator<'f>, input: u32) -> Result<Map, Error> {
        let map = self.map(operator, input)?;
        if map.pad == [0; 2] { Ok(map) } else { Err(self.misfit("it follows a PAD")) }
    }

    fn constant(&self, operator: Operator<'f>, input: u32) -> Result<i32, Error> {
        match self.value(operator, input)? {
            Value::Constant(tensor) => Ok(tensor),
            Value::Map(_) | Value::Shape | Value::Probabilities(_) => {
                Err(self.misfit(format!("its input {input} is not constant")))
            }
        }
    }

    fn no_activation(&self, fused: Fused) -> Result<(), Error> {
        if fused == Fused::None {
            Ok(())
        } else {
            Err(self.misfit(format!("no {fused:?} is expected after it")))
        }
    }

    /// The activation that the saturation of an operator's output amounts to.
    fn implied(&self, operator: Operator<'f>) -> Result<Activation, Error> {
        Ok(match self.graph.tensor(operator.output()?)?.range()? {
            Some([least, most]) if least >= 0.0 => {
                if most <= SIX {
                    Activation::Relu6
                } else {
                    Activation::Relu
                }
            }
            _ => Activation::Linear,
        })
    }
}
