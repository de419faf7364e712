//! Reduces a model of Keras to the layers of a MobileNet, and reads their weights. Batch normalisation becomes part of
//! the convolution before it.

use std::collections::BTreeSet;

use super::builder::{Arithmetic, Builder, Filter, Form, Lowered, Map};
use super::node::{ConvNode, NodeKind};
use crate::arch::{Activation, Conv, ConvKind};
use crate::buffer::with_room;
use crate::error::Error;
use crate::weights::FoldedConv;
use crate::weights::fold::BatchNorm;
use crate::weights::format::Tensors;
use crate::weights::format::keras::{
    GREY, Input, Layer, Model, Naming, Topology, field, transposed,
};

/// The weights of a model.
pub(super) struct Weights<'a> {
    tensors: Box<dyn Tensors + 'a>,
    /// By the number in [`ConvNode::weight`].
    convs: Vec<ConvTensors>,
    /// Name and class of each layer.
    layers: Vec<(String, String)>,
}

/// The tensors of a convolution.
#[derive(Clone)]
struct ConvTensors {
    kernel: String,
    /// `[ky][kx][in][out]`, depthwise `[ky][kx][in][1]`, dense `[in][out]`.
    shape: Vec<usize>,
    bias: Option<String>,
    norm: Option<Norm>,
    /// Whether it takes one channel, the picture's grey.
    grey: bool,
}

/// The tensors of a batch normalisation.
#[derive(Clone)]
struct Norm {
    gamma: Option<String>,
    beta: Option<String>,
    mean: String,
    variance: String,
    eps: f64,
}

/// The meaning of a layer's output.
#[derive(Clone, Copy)]
enum Value {
    Map(Map),
    /// The class probabilities, with the node of the logits.
    Probabilities(usize),
}

struct Lowering<'m> {
    tensors: &'m dyn Tensors,
    naming: Naming,
    /// By layer.
    values: Vec<Value>,
    builder: Builder,
    convs: Vec<ConvTensors>,
    /// The tensors that a layer has taken.
    taken: BTreeSet<String>,
    grey: bool,
}

/// Reduces a model. `grey` says whether it may take a picture of one channel.
pub(super) fn lower(model: Model<'_>, grey: bool) -> Result<(Lowered, Weights<'_>), Error> {
    let Model { file, topology, tensors, naming, length } = model;
    let text = topology;
    let topology = Topology::parse(&text, length)
        .map_err(|reason| Error::File { file: file.to_owned(), reason })?;
    let error = |layer: usize, reason: String| {
        let layer = topology.layers.get(layer);
        let named = layer.map(|layer| (layer.name.clone(), layer.class.clone()));
        let (name, class) = named.unwrap_or_default();
        misfit(name, class, reason)
    };
    let (side, channels) = match topology.layers.first() {
        Some(input) if input.class == "InputLayer" => {
            picture(input, grey).map_err(|reason| error(0, reason))?
        }
        _ => return Err(error(0, "the model's input is expected first".to_owned())),
    };
    let (builder, picture) = Builder::new(topology.layers.len(), side, 3)?;
    let mut lowering = Lowering {
        tensors: &*tensors,
        naming,
        values: with_room(topology.layers.len())?,
        builder,
        convs: Vec::new(),
        taken: BTreeSet::new(),
        grey: channels == 1,
    };
    lowering.values.push(Value::Map(picture));
    for (number, layer) in topology.layers.iter().enumerate().skip(1) {
        lowering.builder.operator = number as u32;
        let value = lowering.layer(layer).map_err(|failed| match failed {
            Failed::Reason(reason) => error(number, reason),
            Failed::Error(error) => error,
        })?;
        lowering.values.push(value);
    }
    let output = match lowering.values.get(topology.output) {
        Some(
            &(Value::Probabilities(node) | Value::Map(Map { node, pooled: true, pad: [0, 0], .. })),
        ) => node,
        _ => {
            let reason = "the model's output is not a vector of classes".to_owned();
            return Err(error(topology.output, reason));
        }
    };
    let Lowering { builder, convs, .. } = lowering;
    let mut layers = with_room(topology.layers.len())?;
    layers.extend(topology.layers.into_iter().map(|layer| (layer.name, layer.class)));
    Ok((builder.finish(output), Weights { tensors, convs, layers }))
}

