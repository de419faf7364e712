//! Reads the JSON of a model of Keras 2, Keras 3 or TensorFlow.js. It lists the layers in the order of their execution,
//! with the layers of inner models in place of these models.

use crate::weights::json::{Json, quote};

/// The deepest nesting of models.
const MAX_DEPTH: usize = 8;

/// The fewest bytes of a layer with its weights, on average over all files of a library's model. This bounds the memory
/// for the layers of a small malicious file.
const LEAST: u64 = 256;

/// The most layers. V3-Large has some 270.
const MAX_LAYERS: usize = 4096;

/// The layers of a model.
pub(in crate::weights) struct Topology<'j> {
    pub layers: Vec<Layer<'j>>,
    /// The number of the layer that computes the model's output.
    pub output: usize,
}

/// A layer, or an operation on the outputs of layers.
pub(in crate::weights) struct Layer<'j> {
    pub name: String,
    pub class: String,
    pub config: Json<'j>,
    pub inputs: Vec<Input>,
    /// Its place in the model, such as `layers/functional/layers/conv2d_3`. A `.keras` file names tensors by it.
    pub place: String,
}

/// An input of a layer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::weights) enum Input {
    /// The output of the earlier layer with this number.
    Layer(usize),
    Number(f64),
}

/// The value of a key of an object, unless it is null.
pub(in crate::weights) fn field<'j>(
    object: Json<'j>,
    key: &str,
) -> Result<Option<Json<'j>>, String> {
    let mut found = None;
    object.entries(|other, value| {
        if other == key && !value.is_null() {
            found = Some(value);
        }
        Ok(())
    })?;
    Ok(found)
}

fn needed<'j>(object: Json<'j>, key: &str) -> Result<Json<'j>, String> {
    field(object, key)?.ok_or_else(|| object.error(&format!("`{key}` is missing")))
}

/// The only element of a list.
fn only(list: Json<'_>) -> Result<Json<'_>, String> {
    let (mut first, mut count) = (None, 0);
    list.elements(|element| {
        count += 1;
        first = first.or(Some(element));
        Ok(())
    })?;
    match (first, count) {
        (Some(first), 1) => Ok(first),
        _ => Err(list.error(&format!("{count} elements, one is expected"))),
    }
}

fn starts_with(value: Json<'_>, start: char) -> bool {
    value.text().starts_with(start)
}

impl<'j> Topology<'j> {
    /// Parses the topology in a file of JSON, which is the model itself, or an object with the model in `model_config`
    /// or `modelTopology`. All files of the model together have `length` bytes.
    pub fn parse(file: &'j str, length: u64) -> Result<Self, String> {
        let mut model = Json::new(file);
        for key in ["modelTopology", "model_config"] {
            model = field(model, key)?.unwrap_or(model);
        }
        let mut parser = Parser { layers: Vec::new(), length };
        let output = parser.model(model, None, "", 0)?;
        match output {
            Some(output) => Ok(Self { layers: parser.layers, output }),
            None => Err(model.error("the model has no layers")),
        }
    }
}

struct Parser<'j> {
    layers: Vec<Layer<'j>>,
    length: u64,
}

/// The layers of a model by name. The value is the number of the layer that computes its output. It is `None` for the
/// picture until a layer gives its shape.
type Names = Vec<(String, Option<usize>)>;

impl<'j> Parser<'j> {
    /// Adds the layers of the model at `place`, and returns the layer that computes its output.
    fn model(
        &mut self,
        model: Json<'j>,
        input: Option<usize>,
        place: &str,
        depth: usize,
    ) -> Result<Option<usize>, String> {
        if depth > MAX_DEPTH {
            return Err(model.error("a model within too many models"));
        }
        let class: String = needed(model, "class_name")?.read()?;
        let config = needed(model, "config")?;
        match &*class {
            "Sequential" => self.sequential(config, input, place, depth),
            "Functional" | "Model" => self.functional(config, input, place, depth),
            _ => Err(model.error(&format!("a model of class {}", quote(&class)))),
        }
    }

