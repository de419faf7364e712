//! Checkpoints that are graphs: what the operators of a `.tflite` file compute is matched onto a [`Network`]. Nothing is
//! taken from a name, so that relatives of the papers' networks load too.

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

/// Where a layer's weights are.
struct Layer {
    site: Site,
    /// Numbers of tensors.
    weight: i32,
    bias: Option<i32>,
    /// Added to the bias.
    shift: f32,
    /// What the input's integers are multiples of.
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
        // The first operators of a graph may normalise its input.
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

    /// The weights of a layer, as floats.
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
        // From `[out][ky][kx][in]` to `[out][in][ky][kx]`; a depthwise filter has one output, its channels are inputs.
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
            // Integers of the sums: an input's times a weight's.
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
