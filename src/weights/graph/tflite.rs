//! The weights of a `.tflite` file.

use super::node::ConvNode;
use crate::arch::Conv;
use crate::buffer::with_room;
use crate::error::Error;
use crate::weights::FoldedConv;
use crate::weights::format::tflite::File;

/// Reads the weights of a layer as floats.
pub(super) fn read(file: &File<'_>, node: &ConvNode, conv: &Conv) -> Result<FoldedConv, Error> {
    let graph = file.graph()?;
    let weights = graph.tensor(node.weight)?;
    let mut weight = with_room(conv.weight_count())?;
    weight.resize(conv.weight_count(), 0.0);
    // Transposes `[out][ky][kx][in]` to `[out][in][ky][kx]`. A depthwise filter has `out` 1 and its channels as
    // `in`.
    let taps = conv.kernel * conv.kernel;
    let inputs = conv.in_channels;
    weights.each(&[], |index, value| {
        let (outer, inner) = (index / inputs, index % inputs);
        let (output, tap) = (outer / taps, outer % taps);
        if let Some(place) = weight.get_mut((output * inputs + inner) * taps + tap) {
            *place = value;
        }
    })?;
    let mut bias = with_room(conv.out_channels)?;
    bias.resize(conv.out_channels, node.shift);
    if let Some(tensor) = node.bias {
        // An integer bias has the scale of the sums: the input's scale times the weight's.
        let mut scales = weights.scales()?;
        let sums: Vec<f64> =
            scales.drain(..).map(|weight| weight.scale * node.input_scale).collect();
        graph.tensor(tensor)?.each(&sums, |index, value| {
            if let Some(place) = bias.get_mut(index) {
                *place += value;
            }
        })?;
    }
    Ok(FoldedConv { weight, bias })
}
