//! The inspector: every tensor against the naive network's, and the class activation maps.

#[path = "common/naive.rs"]
mod naive;

use mobilenet_wasm::arch::{Block, Config, Conv, ConvKind, Network, Site, Version};
use mobilenet_wasm::plan::Gates;
use mobilenet_wasm::weights::{Untrained, WeightSource};
use mobilenet_wasm::{Error, Model, RgbaImage, Source};
use naive::Image;
use wasm_bindgen_test::wasm_bindgen_test;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_dedicated_worker);

const SEED: u64 = 11;

fn network(version: Version) -> Network {
    let config = Config { resolution: 96, classes: 30, ..Config::new(version) };
    Network::new(&config).unwrap()
}

fn input(seed: u64) -> Vec<f32> {
    let mut rng = fastrand::Rng::with_seed(seed);
    (0..96 * 96 * 3).map(|_| rng.f32() * 2.0 - 1.0).collect()
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|x| x.to_bits()).collect()
}

/// Every tensor of every network equals the naive network's, in the same order and with the same name.
#[wasm_bindgen_test(unsupported = test)]
fn every_tensor_is_the_naive_networks() {
    for version in Version::ALL {
        let network = network(version);
        let mut model = Model::untrained(network.clone(), SEED).unwrap();
        let expected = naive::tensors(&network, &mut Untrained::new(SEED), &input(1)).unwrap();
        let inspector = model.inspect(Source::Input(&input(1)), Gates::Learned).unwrap();
        let names: Vec<&str> = inspector.names().collect();
        let expected_names: Vec<&str> = expected.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, expected_names, "{version}");
        for (name, image) in &expected {
            let tensor = inspector.tensor(name).unwrap();
            let side = tensor.extent.width;
            assert_eq!((tensor.extent.height, side), (image.size, image.size), "{version} {name}");
            let channels = tensor.extent.channels;
            assert_eq!(channels * side * side, image.values.len(), "{version} {name}");
            let largest = image.values.iter().fold(1e-3_f64, |max, x| max.max(x.abs()));
            for (index, &value) in tensor.values.iter().enumerate() {
                let (pixel, channel) = (index / channels, index % channels);
                let expected = image.values[channel * side * side + pixel];
                let error = (f64::from(value) - expected).abs() / largest;
                assert!(error < 1e-4, "{version} {name} at {index}: {value} {expected}");
            }
        }
    }
}

/// The plan that keeps every tensor gives the same bits as the normal plan and doesn't change it.
#[wasm_bindgen_test(unsupported = test)]
fn logits_and_features_are_the_plain_plans_bits() {
    for version in Version::ALL {
        let mut model = Model::untrained(network(version), SEED).unwrap();
        let logits = bits(model.run(&input(1)).unwrap());
        let features = bits(model.embed(Source::Input(&input(1))).unwrap());
        assert_eq!(features.len(), model.network().classifier.in_channels, "{version}");
        let head = if model.network().head.is_some() { "head" } else { "pool" };
        let inspector = model.inspect(Source::Input(&input(1)), Gates::Learned).unwrap();
        assert_eq!(bits(inspector.logits()), logits, "{version}");
        assert_eq!(bits(&inspector.tensor("classifier").unwrap().values), logits, "{version}");
        assert_eq!(bits(&inspector.tensor(head).unwrap().values), features, "{version}");
        assert_eq!(bits(model.run(&input(1)).unwrap()), logits, "{version}");
        model.drop_inspector();
        assert_eq!(bits(model.run(&input(1)).unwrap()), logits, "{version}");
    }
}

/// A block may be a projection alone, whose residual adds the map that it reads.
#[wasm_bindgen_test(unsupported = test)]
fn a_projection_alone_is_added_to_its_input() {
    let mut network = network(Version::V2);
    let before = network.blocks[1];
    let channels = before.project.out_channels;
    let project = Conv { in_channels: channels, ..before.project };
    let (start, expand, depthwise, squeeze_excite) = (None, None, None, None);
    let alone = Block { start, expand, depthwise, squeeze_excite, project, residual: true };
    network.blocks.insert(2, alone);
    let mut model = Model::untrained(network, SEED).unwrap();
    let source = Source::Input(&input(1));
    let expected = bits(model.inspect(source, Gates::Learned).unwrap().logits());
    assert_eq!(bits(model.run(&input(1)).unwrap()), expected);
}

/// With open gates squeeze-and-excite has no effect, so only the logits of networks that have it change.
#[wasm_bindgen_test(unsupported = test)]
fn open_gates_scale_by_one() {
    for version in [Version::V2, Version::V3Small] {
        let mut model = Model::untrained(network(version), SEED).unwrap();
        let source = Source::Input(&input(1));
        let learned = bits(model.inspect(source, Gates::Learned).unwrap().logits());
        let open = model.inspect(source, Gates::Open).unwrap();
        assert_eq!(bits(open.logits()) == learned, version == Version::V2, "{version}");
        if version == Version::V3Small {
            assert!(open.tensor("block 0 excite").is_ok());
            assert!(matches!(open.tensor("block 0 scale"), Err(Error::Layer { .. })));
        }
        assert_eq!(bits(model.inspect(source, Gates::Learned).unwrap().logits()), learned);
    }
}