    fn sequential(
        &mut self,
        config: Json<'j>,
        input: Option<usize>,
        place: &str,
        depth: usize,
    ) -> Result<Option<usize>, String> {
        // In older files the configuration is the list itself.
        let layers = if starts_with(config, '[') { config } else { needed(config, "layers")? };
        let mut value = input;
        let mut places = Places::new(place);
        layers.elements(|layer| {
            let class: String = needed(layer, "class_name")?.read()?;
            let inputs = value.map(Input::Layer).into_iter().collect();
            value = self.layer(layer, &class, inputs, &mut places, depth)?;
            Ok(())
        })?;
        Ok(value)
    }

    fn functional(
        &mut self,
        config: Json<'j>,
        input: Option<usize>,
        place: &str,
        depth: usize,
    ) -> Result<Option<usize>, String> {
        let mut names: Names = Vec::new();
        let mut places = Places::new(place);
        let mut inputs = 0;
        needed(config, "layers")?.elements(|layer| {
            let class: String = needed(layer, "class_name")?.read()?;
            let name: String = match field(layer, "name")? {
                Some(name) => name.read()?,
                None => needed(needed(layer, "config")?, "name")?.read()?,
            };
            let value = if class == "InputLayer" {
                inputs += 1;
                if inputs > 1 {
                    return Err(layer.error("a second input"));
                }
                let inputs = input.map(Input::Layer).into_iter().collect();
                self.layer(layer, &class, inputs, &mut places, depth)?
            } else {
                let nodes = needed(layer, "inbound_nodes")?;
                let inputs = calls(only(nodes)?, &names)?;
                self.layer(layer, &class, inputs, &mut places, depth)?
            };
            names.push((name, value));
            Ok(())
        })?;
        let mut output = needed(config, "output_layers")?;
        if !output.text()[1..].trim_start().starts_with('"') {
            output = only(output)?;
        }
        history(output, &names)
    }

    /// Adds a layer, or the layers of an inner model, and returns the layer that computes its output.
    fn layer(
        &mut self,
        layer: Json<'j>,
        class: &str,
        inputs: Vec<Input>,
        places: &mut Places,
        depth: usize,
    ) -> Result<Option<usize>, String> {
        let place = places.next(class);
        let first = match inputs.first() {
            Some(&Input::Layer(first)) => Some(first),
            _ => None,
        };
        let config = needed(layer, "config")?;
        let inputs = match class {
            "Sequential" | "Functional" | "Model" => {
                if inputs.len() > 1 {
                    return Err(layer.error("a model with more than one input"));
                }
                return self.model(layer, first, &place, depth + 1);
            }
            "InputLayer" if first.is_some() => return Ok(first),
            "InputLayer" => inputs,
            // In a sequential model the first layer may give the picture's shape.
            _ if first.is_none() => {
                vec![Input::Layer(self.push(layer, "InputLayer", config, Vec::new(), "")?)]
            }
            _ => inputs,
        };
        self.push(layer, class, config, inputs, &place).map(Some)
    }

    fn push(
        &mut self,
        layer: Json<'j>,
        class: &str,
        config: Json<'j>,
        inputs: Vec<Input>,
        place: &str,
    ) -> Result<usize, String> {
        if self.layers.len() >= MAX_LAYERS || self.layers.len() as u64 >= self.length / LEAST {
            let length = self.length;
            return Err(layer.error(&format!("no room for so many layers in {length} bytes")));
        }
        let name = match field(config, "name")? {
            Some(name) => name.read()?,
            None => class.to_owned(),
        };
        let (class, place) = (class.to_owned(), place.to_owned());
        self.layers.push(Layer { name, class, config, inputs, place });
        Ok(self.layers.len() - 1)
    }
}

