//! Random networks, most of which no paper has: what [`Network::check`] lets through runs as the naive network does,
//! with every shape of tiles and several threads, or is refused.
#![cfg(not(target_arch = "wasm32"))]

#[path = "common/naive.rs"]
mod naive;

use fastrand::Rng;
use mobilenet_wasm::Model;
use mobilenet_wasm::arch::{
    Activation, Block, Config, Conv, ConvKind, Network, Padding, SqueezeExcite, Version,
};
use mobilenet_wasm::kernels::TileShape;
use mobilenet_wasm::plan::Threads;
use mobilenet_wasm::weights::Untrained;

const RESOLUTION: usize = 96;
const SEED: u64 = 5;
const ACTIVATIONS: [Activation; 4] =
    [Activation::Linear, Activation::Relu, Activation::Relu6, Activation::HardSwish];

fn any<T: Copy>(rng: &mut Rng, values: &[T]) -> T {
    values[rng.usize(0..values.len())]
}

/// A layer with `input` channels. `kind` decides which filters it may have.
fn layer(rng: &mut Rng, kind: ConvKind, input: usize) -> Conv {
    let (kernel, stride) = match kind {
        ConvKind::Stem => (3, 2),
        ConvKind::Convolution => (3, any(rng, &[1, 1, 2])),
        ConvKind::Depthwise => (any(rng, &[3, 5]), any(rng, &[1, 1, 2])),
        ConvKind::Pointwise | ConvKind::Dense => (1, 1),
    };
    let out_channels = if kind == ConvKind::Depthwise { input } else { rng.usize(1..50) };
    let activation = any(rng, &ACTIVATIONS);
    Conv { kind, kernel, stride, in_channels: input, out_channels, activation, batch_norm: true }
}

/// A block with `input` channels.
fn block(rng: &mut Rng, input: usize) -> Block {
    let mut channels = input;
    let mut maybe = |rng: &mut Rng, kinds: &[ConvKind], percent: u8| {
        let conv = (rng.u8(0..100) < percent).then(|| {
            let kind = any(rng, kinds);
            layer(rng, kind, channels)
        });
        channels = conv.map_or(channels, |conv| conv.out_channels);
        conv
    };
    let mixing = [ConvKind::Pointwise, ConvKind::Pointwise, ConvKind::Convolution];
    let start = maybe(rng, &[ConvKind::Depthwise], 30);
    let expand = maybe(rng, &mixing, 60);
    let depthwise = maybe(rng, &[ConvKind::Depthwise], 60);
    let squeezed = depthwise.is_some() && rng.bool();
    let squeeze_excite = squeezed.then(|| {
        let reduce = layer(rng, ConvKind::Dense, channels);
        let expand = layer(rng, ConvKind::Dense, reduce.out_channels);
        let activation = any(rng, &[Activation::HardSigmoid, Activation::Relu6]);
        SqueezeExcite { reduce, expand: Conv { out_channels: channels, activation, ..expand } }
    });
    let kind = any(rng, &mixing);
    let mut project = layer(rng, kind, channels);
    let residual = rng.u8(0..100) < 30;
    if residual {
        (project.out_channels, project.activation) = (input, Activation::Linear);
    }
    Block { start, expand, depthwise, squeeze_excite, project, residual }
}

fn network(rng: &mut Rng) -> Network {
    let config = Config { resolution: RESOLUTION, ..Config::new(Version::V2) };
    let stem = layer(rng, ConvKind::Stem, 3);
    let mut channels = stem.out_channels;
    let mut blocks = Vec::new();
    for _ in 0..rng.usize(1..9) {
        let block = block(rng, channels);
        channels = block.project.out_channels;
        blocks.push(block);
    }
    let mut maybe = |rng: &mut Rng, kind: ConvKind| {
        let conv = rng.bool().then(|| layer(rng, kind, channels));
        channels = conv.map_or(channels, |conv| conv.out_channels);
        conv
    };
    let last = maybe(rng, ConvKind::Pointwise);
    let head = maybe(rng, ConvKind::Dense);
    let classifier = layer(rng, ConvKind::Dense, channels);
    Network {
        version: None,
        padding: any(rng, &[Padding::Symmetric, Padding::Same]),
        stages: vec![blocks.len()],
        stem,
        blocks,
        last,
        head,
        classifier: Conv { activation: Activation::Linear, ..classifier },
        ..Network::new(&config).unwrap()
    }
}

#[test]
fn what_passes_the_check_is_the_naive_network() {
    let (mut passed, mut refused) = (0, 0);
    for seed in 0..80 {
        let mut rng = Rng::with_seed(seed);
        let network = network(&mut rng);
        let mut model = match Model::untrained(network.clone(), SEED) {
            Ok(model) => model,
            Err(_) => {
                refused += 1;
                continue;
            }
        };
        passed += 1;
        let input: Vec<f32> =
            (0..RESOLUTION * RESOLUTION * 3).map(|_| rng.f32() * 2.0 - 1.0).collect();
        let tensors = naive::tensors(&network, &mut Untrained::new(SEED), &input).unwrap();
        let expected = &tensors.last().unwrap().1.values;
        let largest = expected.iter().fold(1e-3_f64, |largest, x| largest.max(x.abs()));
        for threads in [1, 3] {
            model.set_threads(&Threads::new(threads).unwrap()).unwrap();
            for shape in [TileShape::Narrow, TileShape::Wide] {
                model.set_shape(shape).unwrap();
                for (&logit, expected) in model.run(&input).unwrap().iter().zip(expected) {
                    let error = (f64::from(logit) - expected).abs() / largest;
                    assert!(error < 1e-3, "seed {seed}, {shape:?}: {error:.1e}, {network:#?}");
                }
            }
        }
    }
    println!("{passed} passed, {refused} refused");
    assert!(passed >= 30 && refused >= 10, "{passed} passed, {refused} refused");
}