/// The side and the channels of the picture that an input takes.
fn picture(input: &Layer<'_>, grey: bool) -> Result<(usize, usize), String> {
    let shape = match field(input.config, "batch_input_shape")? {
        Some(shape) => Some(shape),
        None => field(input.config, "batch_shape")?,
    };
    let Some(shape) = shape else { return Err("it has no input shape".to_owned()) };
    let shape: Vec<Option<usize>> = shape.read()?;
    match shape[..] {
        [_, Some(height), Some(width), Some(channels)]
            if height == width && (channels == 3 || grey && channels == 1) =>
        {
            Ok((height, channels))
        }
        [_, None, None, _] => Err("it has no fixed picture size: save it with one".to_owned()),
        _ => Err(format!("the input is {shape:?}, expected [null, side, side, 3]")),
    }
}

fn misfit(name: String, class: String, reason: String) -> Error {
    Error::KerasLayer { name, class, reason }
}

/// Why a layer can't be lowered.
enum Failed {
    Reason(String),
    Error(Error),
}

impl From<String> for Failed {
    fn from(reason: String) -> Self {
        Self::Reason(reason)
    }
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

fn failed<T>(reason: impl Into<String>) -> Result<T, Failed> {
    Err(Failed::Reason(reason.into()))
}

/// The text of a field of a layer's configuration.
fn text(layer: &Layer<'_>, key: &str) -> Result<String, String> {
    match field(layer.config, key)? {
        Some(value) => value.read(),
        None => Ok(String::new()),
    }
}

/// A field of a layer's configuration, or what it is where it is missing.
fn or<T: serde::de::DeserializeOwned>(
    layer: &Layer<'_>,
    key: &str,
    default: T,
) -> Result<T, String> {
    field(layer.config, key)?.map_or(Ok(default), |value| value.read())
}

/// A number for both axes, or one for each.
fn pair(layer: &Layer<'_>, key: &str) -> Result<[usize; 2], String> {
    match field(layer.config, key)? {
        Some(value) if value.text().starts_with('[') => value.read(),
        Some(value) => value.read().map(|both| [both; 2]),
        None => Ok([1; 2]),
    }
}

impl Lowering<'_> {
    fn layer(&mut self, layer: &Layer<'_>) -> Result<Value, Failed> {
        if matches!(text(layer, "data_format")?.as_str(), "channels_first") {
            return failed("its channels are first, last are expected");
        }
        let value = match &*layer.class {
            "Conv2D" | "Convolution2D" => self.convolution(layer, Form::Full)?,
            "DepthwiseConv2D" => self.convolution(layer, Form::Depthwise)?,
            "Dense" => self.convolution(layer, Form::Dense)?,
            "BatchNormalization" => self.batch_norm(layer)?,
            "ReLU" => {
                let input = self.map(layer)?;
                let activation = relu(layer)?;
                Value::Map(self.builder.activation(input, activation)?)
            }
            "Activation" => {
                let input = self.value(layer, 0)?;
                self.activation(input, &text(layer, "activation")?)?
            }
            "Softmax" => self.activation(self.value(layer, 0)?, "softmax")?,
            "ZeroPadding2D" => {
                let input = self.map(layer)?;
                Value::Map(self.builder.pad(input, padding(layer)?)?)
            }
            "Rescaling" => self.rescaling(layer)?,
            "GlobalAveragePooling2D" => {
                let input = self.map(layer)?;
                Value::Map(self.builder.pool(input))
            }
            "Flatten" | "Reshape" => self.reshape(layer)?,
            // They change nothing outside of training. RandomCrop does.
            "Dropout" | "SpatialDropout2D" | "GaussianNoise" | "RandomFlip" | "RandomRotation"
            | "RandomZoom" | "RandomTranslation" | "RandomContrast" | "RandomBrightness"
            | "InputLayer" => self.value(layer, 0)?,
            "Add" => self.arithmetic(layer, Arithmetic::Add)?,
            "Multiply" => self.arithmetic(layer, Arithmetic::Multiply)?,
            "Subtract" => self.arithmetic(layer, Arithmetic::Subtract)?,
            "TrueDivide" | "Divide" => self.arithmetic(layer, Arithmetic::Divide)?,
            "TFOpLambda" => match &*text(layer, "function")? {
                "__operators__.add" | "math.add" => self.arithmetic(layer, Arithmetic::Add)?,
                "math.multiply" => self.arithmetic(layer, Arithmetic::Multiply)?,
                "math.subtract" => self.arithmetic(layer, Arithmetic::Subtract)?,
                "math.truediv" | "math.divide" => self.arithmetic(layer, Arithmetic::Divide)?,
                other => return failed(format!("no MobileNet has the operation {other}")),
            },
            _ => return failed("no MobileNet has such a layer"),
        };
        Ok(value)
    }

