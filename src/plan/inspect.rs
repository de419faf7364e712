//! Access to the tensors inside a network: a second plan over the same weights, which fuses no layers and keeps every
//! tensor in memory.

use super::build::{self, Keep, Kept, Weights};
use super::{Extent, Plan};
use crate::arch::{ConvKind, Network, Site};
use crate::buffer::with_room;
use crate::error::Error;
use crate::kernels::layout::{self, BLOCK};

/// How an [`Inspector`] treats the gates of squeeze-and-excite.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Gates {
    /// Scales each channel by its gate.
    #[default]
    Learned,
    /// Computes the gates but doesn't apply them.
    Open,
}

/// One tensor of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedTensor {
    /// The layer's name: that of its [`Site`], or `pool`, `block 3 pool`, `block 3 scale` or `block 3 add` (the
    /// residual).
    pub name: String,
    /// Its shape.
    pub extent: Extent,
    /// `[y][x][channel]`.
    pub values: Vec<f32>,
}

/// A plan that keeps every tensor.
#[derive(Debug)]
pub struct Inspector {
    plan: Plan,
    gates: Gates,
}

impl Plan {
    /// Makes a second plan over the same weights that keeps every tensor. It uses the same threads. A step that exists
    /// in both plans gives the same bits.
    ///
    /// # Errors
    /// Those of [`Plan::new`].
    pub fn inspector(&self, gates: Gates) -> Result<Inspector, Error> {
        let keep = Keep::All { open_gates: gates == Gates::Open };
        let mut plan = build::build(&self.network, Weights::Shared(&self.layers), keep)?;
        plan.set_threads(&self.threads)?;
        Ok(Inspector { plan, gates })
    }
}

/// The filters of a depthwise convolution.
#[derive(Clone, Debug, PartialEq)]
pub struct Filters {
    /// Side of a filter. Pixels.
    pub kernel: usize,
    /// How many there are: one for each channel.
    pub channels: usize,
    /// `[channel][ky][kx]`, with batch normalisation folded into them.
    pub values: Vec<f32>,
    /// What each channel's sums begin with.
    pub biases: Vec<f32>,
}

impl Plan {
    /// The filters of the depthwise convolution of this name, as [`Site`] has it.
    ///
    /// # Errors
    /// [`Error::Layer`] for a name that no depthwise convolution of the network has.
    pub fn filters(&self, name: &str) -> Result<Filters, Error> {
        let sites = || self.network.sites().filter(|(_, conv)| conv.kind == ConvKind::Depthwise);
        let site = sites().map(|(site, _)| site).find(|site| site.to_string() == name);
        let packed = site.and_then(|site| self.layers.get(site)).ok_or_else(|| Error::Layer {
            name: name.to_owned(),
            known: sites().map(|(site, _)| site.to_string()).collect(),
        })?;
        let (kernel, channels) = (packed.conv.kernel, packed.conv.out_channels);
        let values = (0..channels).flat_map(|channel| packed.filter(channel).1).collect();
        let biases = (0..channels).map(|channel| packed.filter(channel).0).collect();
        Ok(Filters { kernel, channels, values, biases })
    }
}

impl Inspector {
    /// The plan to run. Its tensors stay until its next run.
    pub fn plan(&mut self) -> &mut Plan {
        &mut self.plan
    }

    /// The logits of the last run.
    #[must_use]
    pub fn logits(&self) -> &[f32] {
        self.plan.logits()
    }

    /// How it treats the gates of squeeze-and-excite.
    #[must_use]
    pub fn gates(&self) -> Gates {
        self.gates
    }

