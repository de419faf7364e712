//! The profile of a plan: the descriptions of its steps, and their times with a simulated clock.

use mobilenet_wasm::arch::{Block, Config, Conv, Network, Version};
use mobilenet_wasm::kernels::peak;
use mobilenet_wasm::plan::{Precision, Profile, StepKind};
use mobilenet_wasm::simd::Native;
use mobilenet_wasm::{Error, Model};
use std::collections::HashSet;
use wasm_bindgen_test::wasm_bindgen_test;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_dedicated_worker);

fn untrained(version: Version, resolution: usize) -> Model {
    let config = Config { resolution, ..Config::new(version) };
    Model::untrained(Network::new(&config).unwrap(), 5).unwrap()
}

/// The fastest network, for tests of what doesn't depend on it.
fn fastest() -> Model {
    let config = Config { resolution: 96, width: 0.25, ..Config::new(Version::V1) };
    Model::untrained(Network::new(&config).unwrap(), 5).unwrap()
}

fn picture(resolution: usize) -> Vec<f32> {
    (0..resolution * resolution * 3).map(|index| (index % 17) as f32 * 0.2 - 1.6).collect()
}

/// A profile with a clock whose reading number `n` is `ticks(n)` milliseconds after the one before.
fn profile(model: &mut Model, runs: usize, ticks: impl Fn(usize) -> f64) -> Profile {
    let (mut readings, mut time) = (0, 0.0);
    let mut clock = || {
        time += ticks(readings);
        readings += 1;
        time
    };
    let input = picture(model.network().resolution);
    model.profile(&input, &mut clock, runs).unwrap()
}