    fn value(&self, layer: &Layer<'_>, input: usize) -> Result<Value, Failed> {
        match layer.inputs.get(input) {
            Some(&Input::Layer(number)) => match self.values.get(number) {
                Some(&value) => Ok(value),
                None => failed("its input comes after it"),
            },
            Some(Input::Number(_)) => failed(format!("its input {input} is a number")),
            None => failed(format!("it has no input {input}")),
        }
    }

    /// The map of a layer's only input.
    fn any_map(&self, layer: &Layer<'_>) -> Result<Map, Failed> {
        if layer.inputs.len() != 1 {
            return failed(format!("{} inputs, one is expected", layer.inputs.len()));
        }
        self.nth_map(layer, 0)
    }

    fn nth_map(&self, layer: &Layer<'_>, input: usize) -> Result<Map, Failed> {
        match self.value(layer, input)? {
            Value::Map(map) => Ok(map),
            Value::Probabilities(_) => failed("the class probabilities are its input"),
        }
    }

    /// Likewise; it must not follow a padding.
    fn map(&self, layer: &Layer<'_>) -> Result<Map, Failed> {
        let map = self.any_map(layer)?;
        if map.pad == [0; 2] { Ok(map) } else { failed("it follows a ZeroPadding2D") }
    }

    fn activation(&mut self, input: Value, name: &str) -> Result<Value, Failed> {
        let Value::Map(map) = input else { return failed("it follows the class probabilities") };
        let activation = match name {
            "" | "linear" => return Ok(input),
            "softmax" if map.pooled => return Ok(Value::Probabilities(map.node)),
            "sigmoid" => return Ok(Value::Probabilities(self.builder.sigmoid(map)?)),
            "relu" => Activation::Relu,
            "relu6" => Activation::Relu6,
            "hard_swish" | "hard_silu" => Activation::HardSwish,
            _ => return failed(format!("no MobileNet has the activation {name} here")),
        };
        Ok(Value::Map(self.builder.activation(map, activation)?))
    }

    fn convolution(&mut self, layer: &Layer<'_>, form: Form) -> Result<Value, Failed> {
        let input = self.any_map(layer)?;
        if form == Form::Dense && !input.pooled {
            return failed("it is expected only after pooling");
        }
        if pair(layer, "dilation_rate")? != [1; 2] || or(layer, "groups", 1_usize)? != 1 {
            return failed("it has groups or a dilation");
        }
        let grey = self.grey && matches!(self.builder.kind(input.node), NodeKind::Input(_));
        let in_channels = if grey { 1 } else { input.channels };
        let out_channels = match form {
            Form::Full => or(layer, "filters", 0)?,
            Form::Dense => or(layer, "units", 0)?,
            Form::Depthwise if or(layer, "depth_multiplier", 1_usize)? != 1 => {
                return failed("its depth multiplier is not 1");
            }
            Form::Depthwise => in_channels,
        };
        let (kernel, stride) = match form {
            Form::Dense => ([1; 2], [1; 2]),
            Form::Full | Form::Depthwise => (pair(layer, "kernel_size")?, pair(layer, "strides")?),
        };
        if kernel[0] != kernel[1] {
            return failed(format!("a {}x{} filter", kernel[0], kernel[1]));
        }
        let same = match &*text(layer, "padding")? {
            "same" => true,
            "valid" | "" => false,
            other => return failed(format!("its padding is {other}")),
        };
        let filter = Filter {
            form,
            kernel: kernel[0],
            stride,
            in_channels: input.channels,
            out_channels,
            same,
        };
        let (conv, output) = self.builder.place(&filter, &input)?;
        let shape = match form {
            Form::Full => vec![conv.kernel, conv.kernel, in_channels, out_channels],
            Form::Depthwise => vec![conv.kernel, conv.kernel, in_channels, 1],
            Form::Dense => vec![in_channels, out_channels],
        };
        let has_bias = or(layer, "use_bias", true)?;
        // A depthwise kernel has another name in Keras 3.
        let name = match form {
            Form::Depthwise => self.find(layer, "depthwise_kernel", 0),
            Form::Full | Form::Dense => None,
        };
        let kernel = self.take(name.or_else(|| self.find(layer, "kernel", 0)), layer, &shape)?;
        let bias = if has_bias {
            let name = self.find(layer, "bias", 1);
            Some(self.take(name, layer, &[out_channels])?)
        } else {
            None
        };
        let weight = self.add(ConvTensors { kernel, shape, bias, norm: None, grey });
        let node = self.builder.push(NodeKind::Conv(ConvNode {
            input: input.node,
            conv,
            implied: Activation::Linear,
            weight,
            bias: None,
            shift: 0.0,
            input_scale: 0.0,
            binary: false,
        }));
        let output = Value::Map(Map { node, ..output });
        self.activation(output, &text(layer, "activation")?)
    }