    /// The names of all tensors, in execution order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.plan.kept.iter().map(|kept| kept.name.as_str())
    }

    /// A tensor of the last run.
    ///
    /// # Errors
    /// [`Error::Layer`] if no tensor has this name, and [`Error::OutOfMemory`].
    pub fn tensor(&self, name: &str) -> Result<NamedTensor, Error> {
        let &Kept { tensor, extent, .. } = self.kept(name)?;
        let blocked = self.plan.values(tensor, extent.values());
        let pixels = extent.pixels();
        let plane = extent.values() / layout::blocks(extent.channels);
        let mut values = with_room(pixels * extent.channels)?;
        for pixel in 0..pixels {
            values.extend(
                (0..extent.channels).map(|channel| {
                    blocked[channel / BLOCK * plane + pixel * BLOCK + channel % BLOCK]
                }),
            );
        }
        Ok(NamedTensor { name: name.to_owned(), extent, values })
    }

    fn kept(&self, name: &str) -> Result<&Kept, Error> {
        self.plan.kept.iter().find(|kept| kept.name == name).ok_or_else(|| Error::Layer {
            name: name.to_owned(),
            known: self.names().map(str::to_owned).collect(),
        })
    }

    /// The class activation map of `class` in the last run: the evidence for the class at each pixel of the last map.
    ///
    /// If the classifier directly follows the pooling (V1, V2), the map is exact: its mean plus the class's bias is the
    /// logit (Zhou et al., arXiv 1512.04150). If a dense layer stands between them (V3, V4), that layer is linearised
    /// at the pooled features: the map is the logit's gradient with respect to them, times the features of each pixel.
    /// Its mean is then the logit of the linearised network without the constant term.
    ///
    /// # Errors
    /// [`Error::Class`] if the network has no such class, and [`Error::OutOfMemory`].
    pub fn activation_map(&self, class: usize) -> Result<ActivationMap, Error> {
        let logits = self.plan.logits();
        let Some(&logit) = logits.get(class) else {
            return Err(Error::Class { class, classes: logits.len() });
        };
        let gradient = self.gradient(class)?;
        let last = last_map(&self.plan.network);
        let map = self.tensor(&last)?;
        let pixels = map.values.chunks_exact(map.extent.channels);
        let values = pixels.map(|features| {
            let products =
                features.iter().zip(&gradient).map(|(&x, &weight)| f64::from(x) * weight);
            products.sum::<f64>() as f32
        });
        let Extent { height, width, .. } = map.extent;
        Ok(ActivationMap { class, logit, height, width, values: values.collect() })
    }

    /// The gradient of a class's logit with respect to the pooled features of the last run.
    fn gradient(&self, class: usize) -> Result<Vec<f64>, Error> {
        let Some(classifier) = self.plan.layers.get(Site::Classifier) else {
            return Ok(Vec::new());
        };
        let weights = classifier.dense_row(class).1.map(f64::from);
        let Some(head) = self.plan.layers.get(Site::Head) else { return Ok(weights.collect()) };
        let pooled = self.tensor("pool")?.values;
        let mut gradient = vec![0.0; pooled.len()];
        for (output, weight) in weights.enumerate() {
            let (bias, row) = head.dense_row(output);
            let row: Vec<f64> = row.map(f64::from).collect();
            let products = row.iter().zip(&pooled).map(|(weight, &x)| weight * f64::from(x));
            let sum = f64::from(bias) + products.sum::<f64>();
            let slope = weight * head.conv.activation.slope(sum);
            for (gradient, weight) in gradient.iter_mut().zip(row) {
                *gradient += slope * weight;
            }
        }
        Ok(gradient)
    }
}

/// The name of the map that is pooled.
fn last_map(network: &Network) -> String {
    match (&network.last, network.blocks.last()) {
        (Some(_), _) => Site::Last.to_string(),
        (None, Some(block)) if block.residual => format!("block {} add", network.blocks.len() - 1),
        (None, Some(_)) => Site::Project(network.blocks.len() - 1).to_string(),
        (None, None) => Site::Stem.to_string(),
    }
}

/// A class activation map: the evidence for a class at each pixel of the last map.
#[derive(Clone, Debug, PartialEq)]
pub struct ActivationMap {
    /// The class, as an index into the logits.
    pub class: usize,
    /// Its logit.
    pub logit: f32,
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// `[y][x]`, in the unit of the logits.
    pub values: Vec<f32>,
}
