//! Writes safetensors files in memory.

use serde_json::{Map, Value, json};

/// A tensor to write.
#[derive(Clone)]
pub struct Tensor {
    pub name: String,
    /// The type's name in safetensors: `F32`, `F16`, `BF16` or `I64`.
    pub dtype: String,
    pub shape: Vec<usize>,
    /// Little-endian elements.
    pub bytes: Vec<u8>,
}

/// The file of these tensors, in this order.
pub fn file(tensors: &[Tensor]) -> Vec<u8> {
    let mut header = Map::new();
    let mut data = Vec::new();
    for tensor in tensors {
        let start = data.len();
        data.extend(&tensor.bytes);
        let info = json!({ "dtype": tensor.dtype, "shape": tensor.shape, "data_offsets": [start, data.len()] });
        header.insert(tensor.name.clone(), info);
    }
    with_header(&Value::Object(header).to_string(), &data)
}

/// A file of this header and data, valid or not.
pub fn with_header(header: &str, data: &[u8]) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), data].concat()
}
