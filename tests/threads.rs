//! Several threads: the same bits as one.
#![cfg(not(target_arch = "wasm32"))]

use mobilenet_wasm::arch::{Config, Network, Padding, Version};
use mobilenet_wasm::plan::MAX_THREADS;
use mobilenet_wasm::{Error, Model};

/// -0 and 0 are equal but not the same.
fn bits(logits: &[f32]) -> Vec<u32> {
    logits.iter().map(|logit| logit.to_bits()).collect()
}

fn input(resolution: usize, seed: u64) -> Vec<f32> {
    let mut rng = fastrand::Rng::with_seed(seed);
    (0..resolution * resolution * 3).map(|_| rng.f32() * 2.0 - 1.0).collect()
}

/// Every network, wide, narrow, minimalistic, and of several sizes: the logits of 2 to 5 threads are the
/// logits of one, run after run.
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
        for threads in [2, 3, 4, 5, 1] {
            model.set_threads(threads).unwrap();
            assert_eq!(model.plan().threads(), threads);
            for run in 0..6 {
                let logits = bits(model.run(&inputs[run % 2]).unwrap());
                assert_eq!(logits, alone[run % 2], "{config:?}, {threads} threads, run {run}");
            }
        }
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
