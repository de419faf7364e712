//! Compares the networks' shapes with the published figures and with the libraries' own networks.

use mobilenet_wasm::arch::{
    Activation, Config, Conv, ConvKind, Network, Padding, Rounding, Site, Version,
};
use mobilenet_wasm::{Error, Model};
use wasm_bindgen_test::wasm_bindgen_test;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_dedicated_worker);

fn network(version: Version, change: impl FnOnce(&mut Config)) -> Network {
    let mut config = Config::new(version);
    change(&mut config);
    Network::new(&config).expect("a valid configuration")
}

const MIB: usize = 1 << 20;

/// Parameters, multiply-accumulates, and a bound of the memory besides the parameters, of every network at 224x224 pixels
/// and 1000 classes. The counts are those of timm 1.0.31's networks by make_counts.py's rule. The papers print 569 M
/// multiply-accumulates (V1, table 4), 300 M (V2, table 4), 56 and 219 M (V3, table 3).
const FIGURES: [(Version, u64, u64, usize); Version::ALL.len()] = [
    (Version::V1, 4_231_976, 568_740_352, 5 * MIB),
    (Version::V2, 3_504_872, 300_774_272, 9 * MIB / 2),
    (Version::V3Small, 2_542_856, 56_510_400, 2 * MIB),
    (Version::V3Large, 5_483_032, 216_589_760, 5 * MIB / 2),
    (Version::V4ConvSmall, 3_774_024, 186_005_568, 5 * MIB / 2),
    (Version::V4ConvMedium, 9_715_512, 827_649_984, 7 * MIB / 2),
    (Version::MnasNetB1, 4_383_312, 314_415_872, 4 * MIB),
    (Version::EfficientNetLite0, 4_652_008, 385_187_552, 9 * MIB / 2),
];

#[wasm_bindgen_test(unsupported = test)]
fn counts_of_the_papers_networks() {
    for (version, parameters, macs, _) in FIGURES {
        let network = network(version, |_| ());
        assert_eq!(network.parameters(), parameters, "{version}");
        assert_eq!(network.macs(), macs, "{version}");
    }
}

/// Packing adds the padding of panels at most. The expanded tensors of large maps never exist as a whole: with them V2
/// took 5.8 MiB and V3-Large 3.9.
#[wasm_bindgen_test(unsupported = test)]
fn memory_at_224_pixels() {
    for (version, parameters, _, activations) in FIGURES {
        let parameters = parameters as usize * size_of::<f32>();
        let model = Model::untrained(network(version, |_| ()), 1).unwrap();
        let plan = model.plan();
        let memory = plan.weight_bytes() + plan.activation_bytes();
        println!(
            "{version}: weights {}, activations {} bytes",
            plan.weight_bytes(),
            plan.activation_bytes()
        );
        assert!(memory <= parameters + activations, "{version}: {memory}");
    }
}

