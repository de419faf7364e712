//! The TensorFlow Lite format: a FlatBuffer whose root, a `Model`, has operators, the tensors between them, and buffers
//! with the bytes of constant tensors (tensorflow/compiler/mlir/lite/schema/schema.fbs). Only this file knows the
//! numbers of the schema's fields.

mod flatbuffer;
pub(in crate::weights) mod operators;
mod values;

use flatbuffer::{Reader, Table, Vector};

use crate::error::Error;
use crate::weights::ByteSource;

/// "TFL3", after the root's offset.
const IDENTIFIER: [u8; 4] = *b"TFL3";

/// The fewest bytes of an operator or a tensor, with its vectors, in a file from a converter. This bounds the number of
/// operators and tensors: in a small malicious file many of them could refer to the same bytes.
const LEAST: u64 = 64;

/// The most bytes of a name that an error quotes.
const MAX_NAME: u32 = 120;

/// The most dimensions of a tensor.
pub(in crate::weights) const MAX_RANK: usize = 6;

/// Whether this is a TensorFlow Lite file.
pub(in crate::weights) fn is_tflite(source: &dyn ByteSource) -> bool {
    let mut identifier = [0; 4];
    source.len() >= 8 && source.read(4, &mut identifier).is_ok() && identifier == IDENTIFIER
}

/// An open file.
pub(in crate::weights) struct File<'a> {
    reader: Reader<'a>,
}

/// The graph of operators and tensors. Reads from the file on demand.
#[derive(Clone, Copy)]
pub(in crate::weights) struct Graph<'f> {
    model: Table<'f>,
    codes: Vector<'f>,
    buffers: Vector<'f>,
    tensors: Vector<'f>,
    operators: Vector<'f>,
    inputs: Vector<'f>,
    outputs: Vector<'f>,
}

/// An operator, without its tensors.
#[derive(Clone, Copy)]
pub(in crate::weights) struct Operator<'f> {
    pub code: i32,
    inputs: Vector<'f>,
    outputs: Vector<'f>,
    options: Option<Table<'f>>,
}

/// A tensor.
#[derive(Clone, Copy)]
pub(in crate::weights) struct Tensor<'f> {
    index: usize,
    table: Table<'f>,
    pub kind: Kind,
    shape: [usize; MAX_RANK],
    rank: usize,
    /// The bytes of a constant; empty for the outputs of operators.
    data: Vector<'f>,
}

/// The type of a tensor's elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::weights) enum Kind {
    F32,
    F16,
    I32,
    U8,
    I64,
    I8,
    I16,
    /// An unsupported type, by its number in the schema.
    Other(u8),
}

/// An integer `q` stands for `(q - zero_point) * scale`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::weights) struct Quantization {
    pub scale: f64,
    pub zero_point: f64,
}

/// The field `fused_activation_function` of an operator's options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::weights) enum Fused {
    None,
    Relu,
    Relu6,
    Other(u8),
}

/// The options of a convolution.
pub(in crate::weights) struct ConvOptions {
    pub same: bool,
    /// Width, height.
    pub stride: [i32; 2],
    pub dilation: [i32; 2],
    pub fused: Fused,
}

/// The options of a pooling operator.
pub(in crate::weights) struct PoolOptions {
    pub same: bool,
    /// Width, height.
    pub stride: [i32; 2],
    pub filter: [i32; 2],
    pub fused: Fused,
}

impl<'a> File<'a> {
    pub fn open(source: &'a dyn ByteSource) -> Self {
        Self { reader: Reader::new(source) }
    }

    /// The model's only graph.
    pub fn graph(&self) -> Result<Graph<'_>, Error> {
        let length = self.reader.source.len();
        let model = self.reader.root(0, "the model")?;
        let subgraphs = model.vector(2, 4, "the subgraphs")?;
        if subgraphs.len != 1 {
            let reason = format!("the file has {} graphs, one is expected", subgraphs.len);
            return Err(Error::UnknownNetwork { reason });
        }
        let subgraph = subgraphs.table(0)?;
        let graph = Graph {
            model,
            codes: model.vector(1, 4, "the operator codes")?,
            buffers: model.vector(4, 4, "the buffers")?,
            tensors: subgraph.vector(0, 4, "the tensors")?,
            operators: subgraph.vector(3, 4, "the operators")?,
            inputs: subgraph.vector(1, 4, "the graph's inputs")?,
            outputs: subgraph.vector(2, 4, "the graph's outputs")?,
        };
        for Vector { len, what, .. } in [graph.tensors, graph.operators] {
            if u64::from(len) > length / LEAST {
                return Err(Error::TfliteCount { what, count: len, length });
            }
        }
        Ok(graph)
    }
}

