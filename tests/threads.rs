//! Several threads: the same bits as one.
#![cfg(not(target_arch = "wasm32"))]

use mobilenet_wasm::arch::{
    Activation, Config, Conv, ConvKind, Network, Padding, SqueezeExcite, Version,
};
use mobilenet_wasm::plan::MAX_THREADS;
use mobilenet_wasm::{Error, Model};

fn input(resolution: usize, seed: u64) -> Vec<f32> {
    let mut rng = fastrand::Rng::with_seed(seed);
    (0..resolution * resolution * 3).map(|_| rng.f32() * 2.0 - 1.0).collect()
}

/// Every network, wide, narrow, minimalistic, and of several sizes: the logits of 2 to 5 threads are the
/// logits of one, run after run.
#[test]
fn logits_are_the_same_bits() {
    let mut cases = Vec::new();
    for version in [Version::V1, Version::V2, Version::V3Small, Version::V3Large] {
        let standard = Config::new(version);
        cases.push(standard);
        cases.push(Config { width: 0.35, resolution: 96, classes: 10, ..standard });
        cases.push(Config { resolution: 160, padding: Padding::Same, ..standard });
    }
    cases.push(Config { minimalistic: true, ..Config::new(Version::V3Large) });
    for config in cases {
        let network = Network::new(&config).unwrap();
        let mut model = Model::untrained(network, 1).unwrap();
        let inputs = [0, 1].map(|seed| input(config.resolution, seed));
        let alone = inputs.each_ref().map(|input| model.run(input).unwrap().to_vec());
        assert_ne!(alone[0], alone[1]);
        for threads in [2, 3, 4, 5, 1] {
            model.set_threads(threads).unwrap();
            assert_eq!(model.plan().threads(), threads);
            for run in 0..6 {
                let logits = model.run(&inputs[run % 2]).unwrap();
                assert_eq!(logits, alone[run % 2], "{config:?}, {threads} threads, run {run}");
            }
        }
    }
}

/// Three blocks of every kind of step, small enough for Miri: one as V1's, one whose expansion is fused with its depthwise
/// convolution, one with squeeze-and-excite and a residual.
fn small_network() -> Network {
    let config = Config { width: 0.1, resolution: 96, classes: 9, ..Config::new(Version::V2) };
    let mut network = Network::new(&config).unwrap();
    network.resolution = 64;
    network.blocks.truncate(3);
    for block in &mut network.blocks[1..] {
        block.expand.as_mut().unwrap().out_channels = 16;
        block.depthwise = Conv { in_channels: 16, out_channels: 16, ..block.depthwise };
        block.project.in_channels = 16;
    }
    let [_, _, block] = &mut network.blocks[..] else { unreachable!("three are left") };
    assert!(block.residual);
    let dense = Conv { kind: ConvKind::Dense, batch_norm: false, ..block.project };
    block.squeeze_excite = Some(SqueezeExcite {
        reduce: Conv { in_channels: 16, out_channels: 8, activation: Activation::Relu, ..dense },
        expand: Conv {
            in_channels: 8,
            out_channels: 16,
            activation: Activation::HardSigmoid,
            ..dense
        },
    });
    let last = network.last.as_mut().unwrap();
    last.out_channels = 16;
    network.classifier.in_channels = 16;
    network
}

/// Run after run and for every number of threads, on memory that Miri watches.
#[test]
fn a_small_network_is_the_same_bits() {
    let input = input(64, 0);
    let mut model = Model::untrained(small_network(), 1).unwrap();
    let alone = model.run(&input).unwrap().to_vec();
    // Two runs take Miri minutes.
    let threads: &[usize] = if cfg!(miri) { &[3] } else { &[3, 2, 4, 1] };
    for &threads in threads {
        model.set_threads(threads).unwrap();
        assert_eq!(model.run(&input).unwrap(), alone, "{threads} threads");
    }
}

/// A number that can't be is an error, and the threads that were there go on.
#[test]
fn impossible_numbers_are_refused() {
    let network = Network::new(&Config::new(Version::V3Small)).unwrap();
    let mut model = Model::untrained(network, 1).unwrap();
    model.set_threads(2).unwrap();
    for threads in [0, MAX_THREADS + 1, usize::MAX] {
        let error = model.set_threads(threads).unwrap_err();
        assert!(matches!(error, Error::Threads { threads: got, .. } if got == threads), "{error}");
        assert!(error.to_string().contains(&threads.to_string()), "{error}");
        assert_eq!(error.code(), "UNSUPPORTED");
    }
    assert_eq!(model.plan().threads(), 2);
    assert_eq!(model.run(&input(224, 0)).unwrap().len(), 1000);
}
