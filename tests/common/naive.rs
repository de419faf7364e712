//! A network run the slow and obvious way, in f64: the oracle of the tests.

use mobilenet_wasm::Error;
use mobilenet_wasm::arch::{Activation, Conv, ConvKind, Network, Padding, Site};
use mobilenet_wasm::weights::WeightSource;

/// `size` x `size` pixels, `[y][x][channel]`.
#[derive(Clone)]
struct Image {
    size: usize,
    channels: usize,
    values: Vec<f64>,
}

impl Image {
    /// The value at a place that may lie outside, where everything is 0.
    fn at(&self, y: isize, x: isize, channel: usize) -> f64 {
        let inside = |position: isize| {
            usize::try_from(position).ok().filter(|&position| position < self.size)
        };
        match (inside(y), inside(x)) {
            (Some(y), Some(x)) => self.values[(y * self.size + x) * self.channels + channel],
            _ => 0.0,
        }
    }

    /// The mean of each channel, as a single pixel.
    fn pooled(&self) -> Self {
        let mut values = vec![0.0; self.channels];
        for pixel in self.values.chunks(self.channels) {
            for (sum, value) in values.iter_mut().zip(pixel) {
                *sum += value;
            }
        }
        let pixels = (self.size * self.size) as f64;
        values.iter_mut().for_each(|sum| *sum /= pixels);
        Self { size: 1, channels: self.channels, values }
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
    let values = input.iter().copied().map(f64::from).collect();
    let mut image = Image { size: network.resolution, channels: 3, values };
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
            for pixel in image.values.chunks_mut(image.channels) {
                pixel.iter_mut().zip(&gate.values).for_each(|(value, gate)| *value *= gate);
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
    assert_eq!(image.channels, conv.in_channels);
    let before = padding.before(image.size, conv.kernel, conv.stride) as isize;
    let size = padding.output(image.size, conv.stride);
    let depthwise = conv.kind == ConvKind::Depthwise;
    let inputs = if depthwise { 1 } else { conv.in_channels };
    let mut values = Vec::with_capacity(size * size * conv.out_channels);
    for y in 0..size {
        for x in 0..size {
            for out in 0..conv.out_channels {
                let mut sum = f64::from(bias[out]);
                let filter = &weight[out * inputs * conv.kernel * conv.kernel..];
                for input in 0..inputs {
                    let channel = if depthwise { out } else { input };
                    for ky in 0..conv.kernel {
                        for kx in 0..conv.kernel {
                            let tap = filter[(input * conv.kernel + ky) * conv.kernel + kx];
                            let (y, x) = (y * conv.stride + ky, x * conv.stride + kx);
                            sum += f64::from(tap)
                                * image.at(y as isize - before, x as isize - before, channel);
                        }
                    }
                }
                values.push(activate(conv.activation, sum));
            }
        }
    }
    Image { size, channels: conv.out_channels, values }
}

fn activate(activation: Activation, x: f64) -> f64 {
    let hard_sigmoid = |x: f64| (x + 3.0).clamp(0.0, 6.0) / 6.0;
    match activation {
        Activation::Linear => x,
        Activation::Relu => x.max(0.0),
        Activation::Relu6 => x.clamp(0.0, 6.0),
        Activation::HardSwish => x * hard_sigmoid(x),
        Activation::HardSigmoid => hard_sigmoid(x),
    }
}