impl<'f> Graph<'f> {
    /// Number of tensors.
    pub fn tensor_count(&self) -> usize {
        self.tensors.len as usize
    }

    /// Number of operators. They are sorted in execution order.
    pub fn operator_count(&self) -> u32 {
        self.operators.len
    }

    /// The graph's only input.
    pub fn input(&self) -> Result<Tensor<'f>, Error> {
        self.only(self.inputs, "inputs")
    }

    /// The graph's only output.
    pub fn output(&self) -> Result<Tensor<'f>, Error> {
        self.only(self.outputs, "outputs")
    }

    fn only(&self, tensors: Vector<'f>, what: &str) -> Result<Tensor<'f>, Error> {
        if tensors.len != 1 {
            let reason = format!("the graph has {} {what}, one is expected", tensors.len);
            return Err(Error::UnknownNetwork { reason });
        }
        self.tensor(tensors.i32(0)?)
    }

    pub fn operator(&self, index: u32) -> Result<Operator<'f>, Error> {
        let table = self.operators.table(index)?;
        let code = self.codes.table(table.i32(0, 0)? as u32)?;
        // Codes above 127 are only in field 3, which older files lack.
        let code = code.i32(3, 0)?.max(i32::from(code.u8(0, 0)? as i8));
        Ok(Operator {
            code,
            inputs: table.vector(1, 4, "an operator's inputs")?,
            outputs: table.vector(2, 4, "an operator's outputs")?,
            options: table.table(4, "an operator's options")?,
        })
    }

    /// The name of an operator: its own name if it is a custom one.
    pub fn operator_name(&self, index: u32) -> Result<String, Error> {
        let operator = self.operator(index)?;
        if operator.code != operators::CUSTOM {
            return Ok(operators::name(operator.code));
        }
        let code = self.codes.table(self.operators.table(index)?.i32(0, 0)? as u32)?;
        Ok(format!("custom `{}`", code.text(1, MAX_NAME, "an operator's name")?))
    }

    pub fn tensor(&self, index: i32) -> Result<Tensor<'f>, Error> {
        let len = self.tensors.len;
        let element = u32::try_from(index).ok().filter(|&index| index < len);
        let Some(element) = element else {
            return Err(Error::TfliteIndex { what: "the tensors", index: i64::from(index), len });
        };
        let table = self.tensors.table(element)?;
        let sides = table.vector(0, 4, "a tensor's shape")?;
        let rank = sides.len as usize;
        let mut shape = [1; MAX_RANK];
        let Some(places) = shape.get_mut(..rank) else {
            let reason = format!("{rank} dimensions, at most {MAX_RANK} are expected");
            return Err(Error::TfliteTensor { tensor: name(&table, element as usize)?, reason });
        };
        for (side, place) in (0..).zip(places) {
            // A negative side means any size.
            *place = usize::try_from(sides.i32(side)?).unwrap_or(0);
        }
        let kind = match table.u8(1, 0)? {
            0 => Kind::F32,
            1 => Kind::F16,
            2 => Kind::I32,
            3 => Kind::U8,
            4 => Kind::I64,
            7 => Kind::I16,
            9 => Kind::I8,
            other => Kind::Other(other),
        };
        let buffer = self.buffers.table(table.i32(2, 0)? as u32)?;
        let data = buffer.vector(0, 1, "a buffer")?;
        Ok(Tensor { index: element as usize, table, kind, shape, rank, data })
    }

    /// The offset of the model's metadata of this name, which is a FlatBuffer itself.
    fn metadata(&self, name: &str) -> Result<Option<u64>, Error> {
        let entries = self.model.vector(6, 4, "the metadata")?;
        // Converters write one or two.
        for entry in 0..entries.len.min(16) {
            let entry = entries.table(entry)?;
            if entry.text(0, MAX_NAME, "a metadata's name")? == name {
                let buffer = self.buffers.table(entry.i32(1, 0)? as u32)?;
                return Ok(Some(buffer.vector(0, 1, "the metadata")?.start));
            }
        }
        Ok(None)
    }

    /// Mean and standard deviation to normalise input values from 0 to 255, if the file's metadata defines them
    /// (tflite-support's metadata_schema.fbs).
    pub fn normalization(&self, file: &'f File<'_>) -> Result<Option<[[f32; 3]; 2]>, Error> {
        let Some(start) = self.metadata("TFLITE_METADATA")? else { return Ok(None) };
        let metadata = file.reader.root(start, "the metadata")?;
        let subgraphs = metadata.vector(3, 4, "the metadata's subgraphs")?;
        if subgraphs.len == 0 {
            return Ok(None);
        }
        let inputs = subgraphs.table(0)?.vector(2, 4, "the metadata's inputs")?;
        if inputs.len == 0 {
            return Ok(None);
        }
        let units = inputs.table(0)?.vector(4, 4, "the input's process units")?;
        for unit in 0..units.len.min(16) {
            let unit = units.table(unit)?;
            // NormalizationOptions.
            if unit.u8(0, 0)? == 1
                && let Some(options) = unit.table(1, "the normalization")?
            {
                let channels = |field| {
                    let values = options.vector(field, 4, "the normalization")?;
                    // Either one value for all channels, or one for each.
                    let each = u32::from(values.len == 3);
                    Ok::<_, Error>([values.f32(0)?, values.f32(each)?, values.f32(2 * each)?])
                };
                return Ok(Some([channels(0)?, channels(1)?]));
            }
        }
        Ok(None)
    }
}

