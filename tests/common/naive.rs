//! A network run the slow and obvious way, in f64: the oracle of the tests.

use mobilenet_wasm::Error;
use mobilenet_wasm::arch::{Conv, ConvKind, Network, Padding, Site};
use mobilenet_wasm::kernels::reference::{self, Shape};
use mobilenet_wasm::weights::WeightSource;

/// `size` x `size` pixels, `[channel][y][x]`.
#[derive(Clone)]
struct Image {
    size: usize,
    values: Vec<f64>,
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

/// Runs `network` on one image, `[y][x][channel]`, and gives the logits.
pub fn run(
    network: &Network,
    weights: &mut dyn WeightSource,
    input: &[f32],
) -> Result<Vec<f64>, Error> {
    let mut apply = |site: Site, conv: &Conv, image: &Image| -> Result<Image, Error> {
        let folded = weights.conv(site, conv)?;
        assert_eq!(folded.weight.len(), conv.weight_count(), "{site}");
        assert_eq!(folded.bias.len(), conv.out_channels, "{site}");
        Ok(convolve(conv, network.padding, &folded.weight, &folded.bias, image))
    };

    assert_eq!(input.len(), network.resolution * network.resolution * 3);
    let channel = |rgb| input.iter().skip(rgb).step_by(3).copied().map(f64::from);
    let mut image = Image { size: network.resolution, values: (0..3).flat_map(channel).collect() };
    image = apply(Site::Stem, &network.stem, &image)?;
    for (index, block) in network.blocks.iter().enumerate() {
        let before = image.clone();
        if let Some(expand) = &block.expand {
            image = apply(Site::Expand(index), expand, &image)?;
        }
        image = apply(Site::Depthwise(index), &block.depthwise, &image)?;
        if let Some(squeeze_excite) = &block.squeeze_excite {
            let squeezed =
                apply(Site::SqueezeReduce(index), &squeeze_excite.reduce, &image.pooled())?;
            let gate = apply(Site::SqueezeExpand(index), &squeeze_excite.expand, &squeezed)?;
            let channels = image.values.chunks_exact_mut(image.size * image.size);
            for (channel, gate) in channels.zip(gate.values) {
                channel.iter_mut().for_each(|value| *value *= gate);
            }
        }
        image = apply(Site::Project(index), &block.project, &image)?;
        if block.residual {
            image
                .values
                .iter_mut()
                .zip(&before.values)
                .for_each(|(value, before)| *value += before);
        }
    }
    if let Some(last) = &network.last {
        image = apply(Site::Last, last, &image)?;
    }
    image = image.pooled();
    if let Some(head) = &network.head {
        image = apply(Site::Head, head, &image)?;
    }
    Ok(apply(Site::Classifier, &network.classifier, &image)?.values)
}

fn convolve(conv: &Conv, padding: Padding, weight: &[f32], bias: &[f32], image: &Image) -> Image {
    assert_eq!(image.channels().len(), conv.in_channels);
    let before = padding.before(image.size, conv.kernel, conv.stride);
    let size = padding.output(image.size, conv.stride);
    let shape = Shape {
        channels: conv.in_channels,
        height: image.size,
        width: image.size,
        kernel: conv.kernel,
        stride: conv.stride,
        above: before,
        left: before,
        output_height: size,
        output_width: size,
    };
    let convolution = match conv.kind {
        ConvKind::Depthwise => reference::depthwise,
        ConvKind::Stem | ConvKind::Pointwise | ConvKind::Dense => reference::convolution,
    };
    Image { size, values: convolution(&shape, &image.values, weight, bias, conv.activation) }
}