    /// Adds a convolution's tensors; returns their number.
    fn add(&mut self, tensors: ConvTensors) -> i32 {
        self.convs.push(tensors);
        // There are fewer than layers.
        (self.convs.len() - 1) as i32
    }

    /// The tensor of a layer's parameter, which is the `number`th of the layer.
    fn find(&self, layer: &Layer<'_>, parameter: &str, number: usize) -> Option<String> {
        match self.naming {
            Naming::Places => {
                let name = format!("{}/vars/{number}", layer.place);
                self.tensors.shape(&name).map(|_| name)
            }
            Naming::Layers => {
                let name = format!("{}/{parameter}", layer.name);
                if self.tensors.shape(&name).is_some() {
                    return Some(name);
                }
                let end = format!("/{name}");
                let found = self.tensors.names().find(|other| other.ends_with(&end));
                found.map(str::to_owned)
            }
        }
    }

    /// Takes a tensor for a layer, which must have this shape and not be taken yet.
    fn take(
        &mut self,
        found: Option<String>,
        layer: &Layer<'_>,
        shape: &[usize],
    ) -> Result<String, Failed> {
        let Some(name) = found else {
            let tensor = format!("{} of {}", layer.class, layer.name);
            return Err(Error::MissingTensor { tensor, shape: shape.into() }.into());
        };
        self.tensors.check(&name, shape)?;
        if !self.taken.insert(name.clone()) {
            return failed("its weights are those of another layer too");
        }
        Ok(name)
    }

    fn batch_norm(&mut self, layer: &Layer<'_>) -> Result<Value, Failed> {
        let input = self.map(layer)?;
        let axis = field(layer.config, "axis")?.map_or("-1", |axis| axis.text());
        if !matches!(axis.trim_matches(['[', ']', ' ']), "-1" | "3") {
            return failed(format!("its axis is {axis}"));
        }
        let eps = or(layer, "epsilon", 1e-3)?;
        if !(0.0..1.0).contains(&eps) {
            return failed(format!("its epsilon is {eps}"));
        }
        let conv = self.builder.kind(input.node).conv().copied();
        let Some(node) = conv.filter(|node| node.conv.activation == Activation::Linear) else {
            return failed("no convolution without an activation is before it");
        };
        let Some(before) = self.convs.get(node.weight as usize).cloned() else {
            return failed("no convolution is before it");
        };
        if before.norm.is_some() {
            return failed("another batch normalisation is before it");
        }
        let channels = [input.channels];
        let mut number = 0;
        let mut parameter = |name: &str, there: bool| {
            if !there {
                return Ok(None);
            }
            number += 1;
            let found = self.find(layer, name, number - 1);
            self.take(found, layer, &channels).map(Some)
        };
        let gamma = parameter("gamma", or(layer, "scale", true)?)?;
        let beta = parameter("beta", or(layer, "center", true)?)?;
        let mean = parameter("moving_mean", true)?.unwrap_or_default();
        let variance = parameter("moving_variance", true)?.unwrap_or_default();
        let norm = Some(Norm { gamma, beta, mean, variance, eps });
        let weight = self.add(ConvTensors { norm, ..before });
        let conv = Conv { batch_norm: true, ..node.conv };
        let node = self.builder.push(NodeKind::Conv(ConvNode { conv, weight, ..node }));
        Ok(Value::Map(Map { node, ..input }))
    }

