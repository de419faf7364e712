//! The target for plans: networks that no paper has.

use std::cell::OnceCell;

use mobilenet_wasm::arch::{
    Activation, Block, Config, Conv, ConvKind, Network, Padding, SqueezeExcite, Version,
};
use mobilenet_wasm::kernels::TileShape;
use mobilenet_wasm::plan::{Gates, Plan, Precision, Threads};
use mobilenet_wasm::simd::{Native, Scalar};
use mobilenet_wasm::weights::Untrained;

use super::goldens::uniform;

/// The most multiply-accumulates of a network that is run, so that an input takes some milliseconds.
const MAX_MACS: u64 = 4 << 20;

/// The most weights of a network that is run.
const MAX_PARAMETERS: u64 = 1 << 18;

/// The most blocks of a network.
const MAX_BLOCKS: u8 = 12;

thread_local! {
    /// Three threads for all runs: to start some for each would take most of the time.
    static THREADS: OnceCell<Threads> = const { OnceCell::new() };
}

/// Checks a network, and runs it if it is small. Every plan of it gives the same bits: of plain and of vector
/// arithmetic, with tiles of both shapes, with one thread and with three, with its steps fused and without. A plan of
/// 8 bits does so too, except that it has no unfused steps.
pub fn network(input: &[u8]) {
    let mut bytes = Bytes(input);
    let network = network_of(&mut bytes);
    if let Err(error) = network.check() {
        let (code, message) = (error.code(), error.to_string());
        assert_eq!(code, "BAD_CONFIG", "{message}");
        let refused = Plan::new(&network, &mut Untrained::new(0), Precision::F32);
        assert_eq!(refused.map(|_| ()).map_err(|error| error.to_string()), Err(message));
        return;
    }
    if network.macs() > MAX_MACS || network.parameters() > MAX_PARAMETERS {
        return;
    }
    let picture: Vec<f32> = uniform("picture", network.resolution * network.resolution * 3)
        .map(|value| (4.0 * value - 2.0) as f32)
        .collect();
    let seed = bytes.next().into();
    for precision in Precision::ALL {
        let mut plan = Plan::new(&network, &mut Untrained::new(seed), precision).unwrap();
        let plain = bits(plan.run::<Scalar>(&picture).unwrap());
        assert_eq!(plain.len(), network.classes());
        let features = bits(plan.features());
        THREADS.with(|threads| {
            let threads = threads.get_or_init(|| Threads::new(3).unwrap());
            for threads in [&Threads::alone(), threads] {
                plan.set_threads(threads).unwrap();
                for shape in [TileShape::Narrow, TileShape::Wide] {
                    plan.set_shape(shape).unwrap();
                    assert_eq!(bits(plan.run::<Native>(&picture).unwrap()), plain, "{network:#?}");
                    assert_eq!(bits(plan.features()), features, "{network:#?}");
                }
            }
        });
        if plan.precision() == Precision::F32 {
            let mut inspector = plan.inspector(Gates::Learned).unwrap();
            let logits = bits(inspector.plan().run::<Native>(&picture).unwrap());
            assert_eq!(logits, plain, "{network:#?}");
            for name in inspector.names() {
                inspector.tensor(name).unwrap();
            }
            inspector.activation_map(0).unwrap();
        }
    }
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

/// The rest of an input, followed by zeros without end.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn next(&mut self) -> u8 {
        let Some((&first, rest)) = self.0.split_first() else {
            return 0;
        };
        self.0 = rest;
        first
    }

    fn any<T: Copy>(&mut self, values: &[T]) -> T {
        values[usize::from(self.next()) % values.len()]
    }

    /// One of `usual`, or seldom of `others`, most of which [`Network::check`] refuses.
    fn either<T: Copy>(&mut self, usual: &[T], others: &[T]) -> T {
        let values = if self.next() < 250 { usual } else { others };
        self.any(values)
    }

    fn happens(&mut self) -> bool {
        self.next() % 2 == 1
    }
}

