//! A plain implementation of whole networks in f64, with which the tests compare.

use mobilenet_wasm::Error;
use mobilenet_wasm::arch::{Conv, ConvKind, Network, Padding, Site};
use mobilenet_wasm::kernels::{Window, reference};
use mobilenet_wasm::weights::WeightSource;

/// `size` x `size` pixels, `[channel][y][x]`.
#[derive(Clone)]
pub struct Image {
    pub size: usize,
    pub values: Vec<f64>,
}

impl Image {
    fn channels(&self) -> std::slice::ChunksExact<'_, f64> {
        self.values.chunks_exact(self.size * self.size)
    }

    /// The mean of each channel, as a single pixel.
    fn pooled(&self) -> Self {
        let mean = |channel: &[f64]| channel.iter().sum::<f64>() / channel.len() as f64;
        Self { size: 1, values: self.channels().map(mean).collect() }
    }
}

/// Runs `network` on one image, `[y][x][channel]`; returns the name and output of every layer, the logits last.
pub fn tensors(
    network: &Network,
    weights: &mut dyn WeightSource,
    input: &[f32],
) -> Result<Vec<(String, Image)>, Error> {
    let mut tensors = Vec::new();
    let mut keep = |name: String, image: Image| -> Image {
        tensors.push((name, image.clone()));
        image
    };
    let mut apply = |site: Site, conv: &Conv, image: &Image| -> Result<Image, Error> {
        let folded = weights.conv(site, conv)?;
        assert_eq!(folded.weight.len(), conv.weight_count(), "{site}");
        assert_eq!(folded.bias.len(), conv.out_channels, "{site}");
        Ok(convolve(conv, network.padding, &folded.weight, &folded.bias, image))
    };

    assert_eq!(input.len(), network.resolution * network.resolution * 3);
    let channel = |rgb| input.iter().skip(rgb).step_by(3).copied().map(f64::from);
    let picture = Image { size: network.resolution, values: (0..3).flat_map(channel).collect() };
    let mut image = keep("stem".into(), apply(Site::Stem, &network.stem, &picture)?);
    for (index, block) in network.blocks.iter().enumerate() {
        let before = image.clone();
        for (site, conv) in [
            (Site::Start(index), &block.start),
            (Site::Expand(index), &block.expand),
            (Site::Depthwise(index), &block.depthwise),
        ] {
            if let Some(conv) = conv {
                image = keep(site.to_string(), apply(site, conv, &image)?);
            }
        }
        if let Some(squeeze_excite) = &block.squeeze_excite {
            let pooled = keep(format!("block {index} pool"), image.pooled());
            let site = Site::SqueezeReduce(index);
            let squeezed = keep(site.to_string(), apply(site, &squeeze_excite.reduce, &pooled)?);
            let site = Site::SqueezeExpand(index);
            let gate = keep(site.to_string(), apply(site, &squeeze_excite.expand, &squeezed)?);
            let channels = image.values.chunks_exact_mut(image.size * image.size);
            for (channel, gate) in channels.zip(gate.values) {
                channel.iter_mut().for_each(|value| *value *= gate);
            }
            image = keep(format!("block {index} scale"), image);
        }
        let site = Site::Project(index);
        image = keep(site.to_string(), apply(site, &block.project, &image)?);
        if block.residual {
            let sums = image.values.iter_mut().zip(&before.values);
            sums.for_each(|(value, before)| *value += before);
            image = keep(format!("block {index} add"), image);
        }
    }
    if let Some(last) = &network.last {
        image = keep(Site::Last.to_string(), apply(Site::Last, last, &image)?);
    }
    image = keep("pool".into(), image.pooled());
    if let Some(head) = &network.head {
        image = keep(Site::Head.to_string(), apply(Site::Head, head, &image)?);
    }
    keep(Site::Classifier.to_string(), apply(Site::Classifier, &network.classifier, &image)?);
    Ok(tensors)
}

pub fn convolve(
    conv: &Conv,
    padding: Padding,
    weight: &[f32],
    bias: &[f32],
    image: &Image,
) -> Image {
    assert_eq!(image.channels().len(), conv.in_channels);
    let window = Window::new(padding, conv.kernel, conv.stride, image.size, image.size);
    let convolution = match conv.kind {
        ConvKind::Depthwise => reference::depthwise,
        ConvKind::Stem | ConvKind::Convolution | ConvKind::Pointwise | ConvKind::Dense => {
            reference::convolution
        }
    };
    Image {
        size: window.output_width,
        values: convolution(&window, &image.values, weight, bias, conv.activation),
    }
}
