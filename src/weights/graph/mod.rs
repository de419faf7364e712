//! Checkpoints with a graph: matches the operators of a `.tflite` file, or the layers of a model of Keras, to a
//! [`Network`]. Names don't matter, so other networks of the same blocks load too.

mod blocks;
mod builder;
mod keras;
mod lower;
mod node;
mod normalise;
mod recognise;
mod tflite;

use blocks::Misfit;
use builder::Lowered;
use node::ConvNode;
use normalise::Affine;
pub(super) use normalise::Normalisation;

use super::format::keras::Model;
use super::format::tflite::File;
use super::{ByteSource, FoldedConv};
use crate::arch::{Conv, Network, Site};
use crate::buffer::with_room;
use crate::error::Error;

/// A file whose graph is a network.
pub(super) struct GraphFile<'a> {
    weights: Weights<'a>,
    matched: Matched,
    normalisation: Normalisation,
    eps: f64,
}

/// Where the weights are.
enum Weights<'a> {
    Tflite(File<'a>),
    Keras(keras::Weights<'a>),
}

/// A network, and the nodes of its layers.
struct Matched {
    network: Network,
    layers: Vec<(Site, ConvNode)>,
    /// The normalisation that the first operators of the graph do.
    own: Affine,
}

impl<'a> GraphFile<'a> {
    /// Opens a `.tflite` file.
    pub fn open(source: &'a dyn ByteSource) -> Result<Self, Error> {
        let file = File::open(source);
        let graph = file.graph()?;
        let lowered = lower::lower(graph, source.len())?;
        let matched =
            matched(&lowered, &|operator, reason| lower::misfit(&graph, operator, reason))?;
        let declared = graph.normalization(&file)?;
        let normalisation = normalise::normalisation(&graph.input()?, declared, matched.own)?;
        Ok(Self { weights: Weights::Tflite(file), matched, normalisation, eps: 0.0 })
    }

    /// Opens a model of Keras. `declared` is the mean and the standard deviation by which its input, values from 0 to 255,
    /// is known to be normalised. Only then a model may take a grey picture.
    pub fn open_keras(model: Model<'a>, declared: Option<[[f32; 3]; 2]>) -> Result<Self, Error> {
        let (lowered, weights) = keras::lower(model, declared.is_some())?;
        let matched = matched(&lowered, &|layer, reason| weights.misfit(layer, reason))?;
        let (given, guessed) = Affine::of_floats(weights.declared(declared), matched.own);
        let normalisation =
            given.then(matched.own, guessed).map_err(|reason| weights.misfit(0, reason))?;
        let eps = weights.eps();
        Ok(Self { weights: Weights::Keras(weights), matched, normalisation, eps })
    }

    pub fn network(&self) -> &Network {
        &self.matched.network
    }

    pub fn normalisation(&self) -> &Normalisation {
        &self.normalisation
    }

    /// The eps of the first batch normalisation; 0 if there is none.
    pub fn eps(&self) -> f64 {
        self.eps
    }

    /// The weights of a layer as floats.
    pub fn conv(&self, site: Site, conv: &Conv) -> Result<FoldedConv, Error> {
        let own = self.network().sites().any(|other| other == (site, conv));
        let layer = self.matched.layers.iter().find(|&&(other, _)| other == site);
        let Some((_, node)) = layer.filter(|_| own) else {
            let reason = "the file has no such layer".to_owned();
            return Err(Error::Network { site, reason });
        };
        let out_channels = if node.binary { 1 } else { conv.out_channels };
        let in_file = Conv { out_channels, ..*conv };
        let read = match &self.weights {
            Weights::Tflite(file) => tflite::read(file, node, &in_file),
            Weights::Keras(weights) => weights.read(node, &in_file),
        }?;
        if node.binary { after_zeros(&read) } else { Ok(read) }
    }
}

/// The weights of a class, after those of a class of zeros.
fn after_zeros(class: &FoldedConv) -> Result<FoldedConv, Error> {
    let both = |values: &[f32]| {
        let mut both = with_room(2 * values.len())?;
        both.resize(values.len(), 0.0);
        both.extend_from_slice(values);
        Ok::<_, Error>(both)
    };
    Ok(FoldedConv { weight: both(&class.weight)?, bias: both(&class.bias)? })
}

/// Finds the network of a reduced graph.
fn matched(lowered: &Lowered, misfit: Misfit<'_>) -> Result<Matched, Error> {
    let found = blocks::layers(misfit, lowered)?;
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
    if let Err(error) = network.check() {
        let Error::Network { site, reason } = error else { return Err(error) };
        let node = found.sites.iter().find(|&&(other, _)| other == site);
        let operator = node.map_or(0, |&(_, node)| lowered.nodes[node].operator);
        return Err(misfit(operator, reason));
    }
    let mut layers = with_room(found.sites.len())?;
    for &(site, node) in &found.sites {
        layers.extend(lowered.nodes[node].kind.conv().map(|&conv| (site, conv)));
    }
    let stem = layers.iter().find(|&&(site, _): &&(Site, ConvNode)| site == Site::Stem);
    let own = stem.and_then(|(_, stem)| lowered.nodes[stem.input].kind.input());
    let network = recognise::recognise(network)?;
    Ok(Matched { network, layers, own: own.unwrap_or_default() })
}