    fn rescaling(&mut self, layer: &Layer<'_>) -> Result<Value, Failed> {
        let input = self.map(layer)?;
        let each = |key, default: f64| match field(layer.config, key) {
            Ok(Some(value)) if value.text().starts_with('[') => value.read::<[f64; 3]>(),
            Ok(Some(value)) => value.read().map(|all: f64| [all; 3]),
            Ok(None) => Ok([default; 3]),
            Err(error) => Err(error),
        };
        let (scale, offset) = (each("scale", 1.0)?, each("offset", 0.0)?);
        let scaled = self.builder.with_constant(input, Arithmetic::Multiply, scale, false)?;
        Ok(Value::Map(self.builder.with_constant(scaled, Arithmetic::Add, offset, false)?))
    }

    /// The layers `Flatten` and `Reshape`, which must not rearrange values.
    fn reshape(&mut self, layer: &Layer<'_>) -> Result<Value, Failed> {
        let value = self.value(layer, 0)?;
        let shape: Vec<i64> = or(layer, "target_shape", vec![-1])?;
        match value {
            Value::Probabilities(_) => Ok(value),
            Value::Map(map) => {
                let last = shape.last();
                let keeps = |&last: &i64| last == -1 || usize::try_from(last) == Ok(map.channels);
                let vector = shape.iter().rev().skip(1).all(|&side| side == 1 || side == -1);
                if map.pooled && vector && last.is_some_and(keeps) {
                    Ok(value)
                } else {
                    failed(format!("the shape {shape:?} rearranges the values"))
                }
            }
        }
    }

    fn arithmetic(&mut self, layer: &Layer<'_>, kind: Arithmetic) -> Result<Value, Failed> {
        let commutes = matches!(kind, Arithmetic::Add | Arithmetic::Multiply);
        let map = match layer.inputs[..] {
            [Input::Layer(_), Input::Layer(_)] => {
                let maps = [self.nth_map(layer, 0)?, self.nth_map(layer, 1)?];
                if maps.iter().any(|map| map.pad != [0; 2]) {
                    return failed("it follows a ZeroPadding2D");
                }
                match kind {
                    Arithmetic::Add => self.builder.sum(maps)?,
                    Arithmetic::Multiply => self.builder.product(maps)?,
                    Arithmetic::Subtract | Arithmetic::Divide => {
                        return failed("a MobileNet has no such operation on two maps");
                    }
                }
            }
            [Input::Layer(_), Input::Number(number)] => {
                let map = self.nth_map(layer, 0)?;
                self.builder.with_constant(map, kind, [number; 3], false)?
            }
            [Input::Number(number), Input::Layer(_)] if commutes => {
                let map = self.nth_map(layer, 1)?;
                self.builder.with_constant(map, kind, [number; 3], false)?
            }
            _ => return failed(format!("{} inputs, two are expected", layer.inputs.len())),
        };
        Ok(Value::Map(map))
    }
}

/// The activation of a layer `ReLU`.
fn relu(layer: &Layer<'_>) -> Result<Activation, Failed> {
    let slope = or(layer, "negative_slope", 0.0)?;
    let threshold = or(layer, "threshold", 0.0)?;
    let most: Option<f64> = or(layer, "max_value", None)?;
    match most {
        _ if slope != 0.0 || threshold != 0.0 => failed("it has a slope or a threshold"),
        None => Ok(Activation::Relu),
        Some(6.0) => Ok(Activation::Relu6),
        Some(most) => failed(format!("its largest value is {most}")),
    }
}

/// The rows above and below of a layer `ZeroPadding2D`, which must be the columns left and right too.
fn padding(layer: &Layer<'_>) -> Result<[i64; 2], Failed> {
    let Some(padding) = field(layer.config, "padding")? else { return Ok([1; 2]) };
    if !padding.text().starts_with('[') {
        return Ok([padding.read()?; 2]);
    }
    if !padding.text()[1..].trim_start().starts_with('[') {
        let [rows, columns]: [i64; 2] = padding.read()?;
        return if rows == columns { Ok([rows; 2]) } else { failed("its sides differ") };
    }
    let [rows, columns]: [[i64; 2]; 2] = padding.read()?;
    if rows == columns { Ok(rows) } else { failed("its sides differ") }
}

