//! Checkpoints with a graph: matches the operators of a `.tflite` file to a [`Network`]. Names don't matter, so other
//! networks of the same blocks load too.

mod blocks;
mod lower;
mod node;
mod normalise;
mod recognise;

use lower::misfit;
use node::ConvNode;
pub(super) use normalise::Normalisation;

use super::format::tflite::File;
use super::{ByteSource, FoldedConv};
use crate::arch::{Conv, Network, Site};
use crate::buffer::with_room;
use crate::error::Error;

/// A file whose graph is a network.
pub(super) struct GraphFile<'a> {
    file: File<'a>,
    network: Network,
    layers: Vec<Layer>,
    normalisation: Normalisation,
}

/// The weights of a layer in the file.
struct Layer {
    site: Site,
    /// Tensor numbers.
    weight: i32,
    bias: Option<i32>,
    /// Added to the bias.
    shift: f32,
    /// Scale of the input's integers; 0 for floats.
    input_scale: f64,
}

impl<'a> GraphFile<'a> {
    pub fn open(source: &'a dyn ByteSource) -> Result<Self, Error> {
        let file = File::open(source);
        let graph = file.graph()?;
        let lowered = lower::lower(graph, source.len())?;
        let found = blocks::layers(graph, &lowered)?;
        let stages = vec![found.blocks.len()];
        let network = Network {
            version: None,
            minimalistic: false,
            width: 1.0,
            resolution: lowered.resolution,
            padding: lowered.padding,
            stages,
            stem: found.stem,
            blocks: found.blocks,
            last: found.last,
            head: found.head,
            classifier: found.classifier,
        };
        let node = |site| {
            let found = found.sites.iter().find(|&&(other, _)| other == site);
            found.map(|&(_, node)| &lowered.nodes[node])
        };
        if let Err(error) = network.check() {
            let Error::Network { site, reason } = error else { return Err(error) };
            return Err(misfit(&graph, node(site).map_or(0, |node| node.operator), reason));
        }
        let mut layers = with_room(found.sites.len())?;
        for &(site, node) in &found.sites {
            if let Some(&ConvNode { weight, bias, shift, input_scale, .. }) =
                lowered.nodes[node].kind.conv()
            {
                layers.push(Layer { site, weight, bias, shift, input_scale });
            }
        }
        // The normalisation that the first operators of the graph do.
        let stem = found.sites.iter().find(|(site, _)| *site == Site::Stem);
        let own = stem.and_then(|&(_, node)| {
            let input = lowered.nodes[node].kind.conv()?.input;
            lowered.nodes[input].kind.input()
        });
        let told = graph.normalization(&file)?;
        let normalisation =
            normalise::normalisation(&graph.input()?, told, own.unwrap_or_default())?;
        let network = recognise::recognise(network)?;
        Ok(Self { network, layers, normalisation, file })
    }

    pub fn network(&self) -> &Network {
        &self.network
    }

    pub fn normalisation(&self) -> &Normalisation {
        &self.normalisation
    }

    /// The weights of a layer as floats.
    pub fn conv(&self, site: Site, conv: &Conv) -> Result<FoldedConv, Error> {
        let own = self.network.sites().any(|other| other == (site, conv));
        let Some(layer) = self.layers.iter().find(|layer| layer.site == site).filter(|_| own)
        else {
            let reason = "the file has no such layer".to_owned();
            return Err(Error::Network { site, reason });
        };
        let graph = self.file.graph()?;
        let weights = graph.tensor(layer.weight)?;
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
        bias.resize(conv.out_channels, layer.shift);
        if let Some(tensor) = layer.bias {
            // An integer bias has the scale of the sums: the input's scale times the weight's.
            let mut scales = weights.scales()?;
            let sums: Vec<f64> =
                scales.drain(..).map(|weight| weight.scale * layer.input_scale).collect();
            graph.tensor(tensor)?.each(&sums, |index, value| {
                if let Some(place) = bias.get_mut(index) {
                    *place += value;
                }
            })?;
        }
        Ok(FoldedConv { weight, bias })
    }
}