/// The inputs of a call. In Keras 3 it is an object with arguments, else a list of `[layer, node, tensor, arguments]`.
/// The call of an operation is only one such element.
fn calls(call: Json<'_>, names: &Names) -> Result<Vec<Input>, String> {
    let mut inputs = Vec::new();
    if starts_with(call, '{') {
        arguments(needed(call, "args")?, names, &mut inputs, 0)?;
    } else if call.text()[1..].trim_start().starts_with('"') {
        tensor(call, names, &mut inputs)?;
    } else {
        call.elements(|call| tensor(call, names, &mut inputs))?;
    }
    Ok(inputs)
}

/// Adds the inputs in the arguments of a call of Keras 3, which may be lists.
fn arguments(
    list: Json<'_>,
    names: &Names,
    inputs: &mut Vec<Input>,
    depth: usize,
) -> Result<(), String> {
    list.elements(|argument| {
        match argument.text().as_bytes().first() {
            Some(b'[') if depth < 2 => arguments(argument, names, inputs, depth + 1)?,
            Some(b'{') => {
                let config = needed(argument, "config")?;
                push(needed(config, "keras_history")?, names, inputs)?;
            }
            _ => inputs.push(Input::Number(argument.read()?)),
        }
        Ok(())
    })
}

/// Adds the inputs that a call of Keras 2 names: a layer, and the second operand of an operation.
fn tensor(call: Json<'_>, names: &Names, inputs: &mut Vec<Input>) -> Result<(), String> {
    push(call, names, inputs)?;
    let mut number = 0;
    call.elements(|part| {
        number += 1;
        if number == 4
            && let Some(operand) = field(part, "y")?
        {
            if starts_with(operand, '[') {
                push(operand, names, inputs)?;
            } else {
                inputs.push(Input::Number(operand.read()?));
            }
        }
        Ok(())
    })
}

fn push(history_of: Json<'_>, names: &Names, inputs: &mut Vec<Input>) -> Result<(), String> {
    inputs.extend(history(history_of, names)?.map(Input::Layer));
    Ok(())
}

/// The number of the layer that a list `[layer, node, tensor, …]` names.
fn history(list: Json<'_>, names: &Names) -> Result<Option<usize>, String> {
    let (mut number, mut found) = (0, None);
    list.elements(|part| {
        if number == 0 {
            let name: String = part.read()?;
            let value = names.iter().rev().find(|(other, _)| *other == name);
            let Some(&(_, value)) = value else {
                return Err(part.error("no layer before it has this name"));
            };
            found = value;
        } else if number == 2 && part.read::<usize>()? != 0 {
            return Err(part.error("an output other than the first"));
        }
        number += 1;
        Ok(())
    })?;
    if number < 3 {
        return Err(list.error("[layer, node, tensor] is expected"));
    }
    Ok(found)
}

/// Counts the layers of a class in a model, as Keras 3 does for the names in its files of weights.
struct Places {
    /// The model's own place.
    model: String,
    counts: Vec<(String, usize)>,
}

impl Places {
    fn new(model: &str) -> Self {
        Self { model: model.to_owned(), counts: Vec::new() }
    }

    fn next(&mut self, class: &str) -> String {
        let name = match class {
            "Conv2D" => "conv2d",
            "DepthwiseConv2D" => "depthwise_conv2d",
            "BatchNormalization" => "batch_normalization",
            "Dense" => "dense",
            "Functional" | "Model" => "functional",
            "Sequential" => "sequential",
            // The other classes have no weights.
            _ => return String::new(),
        };
        let slash = if self.model.is_empty() { "" } else { "/" };
        let known = self.counts.iter_mut().find(|(other, _)| other == name);
        let number = match known {
            Some((_, count)) => {
                *count += 1;
                format!("_{count}")
            }
            None => {
                self.counts.push((name.to_owned(), 0));
                String::new()
            }
        };
        format!("{}{slash}layers/{name}{number}", self.model)
    }
}