impl Weights<'_> {
    /// An error about the layer of this number.
    pub fn misfit(&self, layer: u32, reason: String) -> Error {
        let (name, class) = self.layers.get(layer as usize).cloned().unwrap_or_default();
        misfit(name, class, reason)
    }

    /// The mean and the standard deviation of red, green and blue. `declared` are those of the picture that the model takes,
    /// which may be grey: the shares of the colours in grey don't add up to 1.
    pub fn declared(&self, declared: Option<[[f32; 3]; 2]>) -> Option<[[f32; 3]; 2]> {
        let grey = self.convs.iter().any(|conv| conv.grey);
        let all = if grey { GREY.iter().sum() } else { 1.0 };
        declared.map(|[mean, std]| [mean.map(|mean| mean / all), std])
    }

    /// The eps of the first batch normalisation; 0 if there is none.
    pub fn eps(&self) -> f64 {
        self.convs.iter().find_map(|conv| conv.norm.as_ref()).map_or(0.0, |norm| norm.eps)
    }

    /// The weights of a layer, with batch normalisation folded in.
    pub fn read(&self, node: &ConvNode, conv: &Conv) -> Result<FoldedConv, Error> {
        let Some(tensors) = self.convs.get(node.weight as usize) else {
            return Err(self.misfit(0, "it has no weights".to_owned()));
        };
        let values = self.tensors.read(&tensors.kernel, &tensors.shape)?;
        let inputs = if conv.kind == ConvKind::Depthwise { 1 } else { conv.in_channels };
        let outputs = conv.out_channels;
        let shares: &[f32] = if tensors.grey { &GREY } else { &[1.0] };
        let taps = conv.kernel * conv.kernel;
        // Grey has one input, which becomes three.
        let mut weight = transposed(&values, outputs, inputs / shares.len(), taps, shares)?;
        let mut bias = match &tensors.bias {
            Some(bias) => self.tensors.read(bias, &[outputs])?,
            None => {
                let mut bias = with_room(outputs)?;
                bias.resize(outputs, 0.0);
                bias
            }
        };
        if let Some(norm) = &tensors.norm {
            bias = self.fold(norm, &tensors.kernel, &mut weight, &bias)?;
        }
        for value in &mut bias {
            *value += node.shift;
        }
        Ok(FoldedConv { weight, bias })
    }

    /// Folds batch normalisation into `weight`; returns the bias.
    fn fold(
        &self,
        norm: &Norm,
        kernel: &str,
        weight: &mut [f32],
        bias: &[f32],
    ) -> Result<Vec<f32>, Error> {
        let channels = bias.len();
        let or = |tensor: &Option<String>, default: f32| match tensor {
            Some(tensor) => self.tensors.read(tensor, &[channels]),
            None => {
                let mut values = with_room(channels)?;
                values.resize(channels, default);
                Ok(values)
            }
        };
        let mut mean = self.tensors.read(&norm.mean, &[channels])?;
        // The convolution's own bias shifts what is normalised.
        for (mean, bias) in mean.iter_mut().zip(bias) {
            *mean -= bias;
        }
        let variance = self.tensors.read(&norm.variance, &[channels])?;
        if let Some(index) = variance.iter().position(|&variance| variance < 0.0) {
            let (tensor, value) = (norm.variance.clone(), variance[index]);
            let expected = "a variance of 0 or more";
            return Err(Error::TensorValue { tensor, index, value, expected });
        }
        let eps = norm.eps;
        let norm =
            BatchNorm { weight: or(&norm.gamma, 1.0)?, bias: or(&norm.beta, 0.0)?, mean, variance };
        let bias = norm.fold(weight, eps);
        for values in [&*weight, &bias] {
            if let Some(index) = values.iter().position(|value| !value.is_finite()) {
                let (tensor, value) = (kernel.to_owned(), values[index]);
                let expected = "finite after batch normalisation is folded in";
                return Err(Error::TensorValue { tensor, index, value, expected });
            }
        }
        Ok(bias)
    }
}