impl<'f> Operator<'f> {
    /// The tensor number of an input. `None` if the operator has fewer inputs, or has -1 for an omitted one.
    pub fn input(&self, index: u32) -> Result<Option<i32>, Error> {
        if index >= self.inputs.len {
            return Ok(None);
        }
        Ok(Some(self.inputs.i32(index)?).filter(|&tensor| tensor != -1))
    }

    /// The tensor number of its output.
    pub fn output(&self) -> Result<i32, Error> {
        self.outputs.i32(0)
    }

    fn u8(&self, field: u16) -> Result<u8, Error> {
        self.options.map_or(Ok(0), |options| options.u8(field, 0))
    }

    fn pair(&self, field: u16, default: i32) -> Result<[i32; 2], Error> {
        let Some(options) = self.options else { return Ok([default; 2]) };
        Ok([options.i32(field, default)?, options.i32(field + 1, default)?])
    }

    /// The fused activation of an `ADD`, `SUB`, `MUL`, `DIV` or `FULLY_CONNECTED`.
    pub fn fused(&self) -> Result<Fused, Error> {
        self.fused_at(0)
    }

    fn fused_at(&self, field: u16) -> Result<Fused, Error> {
        Ok(match self.u8(field)? {
            0 => Fused::None,
            1 => Fused::Relu,
            3 => Fused::Relu6,
            other => Fused::Other(other),
        })
    }

    /// Options of `CONV_2D` or `DEPTHWISE_CONV_2D`.
    pub fn conv(&self) -> Result<ConvOptions, Error> {
        // Options of a depthwise convolution have a depth multiplier after the strides; the weights' shape has it too.
        let after = 3 + u16::from(self.code == operators::DEPTHWISE_CONV_2D);
        Ok(ConvOptions {
            same: self.u8(0)? == 0,
            stride: self.pair(1, 0)?,
            fused: self.fused_at(after)?,
            dilation: self.pair(after + 1, 1)?,
        })
    }

    pub fn pool(&self) -> Result<PoolOptions, Error> {
        let (stride, filter) = (self.pair(1, 0)?, self.pair(3, 0)?);
        Ok(PoolOptions { same: self.u8(0)? == 0, stride, filter, fused: self.fused_at(5)? })
    }

    /// Whether the weights of a `FULLY_CONNECTED` have the schema's default layout.
    pub fn plain_weights(&self) -> Result<bool, Error> {
        Ok(self.u8(1)? == 0)
    }

    /// The factor `beta` of a `SOFTMAX`.
    pub fn beta(&self) -> Result<f32, Error> {
        self.options.map_or(Ok(0.0), |options| options.f32(0))
    }
}

/// The name of the tensor with this table, or what it is called if it has none.
fn name(tensor: &Table<'_>, index: usize) -> Result<String, Error> {
    let name = tensor.text(3, MAX_NAME, "a tensor's name")?;
    Ok(if name.is_empty() { format!("number {index}") } else { name })
}

impl Tensor<'_> {
    pub fn index(&self) -> usize {
        self.index
    }

    pub fn shape(&self) -> &[usize] {
        &self.shape[..self.rank]
    }

    /// Whether it is a constant with values in the file.
    pub fn is_constant(&self) -> bool {
        self.data.len > 0
    }

    pub fn name(&self) -> Result<String, Error> {
        name(&self.table, self.index)
    }

    /// An error about this tensor.
    pub fn error(&self, reason: String) -> Error {
        match self.name() {
            Ok(tensor) => Error::TfliteTensor { tensor, reason },
            Err(error) => error,
        }
    }
}