/// The types have the kind of every step, also that of a residual around nothing but a projection, which only a graph has.
#[wasm_bindgen_test(unsupported = test)]
fn kinds_of_steps_are_in_the_types() {
    let types = include_str!("../pkg/index.d.ts");
    let mut network = Network::new(&Config::new(Version::V3Small)).unwrap();
    let block = network.blocks[1];
    let project = Conv { in_channels: block.project.out_channels, ..block.project };
    let alone = Block {
        expand: None,
        depthwise: None,
        squeeze_excite: None,
        residual: true,
        project,
        ..block
    };
    network.blocks.insert(2, alone);
    let graph = Model::untrained(network, 5).unwrap();
    let int8 = Model::untrained_with(
        Network::new(&Config::new(Version::V4ConvMedium)).unwrap(),
        5,
        Precision::Int8,
    )
    .unwrap();
    let kinds: HashSet<String> = [graph, int8]
        .iter()
        .flat_map(|model| model.plan().steps())
        .map(|step| step.kind.to_string())
        .collect();
    assert!(kinds.contains("add") && kinds.contains("quantise"), "{kinds:?}");
    for kind in kinds {
        assert!(types.contains(&format!("| '{kind}'")), "{kind} is missing in ProfileStep.kind");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn steps_are_the_whole_network_in_order() {
    for version in Version::ALL {
        let model = untrained(version, 224);
        let (network, steps) = (model.network(), model.plan().steps());
        assert_eq!(steps.iter().map(|step| step.macs).sum::<u64>(), network.macs(), "{version}");
        let names: HashSet<&str> = steps.iter().map(|step| step.name.as_str()).collect();
        assert_eq!(names.len(), steps.len(), "{version}: two steps of one name");

        let plain = |kind| matches!(kind, StepKind::Pool | StepKind::Scale);
        let convolutions = steps.iter().filter(|step| !plain(step.kind)).flat_map(|step| {
            // A fused step has the names of both convolutions: "block 1 expand + depthwise".
            match step.name.split_once(" expand + ") {
                Some((block, second)) => {
                    vec![format!("{block} expand"), format!("{block} {second}")]
                }
                None => vec![step.name.clone()],
            }
        });
        let sites = network.sites().map(|(site, _)| site.to_string());
        assert!(convolutions.eq(sites), "{version}");
        let squeezed = network.blocks.iter().filter(|block| block.squeeze_excite.is_some()).count();
        let count = |kind| steps.iter().filter(|step| step.kind == kind).count();
        assert_eq!(count(StepKind::Pool), squeezed + 1, "{version}");
        assert_eq!(count(StepKind::Scale), squeezed, "{version}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_squeeze_and_excite_block_reads_well() {
    let model = untrained(Version::V3Small, 224);
    let lines: Vec<String> = model
        .plan()
        .steps()
        .iter()
        .filter(|step| step.name.starts_with("block 3 "))
        .map(|step| format!("{} ({}): {}", step.name, step.kind, step.shape()))
        .collect();
    assert_eq!(
        lines,
        [
            "block 3 expand + depthwise (expand-depthwise): 28x28x24 -> 14x14x96, 5x5 stride 2",
            "block 3 pool (pool): 14x14x96 -> 1x1x96",
            "block 3 squeeze (dense): 1x1x96 -> 1x1x24",
            "block 3 excite (dense): 1x1x24 -> 1x1x96",
            "block 3 scale (scale): 14x14x96 -> 14x14x96",
            "block 3 project (pointwise): 14x14x96 -> 14x14x40",
        ]
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn a_profile_leaves_the_logits_as_they_were() {
    for version in Version::ALL {
        let mut model = untrained(version, 96);
        let bits = |logits: &[f32]| logits.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        let before = bits(model.run(&picture(96)).unwrap());
        profile(&mut model, 2, |_| 1.0);
        assert_eq!(before, bits(model.run(&picture(96)).unwrap()), "{version}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn times_are_the_clocks() {
    let mut model = fastest();
    let steps = model.plan().steps().len();
    // Every run has one reading more than steps. There are four runs, of 1, 2, 3 and 40 us per step.
    let ticks = |reading| [0.001, 0.002, 0.003, 0.040][reading / (steps + 1)];
    let Profile { steps: times, total } = profile(&mut model, 4, ticks);
    assert_eq!(times.len(), steps);
    let near = |got: f64, expected: f64| assert!((got - expected).abs() < 1e-6 * expected, "{got}");
    for step in &times {
        near(step.time.mean, 1.5);
        near(step.time.minimum, 1.0);
        near(step.time.median, 2.5);
        assert_eq!(step.time.gflops(3000), Some(6000.0 / (step.time.mean * 1e3)));
    }
    near(total.mean, 1.5 * steps as f64);
    near(total.minimum, steps as f64);
    near(total.median, 2.5 * steps as f64);
}

/// A clock with ticks of 100 us, as on pages that aren't cross-origin isolated, still measures steps of 31 us.
#[wasm_bindgen_test(unsupported = test)]
fn a_coarse_clock_tells_short_steps() {
    let mut model = fastest();
    let input = picture(96);
    let mut microseconds = 0.0_f64;
    let mut clock = || {
        microseconds += 30.7;
        (microseconds / 100.0).floor() * 0.1
    };
    let profile = model.profile(&input, &mut clock, 200).unwrap();
    for step in &profile.steps {
        assert!((step.time.mean - 30.7).abs() < 3.0, "{step:?}");
        assert!(step.time.minimum.abs() < 1e-6, "{step:?}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_clock_that_stands_still_gives_no_rate() {
    let mut model = fastest();
    let total = profile(&mut model, 1, |_| 0.0).total;
    assert_eq!(total.mean, 0.0);
    assert_eq!(total.gflops(1000), None);
}

#[wasm_bindgen_test(unsupported = test)]
fn wrong_arguments_are_errors() {
    let mut model = untrained(Version::V3Small, 96);
    let mut profile = |input: &[f32], runs| model.profile(input, &mut || 0.0, runs).unwrap_err();
    assert!(matches!(profile(&[0.0; 7], 3), Error::InputLength { got: 7, .. }));
    for runs in [0, 1001, usize::MAX] {
        assert!(matches!(profile(&picture(96), runs), Error::Runs { .. }));
    }
}

/// With a clock that advances one millisecond per reading, the rate is the work between two readings.
#[wasm_bindgen_test(unsupported = test)]
fn the_peak_is_the_fastest_reading() {
    let rate = |tick: f64| {
        let mut time = 0.0;
        peak::gflops::<Native>(&mut || {
            time += tick;
            time
        })
    };
    let once = rate(1.0);
    assert!(once > 0.0 && once.is_finite());
    assert!((once / rate(2.0) - 2.0).abs() < 1e-9);
}
