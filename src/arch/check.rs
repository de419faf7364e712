//! Checks that a network's layers fit together and that a kernel exists for each. [`Network::new`] builds only valid
//! networks, but the fields are public, and the kernels trust the network's sizes when they read memory.

use super::{Activation, Block, Conv, ConvKind, MAX_CLASSES, Network, Site, SqueezeExcite};
use crate::error::Error;

/// The most channels of a layer other than the classifier; V2 at width 4 has 7680. This limit keeps the number of a
/// layer's weights (at most 2.4e9) and of a map's values within 32 bits. Allocation checks whether they fit in memory.
const MAX_CHANNELS: usize = 16_384;

impl Network {
    /// Checks that the network can run: each layer takes as many channels as the layer before it gives, and there is a
    /// kernel for its kind, filter size, stride and activation. No map may be a single pixel.
    ///
    /// # Errors
    /// [`Error::Network`] for the first layer that doesn't fit, [`Error::Resolution`] for an input size that no network
    /// takes.
    pub fn check(&self) -> Result<(), Error> {
        super::builder::check_resolution(self.resolution)?;
        layer(Site::Stem, &self.stem, 3, &[ConvKind::Stem])?;
        let mut channels = self.stem.out_channels;
        for (index, block) in self.blocks.iter().enumerate() {
            channels = check_block(index, block, channels)?;
        }
        if let Some(last) = &self.last {
            channels = layer(Site::Last, last, channels, &[ConvKind::Pointwise])?;
        }
        if let Some(head) = &self.head {
            channels = layer(Site::Head, head, channels, &[ConvKind::Dense])?;
        }
        layer(Site::Classifier, &self.classifier, channels, &[ConvKind::Dense])?;
        self.check_sizes()
    }

    /// Checks that every map has more than one pixel. Plans take a tensor of one pixel for a vector, whose blocks have no
    /// gaps between them, but the kernels of maps leave gaps.
    fn check_sizes(&self) -> Result<(), Error> {
        let mut size = self.resolution;
        for (site, conv) in self.sites() {
            size = self.padding.output(size, conv.stride);
            ensure(site, size > 1, || "its output is a single pixel".to_owned())?;
        }
        Ok(())
    }
}

/// Checks a block with `input` channels; returns its output channels.
fn check_block(index: usize, block: &Block, input: usize) -> Result<usize, Error> {
    let Block { start, expand, depthwise, squeeze_excite, project, residual } = block;
    let mixing = [ConvKind::Pointwise, ConvKind::Convolution];
    let mut channels = input;
    for (site, conv, kinds) in [
        (Site::Start(index), start, &[ConvKind::Depthwise][..]),
        (Site::Expand(index), expand, &mixing),
        (Site::Depthwise(index), depthwise, &[ConvKind::Depthwise]),
    ] {
        if let Some(conv) = conv {
            channels = layer(site, conv, channels, kinds)?;
        }
    }
    if let Some(SqueezeExcite { reduce, expand }) = squeeze_excite {
        let site = Site::SqueezeReduce(index);
        ensure(site, depthwise.is_some(), || "there is no depthwise output to squeeze".to_owned())?;
        let squeezed = layer(site, reduce, channels, &[ConvKind::Dense])?;
        let site = Site::SqueezeExpand(index);
        let gates = layer(site, expand, squeezed, &[ConvKind::Dense])?;
        ensure(site, gates == channels, || format!("{gates} gates for {channels} channels"))?;
    }
    let site = Site::Project(index);
    let output = layer(site, project, channels, &mixing)?;
    if *residual {
        let strided = [start, expand, depthwise].into_iter().flatten().chain([project]);
        let strided = strided.into_iter().any(|conv| conv.stride != 1);
        ensure(site, !strided && output == input, || {
            format!("a residual needs {input} channels at stride 1, as the block's input has")
        })?;
        ensure(site, project.activation == Activation::Linear, || {
            format!("a residual is added to a linear projection, not to {:?}", project.activation)
        })?;
    }
    Ok(output)
}

/// Checks that a layer is one of `kinds`, can run, and takes `input` channels; returns its output channels.
fn layer(site: Site, conv: &Conv, input: usize, kinds: &[ConvKind]) -> Result<usize, Error> {
    let &Conv { kind, kernel, stride, in_channels, out_channels, activation, .. } = conv;
    ensure(site, kinds.contains(&kind), || format!("{kind:?} where {kinds:?} is expected"))?;
    let (kernels, strides): (&[usize], &[usize]) = match kind {
        ConvKind::Stem => (&[3], &[2]),
        ConvKind::Convolution => (&[3], &[1, 2]),
        ConvKind::Depthwise => (&[3, 5], &[1, 2]),
        ConvKind::Pointwise | ConvKind::Dense => (&[1], &[1]),
    };
    ensure(site, kernels.contains(&kernel) && strides.contains(&stride), || {
        format!(
            "a {kernel}x{kernel} filter of stride {stride}: \
             {kind:?} has sides of {kernels:?} and strides of {strides:?}"
        )
    })?;
    ensure(site, in_channels == input, || {
        format!("it takes {in_channels} channels, the layer before gives {input}")
    })?;
    ensure(site, kind != ConvKind::Depthwise || out_channels == in_channels, || {
        format!("{in_channels} channels in, {out_channels} out: a depthwise convolution keeps them")
    })?;
    let most = if site == Site::Classifier { MAX_CLASSES } else { MAX_CHANNELS };
    ensure(site, (1..=most).contains(&out_channels), || {
        format!("{out_channels} channels: from 1 to {most} are possible")
    })?;
    // Only the dense kernel computes hard-sigmoid, for the gates of squeeze-and-excite.
    ensure(site, kind == ConvKind::Dense || activation != Activation::HardSigmoid, || {
        "hard-sigmoid is for dense layers".to_owned()
    })?;
    Ok(out_channels)
}

fn ensure(site: Site, holds: bool, reason: impl FnOnce() -> String) -> Result<(), Error> {
    if holds { Ok(()) } else { Err(Error::Network { site, reason: reason() }) }
}
