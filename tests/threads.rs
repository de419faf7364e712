//! Several threads give the same bits as one.
#![cfg(not(target_arch = "wasm32"))]

use mobilenet_wasm::arch::{
    Activation, Block, Config, Conv, ConvKind, Network, Padding, SqueezeExcite, Version,
};
use mobilenet_wasm::kernels::TileShape;
use mobilenet_wasm::plan::{MAX_THREADS, Threads};
use mobilenet_wasm::{Error, Model};

/// The bits of the logits, which differ for 0 and -0.
fn bits(logits: &[f32]) -> Vec<u32> {
    logits.iter().map(|logit| logit.to_bits()).collect()
}

fn input(resolution: usize, seed: u64) -> Vec<f32> {
    let mut rng = fastrand::Rng::with_seed(seed);
    (0..resolution * resolution * 3).map(|_| rng.f32() * 2.0 - 1.0).collect()
}

/// Every network, including wide, narrow and minimalistic ones and several sizes, gives the same logits on 2 to 5
/// threads as on one, in every run.
#[test]
fn logits_are_the_same_bits() {
    let mut cases = Vec::new();
    for version in Version::ALL {
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
        let alone = inputs.each_ref().map(|input| bits(model.run(input).unwrap()));
        assert_ne!(alone[0], alone[1]);
        model.set_shape(TileShape::Wide).unwrap();
        let wide = inputs.each_ref().map(|input| bits(model.run(input).unwrap()));
        assert_eq!(alone, wide, "{config:?} in wide tiles");
        for threads in [2, 3, 4, 5, 1] {
            model.set_threads(&Threads::new(threads).unwrap()).unwrap();
            model.set_shape([TileShape::Narrow, TileShape::Wide][threads % 2]).unwrap();
            assert_eq!(model.plan().threads().count(), threads);
            for run in 0..6 {
                let logits = bits(model.run(&inputs[run % 2]).unwrap());
                assert_eq!(logits, alone[run % 2], "{config:?}, {threads} threads, run {run}");
            }
        }
    }
}

/// A very small network with every kind of step, for Miri: a block whose expansion is fused with its depthwise
/// convolution, one with squeeze-and-excite and a residual, and a full convolution.
fn small_network() -> Network {
    let config = Config { width: 0.1, resolution: 96, classes: 9, ..Config::new(Version::V2) };
    let mut network = Network::new(&config).unwrap();
    let stem = network.stem.out_channels;
    let conv = |kind, kernel, stride, in_channels, out_channels, activation| Conv {
        kind,
        kernel,
        stride,
        in_channels,
        out_channels,
        activation,
        batch_norm: false,
    };
    let pointwise =
        |inputs, outputs, activation| conv(ConvKind::Pointwise, 1, 1, inputs, outputs, activation);
    let fused = Block {
        start: None,
        expand: Some(pointwise(stem, 9, Activation::Relu6)),
        depthwise: Some(conv(ConvKind::Depthwise, 5, 2, 9, 9, Activation::HardSwish)),
        squeeze_excite: None,
        project: pointwise(9, 8, Activation::Linear),
        residual: false,
    };
    let squeezed = Block {
        start: Some(conv(ConvKind::Depthwise, 3, 1, 8, 8, Activation::Linear)),
        expand: Some(pointwise(8, 16, Activation::Relu)),
        depthwise: Some(conv(ConvKind::Depthwise, 3, 1, 16, 16, Activation::Relu)),
        squeeze_excite: Some(SqueezeExcite {
            reduce: conv(ConvKind::Dense, 1, 1, 16, 8, Activation::Relu),
            expand: conv(ConvKind::Dense, 1, 1, 8, 16, Activation::HardSigmoid),
        }),
        project: pointwise(16, 8, Activation::Linear),
        residual: true,
    };
    let full = Block {
        start: None,
        expand: Some(conv(ConvKind::Convolution, 3, 2, 8, 8, Activation::Relu)),
        depthwise: None,
        squeeze_excite: None,
        project: pointwise(8, 8, Activation::Linear),
        residual: false,
    };
    network.blocks = vec![fused, squeezed, full];
    network.last = Some(pointwise(8, 16, Activation::HardSwish));
    network.classifier.in_channels = 16;
    network
}

/// For Miri, which finds data races in memory that threads share. One run takes it a minute.
#[test]
fn a_small_network_is_the_same_bits() {
    let input = input(96, 0);
    let mut model = Model::untrained(small_network(), 1).unwrap();
    if cfg!(miri) {
        model.set_threads(&Threads::new(3).unwrap()).unwrap();
        model.run(&input).unwrap();
        return;
    }
    let alone = bits(model.run(&input).unwrap());
    for threads in [3, 2, 4, 1] {
        model.set_threads(&Threads::new(threads).unwrap()).unwrap();
        assert_eq!(bits(model.run(&input).unwrap()), alone, "{threads} threads");
    }
}

/// Networks that share threads give the same bits as alone, whether they run in turns or at the same time.
#[test]
fn networks_share_threads() {
    let threads = Threads::new(3).unwrap();
    let mut models: Vec<Model> = [Version::V1, Version::V3Small, Version::V4ConvSmall]
        .map(|version| {
            let config = Config { resolution: 96, ..Config::new(version) };
            Model::untrained(Network::new(&config).unwrap(), 1).unwrap()
        })
        .into();
    let input = input(96, 4);
    let alone: Vec<Vec<u32>> =
        models.iter_mut().map(|model| bits(model.run(&input).unwrap())).collect();
    for model in &mut models {
        model.set_threads(&threads).unwrap();
    }
    for _ in 0..20 {
        for (model, alone) in models.iter_mut().zip(&alone) {
            assert_eq!(bits(model.run(&input).unwrap()), *alone);
        }
    }
    std::thread::scope(|scope| {
        for (model, alone) in models.iter_mut().zip(&alone) {
            let input = &input;
            scope.spawn(move || {
                for _ in 0..20 {
                    assert_eq!(bits(model.run(input).unwrap()), *alone);
                }
            });
        }
    });
}

/// An impossible number of threads is an error.
#[test]
fn impossible_numbers_are_refused() {
    for threads in [0, MAX_THREADS + 1, usize::MAX] {
        let error = Threads::new(threads).unwrap_err();
        assert!(matches!(error, Error::Threads { threads: got, .. } if got == threads), "{error}");
        assert!(error.to_string().contains(&threads.to_string()), "{error}");
        assert_eq!(error.code(), "UNSUPPORTED");
    }
}