/// V1 and V2: the map's mean plus the bias is the logit. V3 and V4: the map's mean is the derivative of the logit when
/// all pooled features are scaled.
#[wasm_bindgen_test(unsupported = test)]
fn activation_maps_add_up_to_the_logit() {
    for version in Version::ALL {
        let network = network(version);
        let mut model = Model::untrained(network.clone(), SEED).unwrap();
        let tensors = naive::tensors(&network, &mut Untrained::new(SEED), &input(1)).unwrap();
        let logits = &tensors.last().unwrap().1.values;
        let (_, pooled) = tensors.iter().rfind(|(name, _)| name == "pool").unwrap();
        let mut weights = Untrained::new(SEED);
        let bias = weights.conv(Site::Classifier, &network.classifier).unwrap().bias;
        let best = (0..30).max_by(|&a, &b| logits[a].total_cmp(&logits[b])).unwrap();
        let top = model.activation_map(Source::Input(&input(1)), None).unwrap();
        assert_eq!((top.class, top.height, top.width), (best, 3, 3), "{version}");
        for class in [0, 7, 29] {
            let map = model.activation_map(Source::Input(&input(1)), Some(class)).unwrap();
            assert_eq!(map.values.len(), 9);
            let mean = map.values.iter().map(|&x| f64::from(x)).sum::<f64>() / 9.0;
            assert!((f64::from(map.logit) - logits[class]).abs() < 1e-4, "{version}");
            if network.head.is_none() {
                let sum = mean + f64::from(bias[class]);
                assert!((sum - logits[class]).abs() < 1e-4, "{version}: {sum} {}", logits[class]);
            } else {
                // d logit / d scale at scale 1, by a central difference.
                let at = |scale| logits_of(&network, pooled, scale)[class];
                let slope = (at(1.0 + 1e-6) - at(1.0 - 1e-6)) / 2e-6;
                assert!((mean - slope).abs() < 1e-3, "{version}: {mean} {slope}");
            }
        }
        let error = model.activation_map(Source::Input(&input(1)), Some(30)).unwrap_err();
        assert!(matches!(error, Error::Class { class: 30, classes: 30 }), "{error}");
    }
}

/// The logits for the pooled features times `scale`.
fn logits_of(network: &Network, pooled: &Image, scale: f64) -> Vec<f64> {
    let mut image = pooled.clone();
    image.values.iter_mut().for_each(|value| *value *= scale);
    let layers = network.head.iter().map(|head| (Site::Head, head));
    for (site, conv) in layers.chain([(Site::Classifier, &network.classifier)]) {
        let folded = Untrained::new(SEED).conv(site, conv).unwrap();
        image = naive::convolve(conv, network.padding, &folded.weight, &folded.bias, &image);
    }
    image.values
}

/// Pictures and inputs may alternate, and a wrong input changes nothing.
#[wasm_bindgen_test(unsupported = test)]
fn pictures_and_inputs_take_turns() {
    let mut model = Model::untrained(network(Version::V3Small), SEED).unwrap();
    let grey = vec![128; 40 * 30 * 4];
    let picture = RgbaImage::new(40, 30, &grey).unwrap().into();
    let first = bits(model.embed(Source::Picture(picture)).unwrap());
    let error = model.inspect(Source::Input(&[0.0; 3]), Gates::Learned).unwrap_err();
    assert!(matches!(error, Error::InputLength { got: 3, .. }), "{error}");
    let inspector = model.inspect(Source::Picture(picture), Gates::Learned).unwrap();
    assert_eq!(bits(&inspector.tensor("head").unwrap().values), first);
    let error = inspector.tensor("block 99 expand").unwrap_err();
    assert!(error.to_string().contains("block 99 expand"), "{error}");
    assert_eq!(error.code(), "BAD_INPUT");
}

/// The filters are the checkpoint's, whatever the order in which the kernel reads them.
#[wasm_bindgen_test(unsupported = test)]
fn filters_are_the_weights() {
    for version in Version::ALL {
        let network = network(version);
        let model = Model::untrained(network.clone(), SEED).unwrap();
        let mut source = Untrained::new(SEED);
        let mut found = 0;
        for (site, conv) in network.sites() {
            let filters = model.plan().filters(&site.to_string());
            if conv.kind != ConvKind::Depthwise {
                assert!(matches!(filters, Err(Error::Layer { .. })), "{version} {site}");
                continue;
            }
            let filters = filters.unwrap();
            assert_eq!((filters.kernel, filters.channels), (conv.kernel, conv.out_channels));
            let expected = source.conv(site, conv).unwrap();
            assert_eq!(bits(&filters.values), bits(&expected.weight), "{version} {site}");
            assert_eq!(bits(&filters.biases), bits(&expected.bias), "{version} {site}");
            found += 1;
        }
        assert!(found > 10, "{version}");
    }
    let model = Model::untrained(network(Version::V1), SEED).unwrap();
    let error = model.plan().filters("block 13 depthwise").unwrap_err();
    assert_eq!(error.code(), "BAD_INPUT");
}