/// A network of any layers. Most of the time each takes what the layer before it gives.
fn network_of(bytes: &mut Bytes<'_>) -> Network {
    let config = Config::new(Version::V2);
    let resolution = bytes.either(&[96, 96, 128], &[0, 64, 100, 352, usize::MAX]);
    let padding = bytes.any(&[Padding::Symmetric, Padding::Same]);
    let stem = layer(bytes, &[ConvKind::Stem], 3);
    let mut channels = stem.out_channels;
    let mut blocks = Vec::new();
    for _ in 0..bytes.next() % (MAX_BLOCKS + 1) {
        let block = block(bytes, channels);
        channels = block.project.out_channels;
        blocks.push(block);
    }
    let last = maybe(bytes, &[ConvKind::Pointwise], &mut channels);
    let head = maybe(bytes, &[ConvKind::Dense], &mut channels);
    Network {
        version: None,
        resolution,
        padding,
        stages: vec![blocks.len()],
        stem,
        blocks,
        last,
        head,
        classifier: layer(bytes, &[ConvKind::Dense], channels),
        ..Network::new(&config).unwrap()
    }
}

fn block(bytes: &mut Bytes<'_>, input: usize) -> Block {
    let mixing = [ConvKind::Pointwise, ConvKind::Convolution];
    let mut channels = input;
    let start = maybe(bytes, &[ConvKind::Depthwise], &mut channels);
    let expand = maybe(bytes, &mixing, &mut channels);
    let depthwise = maybe(bytes, &[ConvKind::Depthwise], &mut channels);
    let squeeze_excite = bytes.happens().then(|| {
        let reduce = layer(bytes, &[ConvKind::Dense], channels);
        let expand = layer(bytes, &[ConvKind::Dense], reduce.out_channels);
        let gates = bytes.either(&[channels], &[expand.out_channels]);
        SqueezeExcite { reduce, expand: Conv { out_channels: gates, ..expand } }
    });
    let project = layer(bytes, &mixing, channels);
    let residual = bytes.happens();
    let fits = residual && bytes.next() < 250;
    let project = if fits {
        Conv { out_channels: input, activation: Activation::Linear, stride: 1, ..project }
    } else {
        project
    };
    Block { start, expand, depthwise, squeeze_excite, project, residual }
}

/// A layer or none. `channels` are those before it, then those after it.
fn maybe(bytes: &mut Bytes<'_>, kinds: &[ConvKind], channels: &mut usize) -> Option<Conv> {
    let conv = bytes.happens().then(|| layer(bytes, kinds, *channels));
    *channels = conv.map_or(*channels, |conv| conv.out_channels);
    conv
}

/// A layer, most of the time of one of `kinds`, with a filter that this kind has, and `input` channels.
fn layer(bytes: &mut Bytes<'_>, kinds: &[ConvKind], input: usize) -> Conv {
    const KINDS: [ConvKind; 5] = [
        ConvKind::Stem,
        ConvKind::Convolution,
        ConvKind::Depthwise,
        ConvKind::Pointwise,
        ConvKind::Dense,
    ];
    let kind = bytes.either(kinds, &KINDS);
    let (kernels, strides): (&[usize], &[usize]) = match kind {
        ConvKind::Stem => (&[3], &[2]),
        ConvKind::Convolution => (&[3], &[1, 2]),
        ConvKind::Depthwise => (&[3, 5], &[1, 2]),
        ConvKind::Pointwise | ConvKind::Dense => (&[1], &[1]),
    };
    let out_channels = 1 + usize::from(bytes.next() % 64);
    let out_channels = bytes.either(&[out_channels], &[0, 255, 16_385, 1 << 32, usize::MAX]);
    Conv {
        kind,
        kernel: bytes.either(kernels, &[0, 1, 3, 5, 7, usize::MAX]),
        stride: bytes.either(strides, &[0, 1, 2, 3, usize::MAX]),
        in_channels: bytes.either(&[input], &[0, 1, 16, 1 << 32, usize::MAX]),
        out_channels: if kind == ConvKind::Depthwise {
            bytes.either(&[input], &[out_channels])
        } else {
            out_channels
        },
        activation: bytes.any(&Activation::ALL),
        batch_norm: true,
    }
}