/// timm's registered networks of other widths and forms, with the parameter counts of timm 1.0.31.
#[wasm_bindgen_test(unsupported = test)]
fn counts_of_timms_registered_networks() {
    for (version, minimalistic, width, parameters) in [
        (Version::V1, false, 1.25, 6_270_840),
        (Version::V2, false, 0.35, 1_677_128),
        (Version::V2, false, 0.5, 1_968_680),
        (Version::V2, false, 0.75, 2_636_424),
        (Version::V2, false, 1.4, 6_108_776),
        (Version::V3Small, false, 0.5, 1_593_224),
        (Version::V3Small, false, 0.75, 2_041_872),
        (Version::V3Large, false, 0.75, 3_993_528),
        (Version::V3Small, true, 1.0, 2_044_736),
        (Version::V3Large, true, 1.0, 3_924_288),
    ] {
        let network = network(version, |config| {
            config.minimalistic = minimalistic;
            config.width = width;
        });
        assert_eq!(network.parameters(), parameters, "{version} {width}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn counts_equal_those_of_the_libraries() {
    let mut lines = 0;
    let files = [include_str!("goldens/counts.txt"), include_str!("goldens/keras/counts.txt")];
    let all = files.into_iter().flat_map(str::lines);
    for line in all.filter(|line| !line.starts_with('#')) {
        let fields: Vec<&str> = line.split(' ').collect();
        let [library, name, width, parameters, macs] = fields[..] else {
            panic!("not five fields: {line}")
        };
        let rounding = match library {
            "timm" => Rounding::Timm,
            "torchvision" => Rounding::Torchvision,
            "transformers" => Rounding::Transformers,
            "keras" => Rounding::Keras,
            _ => panic!("no such library: {line}"),
        };
        let version = Version::parse(name.trim_end_matches("-minimalistic"))
            .unwrap_or_else(|| panic!("no such version: {line}"));
        let network = network(version, |config| {
            *config = Config {
                minimalistic: name.ends_with("-minimalistic"),
                width: width.parse().unwrap(),
                resolution: 160,
                classes: 10,
                rounding,
                ..*config
            };
        });
        let counts = format!("{} {}", network.parameters(), network.macs());
        assert_eq!(counts, format!("{parameters} {macs}"), "{line}");
        lines += 1;
    }
    assert_eq!(
        lines,
        15 * 18 + 6 * 7,
        "fifteen networks at eighteen widths, and Keras's six at seven"
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn minimalistic_has_no_squeeze_excite_no_hard_swish_and_only_3x3() {
    for version in [Version::V3Small, Version::V3Large] {
        let standard = network(version, |_| ());
        let minimalistic = network(version, |config| config.minimalistic = true);
        assert_eq!(standard.blocks.len(), minimalistic.blocks.len());
        assert!(standard.sites().any(|(_, conv)| conv.kernel == 5));
        for (site, conv) in minimalistic.sites() {
            assert!(
                matches!(conv.activation, Activation::Relu | Activation::Linear),
                "{site}: {conv:?}"
            );
            assert!(conv.kernel <= 3, "{site}: {conv:?}");
            assert!(!matches!(site, Site::SqueezeReduce(_) | Site::SqueezeExpand(_)), "{site}");
        }
    }
}

/// Channels and map sizes fit together from the image to the classes, for every input size and many widths.
#[wasm_bindgen_test(unsupported = test)]
fn layers_fit_together() {
    for version in Version::ALL {
        for rounding in
            [Rounding::Timm, Rounding::Torchvision, Rounding::Transformers, Rounding::Keras]
        {
            for width in [0.1, 0.33, 0.5, 0.75, 1.0, 1.37, 4.0] {
                for resolution in (96..=320).step_by(32) {
                    let network = network(version, |config| {
                        *config = Config { width, resolution, classes: 7, rounding, ..*config };
                    });
                    check_fit(&network);
                    network.check().unwrap_or_else(|error| panic!("{network:?}: {error}"));
                }
            }
        }
    }
}

fn check_fit(network: &Network) {
    let (mut channels, mut size, mut expanded) = (3, network.resolution, 0);
    for (site, conv) in network.sites() {
        let expected = if matches!(site, Site::SqueezeExpand(_)) { expanded } else { channels };
        match site {
            Site::SqueezeReduce(_) => expanded = conv.out_channels,
            // There is a gate for each channel, and the number of channels stays the same.
            Site::SqueezeExpand(_) => assert_eq!(conv.out_channels, channels),
            Site::Stem
            | Site::Start(_)
            | Site::Expand(_)
            | Site::Depthwise(_)
            | Site::Project(_)
            | Site::Last
            | Site::Head
            | Site::Classifier => channels = conv.out_channels,
        }
        assert_eq!(conv.in_channels, expected, "{site} of {network:?}");
        size = network.padding.output(size, conv.stride);
        if conv.kind == ConvKind::Depthwise {
            assert_eq!(conv.in_channels, conv.out_channels);
        }
    }
    assert_eq!(channels, network.classes());
    assert_eq!(size, network.resolution / 32);
    let mut input = network.stem.out_channels;
    assert_eq!(network.stages.iter().sum::<usize>(), network.blocks.len());
    for block in &network.blocks {
        if block.residual {
            let layers = [block.start, block.expand, block.depthwise, Some(block.project)];
            assert!(layers.into_iter().flatten().all(|conv| conv.stride == 1));
            assert_eq!(block.project.out_channels, input);
        }
        input = block.project.out_channels;
    }
}

/// The residual of V2's first block exists only where a small width makes its channel counts equal, and never in
/// transformers; V3-Large's first block has one, V1 has none.
#[wasm_bindgen_test(unsupported = test)]
fn residuals() {
    let first_residual = |version, width, rounding| {
        network(version, |config| *config = Config { width, rounding, ..*config }).blocks[0]
            .residual
    };
    assert!(!first_residual(Version::V2, 1.0, Rounding::Timm));
    assert!(first_residual(Version::V2, 0.25, Rounding::Timm));
    assert!(first_residual(Version::V2, 0.25, Rounding::Torchvision));
    assert!(!first_residual(Version::V2, 0.25, Rounding::Transformers));
    assert!(first_residual(Version::V3Large, 1.0, Rounding::Timm));
    // timm's stem stays at 16 channels below width 0.75.
    assert!(!first_residual(Version::V3Large, 0.5, Rounding::Timm));
    assert!(network(Version::V1, |_| ()).blocks.iter().all(|block| !block.residual));
    let residuals =
        |version| network(version, |_| ()).blocks.iter().filter(|block| block.residual).count();
    assert_eq!(
        (residuals(Version::V2), residuals(Version::V3Small), residuals(Version::V3Large)),
        (10, 6, 10)
    );
}

/// At stride 2 and even sizes the two paddings differ by one pixel, which silently costs accuracy; at stride 1 they are
/// equal.
#[wasm_bindgen_test(unsupported = test)]
fn paddings() {
    for size in [6, 48, 112, 224] {
        for (kernel, same, symmetric) in [(3, 0, 1), (5, 1, 2)] {
            assert_eq!(Padding::Same.before(size, kernel, 2), same, "{size} {kernel}");
            assert_eq!(Padding::Symmetric.before(size, kernel, 2), symmetric);
            assert_eq!(Padding::Same.before(size, kernel, 1), symmetric);
        }
    }
    assert_eq!(Padding::Same.before(7, 3, 2), 1);
    assert_eq!(Padding::Same.output(7, 2), 4);
}

#[wasm_bindgen_test(unsupported = test)]
fn what_no_network_can_be_is_refused() {
    let code = |version, change: &dyn Fn(&mut Config)| {
        let mut config = Config::new(version);
        change(&mut config);
        let error = Network::new(&config).expect_err("an invalid configuration");
        assert_eq!(error.code(), "BAD_CONFIG");
        error
    };
    for width in [0.0, -1.0, 0.05, 4.5, f64::NAN, f64::INFINITY] {
        let error = code(Version::V2, &|config| config.width = width);
        assert!(matches!(error, Error::Width { .. }), "{error}");
    }
    for resolution in [0, 64, 100, 225, 352, usize::MAX] {
        let error = code(Version::V1, &|config| config.resolution = resolution);
        assert!(error.to_string().contains(&resolution.to_string()), "{error}");
    }
    for classes in [0, 65_537, usize::MAX] {
        let error = code(Version::V1, &|config| config.classes = classes);
        assert!(matches!(error, Error::Classes { .. }), "{error}");
    }
    let error = code(Version::V2, &|config| config.minimalistic = true);
    assert_eq!(error.to_string(), "MobileNet V2 has no minimalistic form, only V3 has");
}

/// Building a plan fails if the network's layers don't fit together or no kernel runs one, since the kernels trust the
/// network's sizes when they read memory.
#[wasm_bindgen_test(unsupported = test)]
fn networks_that_do_not_fit_are_refused() {
    type Mistake = (Version, Site, fn(&mut Network));
    let mistakes: [Mistake; 18] = [
        (Version::V1, Site::Depthwise(0), |n| of(&mut n.blocks[0].depthwise).out_channels = 1024),
        (Version::V1, Site::Depthwise(0), |n| of(&mut n.blocks[0].depthwise).kernel = 7),
        (Version::V1, Site::Depthwise(0), |n| of(&mut n.blocks[0].depthwise).stride = 3),
        (Version::V1, Site::Project(0), |n| n.blocks[0].project.in_channels = 40),
        (Version::V1, Site::Project(0), |n| n.blocks[0].project.kernel = 3),
        (Version::V1, Site::Stem, |n| n.stem.in_channels = 4),
        (Version::V1, Site::Stem, |n| n.stem.stride = 1),
        (Version::V1, Site::Stem, |n| n.stem.activation = Activation::HardSigmoid),
        (Version::V1, Site::Depthwise(0), |n| n.blocks.swap(0, 1)),
        (Version::V2, Site::Project(3), |n| n.blocks[3].residual = true),
        (Version::V2, Site::Project(2), |n| n.blocks[2].project.activation = Activation::Relu),
        (Version::V2, Site::Expand(1), |n| of(&mut n.blocks[1].expand).kind = ConvKind::Depthwise),
        (Version::V3Small, Site::SqueezeExpand(0), |n| {
            n.blocks[0].squeeze_excite.as_mut().unwrap().expand.out_channels = 8;
        }),
        (Version::V3Small, Site::SqueezeReduce(0), |n| n.blocks[0].depthwise = None),
        (Version::V3Small, Site::Head, |n| n.head.as_mut().unwrap().out_channels = 0),
        // The seventh halving leaves a single pixel.
        (Version::V3Small, Site::Depthwise(8), |n| {
            n.resolution = 96;
            for block in &mut n.blocks[4..6] {
                (of(&mut block.depthwise).stride, block.residual) = (2, false);
            }
        }),
        (Version::V4ConvSmall, Site::Project(0), |n| n.blocks[0].project.kernel = 5),
        (Version::V4ConvSmall, Site::Classifier, |n| n.classifier.out_channels = 70_000),
    ];
    for (index, (version, expected, mistake)) in mistakes.into_iter().enumerate() {
        let mut network = network(version, |_| ());
        mistake(&mut network);
        match Model::untrained(network, 1).err() {
            Some(Error::Network { site, .. }) => assert_eq!(site, expected, "mistake {index}"),
            other => panic!("mistake {index}: {other:?}"),
        }
    }
    for resolution in [33, 64, 352] {
        let mut network = network(Version::V1, |_| ());
        network.resolution = resolution;
        let error = Model::untrained(network, 1).err();
        assert!(matches!(error, Some(Error::Resolution { .. })), "{error:?}");
    }
}

fn of(conv: &mut Option<Conv>) -> &mut Conv {
    conv.as_mut().expect("a block that has this layer")
}
