//! The pointwise convolution on 8 bits, with every instruction set of the build and both kinds of dot products, against
//! the quantised values and against floats.

use fastrand::Rng;
use mobilenet_wasm::Buffer;
use mobilenet_wasm::arch::Activation;
use mobilenet_wasm::kernels::epilogue::Finish;
use mobilenet_wasm::kernels::int8::{self, Pointwise, Products, Quantise, RANGE};
use mobilenet_wasm::kernels::layout::{BLOCK, blocks, from_blocks, plane, tensor, to_blocks};
use mobilenet_wasm::kernels::pack;
use mobilenet_wasm::simd::{F32x4, Native, Scalar};
use wasm_bindgen_test::wasm_bindgen_test;
#[cfg(not(target_arch = "wasm32"))]
use {
    mobilenet_wasm::arch::{Config, Network, Version},
    mobilenet_wasm::plan::{Precision, Threads},
    mobilenet_wasm::{Model, RgbaImage},
};

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_dedicated_worker);

/// How many of `count` cases to try: few in Miri.
fn cases(count: u64) -> u64 {
    if cfg!(miri) { count.div_ceil(50) } else { count }
}

fn values(rng: &mut Rng, len: usize, least: f32, greatest: f32) -> Vec<f32> {
    (0..len).map(|_| least + rng.f32() * (greatest - least)).collect()
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|x| x.to_bits()).collect()
}

/// A map's bytes in blocks, and scale and least value of each pixel.
struct Quantised {
    bytes: Vec<u8>,
    ranges: Vec<f32>,
}

fn quantise<V: F32x4>(input: &[f32], channels: usize, pixels: usize, cut: usize) -> Quantised {
    let mut floats = Buffer::zeros(tensor(channels, pixels)).unwrap();
    to_blocks(input, channels, pixels, &mut floats);
    let mut bytes = vec![0xa5; blocks(channels) * int8::plane(pixels)];
    let mut ranges = vec![f32::NAN; pixels * RANGE];
    let map = Quantise {
        input: floats.as_ptr(),
        input_plane: plane(pixels),
        blocks: blocks(channels),
        signed: input.iter().any(|&x| x < 0.0),
        output: bytes.as_mut_ptr(),
        output_plane: int8::plane(pixels),
        ranges: ranges.as_mut_ptr(),
    };
    for part in [0..cut, cut..pixels] {
        // SAFETY: the buffers have the shapes that `map` names, and the cut is even.
        unsafe { int8::quantise::<V::PairDots>(&map, part) }
    }
    Quantised { bytes, ranges }
}

#[derive(Debug)]
struct Case {
    channels: usize,
    out_channels: usize,
    pixels: usize,
    /// The range of the inputs.
    ends: [f32; 2],
    activation: Activation,
    accumulate: bool,
}

impl Case {
    fn new(rng: &mut Rng) -> Self {
        let activations =
            [Activation::Linear, Activation::Relu, Activation::Relu6, Activation::HardSwish];
        let (small, wide) = (if cfg!(miri) { 4 } else { 1 }, rng.bool());
        Self {
            channels: rng.usize(1..100 / small),
            out_channels: rng.usize(1..40 / small),
            pixels: rng.usize(1..[60, 300][usize::from(wide)] / small),
            ends: [[-2.0, 2.0], [0.0, 6.0], [-3.0, -1.0], [0.0, 0.0]][rng.usize(0..4)],
            activation: activations[rng.usize(0..activations.len())],
            accumulate: rng.u8(0..4) == 0,
        }
    }

    fn run<V: F32x4>(&self, seed: u64, products: Products) -> Vec<f32> {
        let mut rng = Rng::with_seed(seed);
        let &Self { channels, out_channels, pixels, ends, activation, accumulate } = self;
        let input = values(&mut rng, channels * pixels, ends[0], ends[1]);
        let mut weight = values(&mut rng, channels * out_channels, -0.5, 0.5);
        // The first output channel has weights of zero, the last one the largest weights.
        weight[..channels].fill(0.0);
        weight[(out_channels - 1) * channels..].fill(0.5);
        let bias = values(&mut rng, out_channels, -2.0, 2.0);
        let residual = values(&mut rng, out_channels * pixels, -2.0, 2.0);

        let quantised = quantise::<V>(&input, channels, pixels, rng.usize(0..=pixels / 2) * 2);
        let packed = pack::int8(&weight, &bias).unwrap();
        let mut output = Buffer::zeros(tensor(out_channels, pixels)).unwrap();
        to_blocks(&residual, out_channels, pixels, &mut output);
        let conv = Pointwise {
            input: quantised.bytes.as_ptr(),
            input_plane: int8::plane(pixels),
            ranges: quantised.ranges.as_ptr(),
            in_channels: channels,
            weights: packed.as_ptr().cast(),
            panels: blocks(out_channels),
            output: output.as_mut_ptr(),
            output_plane: plane(pixels),
            finish: Finish::new(activation),
            accumulate,
            products,
        };
        let (panel, pixel) = (rng.usize(0..=blocks(out_channels)), rng.usize(0..=pixels));
        for panels in [0..panel, panel..blocks(out_channels)] {
            for part in [0..pixel, pixel..pixels] {
                // SAFETY: the buffers have the shapes that `conv` names.
                unsafe { int8::pointwise::<V>(&conv, panels.clone(), part) }
            }
        }
        let got = from_blocks(&output, out_channels, pixels);
        for (index, &got) in got.iter().enumerate() {
            let (out, pixel) = (index / pixels, index % pixels);
            let byte = |k: usize| {
                quantised.bytes[k / BLOCK * conv.input_plane + pixel * BLOCK + int8::place(k)]
            };
            let [scale, least] = [0, 1].map(|i| f64::from(quantised.ranges[pixel * RANGE + i]));
            let row = &weight[out * channels..][..channels];
            let largest = row.iter().fold(0.0, |largest: f64, &w| largest.max(f64::from(w).abs()));
            let step = largest / 127.0;
            let finish = |sum: f64| match accumulate {
                true => sum + f64::from(residual[index]),
                false => activation.value(sum),
            };
            // The expected sum of the dequantised inputs, and its error bound: the packing may round a weight either
            // way.
            let (mut sum, mut error) = (f64::from(bias[out]), 0.0);
            for (k, &weight) in row.iter().enumerate() {
                let x = f64::from(input[k * pixels + pixel]);
                assert!(byte(k) <= 127, "{self:?}: byte {}", byte(k));
                let stands_for = scale * f64::from(byte(k)) + least;
                assert!((stands_for - x).abs() <= 0.501 * scale + 1e-6, "{self:?}: {x}");
                sum += stands_for * f64::from(weight);
                error += stands_for.abs() * step;
            }
            let (got, exact) = (f64::from(got), finish(sum));
            assert!(
                (got - exact).abs() <= error + 1e-4,
                "{} {products:?} {self:?}: value {index} is {got}, should be {exact}",
                V::NAME
            );
            if [0, out_channels - 1].contains(&out) {
                // Zeros and the largest weights are quantised exactly.
                assert!(
                    (got - exact).abs() <= 2e-5 * exact.abs().max(1.0) * channels as f64,
                    "{} {products:?} {self:?}: value {index} is {got}, should be {exact}",
                    V::NAME
                );
            }
        }
        got
    }
}

/// Both kinds of dot products give the same bits, and so do instruction sets with the same rounding.
#[wasm_bindgen_test(unsupported = test)]
fn pointwise_is_right() {
    let mut rng = Rng::with_seed(1);
    for seed in 0..cases(150) {
        let case = Case::new(&mut rng);
        let [pairs, dots] = [Products::Pairs, Products::Dots]
            .map(|products| bits(&case.run::<Native>(seed, products)));
        assert_eq!(pairs, dots, "{case:?}");
        let scalar = bits(&case.run::<Scalar>(seed, Products::suited::<Scalar>()));
        if !Native::FUSED {
            assert_eq!(pairs, scalar, "{case:?}");
        }
    }
}

/// Quantising a row of weights keeps its sum.
#[wasm_bindgen_test(unsupported = test)]
fn sums_of_weights_are_kept() {
    let mut rng = Rng::with_seed(2);
    for _ in 0..cases(200) {
        let depth = rng.usize(1..300);
        let weight = values(&mut rng, depth, -0.3, 0.5);
        let packed = pack::int8(&weight, &[0.0]).unwrap();
        let (scale, sum) = (f64::from(packed[0]), f64::from(packed[BLOCK]));
        let exact: f64 = weight.iter().copied().map(f64::from).sum();
        assert!((sum - exact).abs() <= 0.6 * scale + 1e-4, "{depth}: {sum} of {exact}, {scale}");
    }
}

/// Networks with random weights: the logits on 8 bits differ from those on floats, but by less than a tenth of their
/// spread. Every number of threads and the plan that keeps all tensors give the same bits.
#[cfg(not(target_arch = "wasm32"))]
#[test]
#[cfg_attr(miri, ignore = "whole networks")]
fn networks_are_close_to_floats() {
    for version in Version::ALL {
        let config = Config { resolution: 96, ..Config::new(version) };
        let network = Network::new(&config).unwrap();
        let [mut floats, mut bytes] = [Precision::F32, Precision::Int8]
            .map(|precision| Model::untrained_with(network.clone(), 3, precision).unwrap());
        assert_eq!(bytes.plan().precision(), Precision::Int8);
        assert!(bytes.plan().weight_bytes() < floats.plan().weight_bytes());
        let mut rng = Rng::with_seed(4);
        let input = values(&mut rng, 96 * 96 * 3, -1.0, 1.0);
        let exact = floats.run(&input).unwrap().to_vec();
        let got = bytes.run(&input).unwrap().to_vec();
        let mean = exact.iter().sum::<f32>() / exact.len() as f32;
        let spread = |values: &mut dyn Iterator<Item = f32>| {
            (values.map(|x| x * x).sum::<f32>() / exact.len() as f32).sqrt()
        };
        let of_all = spread(&mut exact.iter().map(|x| x - mean));
        let of_errors = spread(&mut exact.iter().zip(&got).map(|(a, b)| a - b));
        println!("{version:?}: {:.4} of the logits' spread", of_errors / of_all);
        assert!(of_errors <= 0.1 * of_all, "{version:?}: {of_errors} of {of_all}");
        assert!(of_errors > 0.0, "{version:?}");
        let source = mobilenet_wasm::Source::Input(&input);
        let inspected = bytes.inspect(source, Default::default()).unwrap().logits().to_vec();
        assert_eq!(bits(&inspected), bits(&got), "{version:?}");
        for threads in [2, 3, 5] {
            bytes.set_threads(&Threads::new(threads).unwrap()).unwrap();
            for _ in 0..3 {
                let logits = bytes.run(&input).unwrap();
                assert_eq!(bits(logits), bits(&got), "{version:?}, {threads} threads");
            }
        }
    }
}

/// Narrow networks use floats, and report it.
#[cfg(not(target_arch = "wasm32"))]
#[test]
#[cfg_attr(miri, ignore = "whole networks")]
fn narrow_networks_stay_on_floats() {
    for (width, expected) in
        [(0.25, Precision::F32), (0.5, Precision::F32), (0.75, Precision::Int8)]
    {
        let config = Config { width, resolution: 96, ..Config::new(Version::V1) };
        let network = Network::new(&config).unwrap();
        let model = Model::untrained_with(network, 3, Precision::Int8).unwrap();
        assert_eq!(model.plan().precision(), expected, "{width}");
    }
}

/// Pictures of a single colour, in which the values of a pixel may all be equal.
#[cfg(not(target_arch = "wasm32"))]
#[test]
#[cfg_attr(miri, ignore = "whole networks")]
fn flat_pictures_run() {
    let config = Config { resolution: 96, ..Config::new(Version::V1) };
    let network = Network::new(&config).unwrap();
    let mut model = Model::untrained_with(network, 3, Precision::Int8).unwrap();
    for value in [0, 128, 255] {
        let pixels = vec![value; 50 * 40 * 4];
        let picture = RgbaImage::new(50, 40, &pixels).unwrap();
        let best = model.classify(picture, 1).unwrap()[0];
        assert!(best.probability.is_finite(), "{best:?}");
    }
}

/// A sum in place may be negative, even where it lies in the memory of a map behind ReLU6. The inspector adds elsewhere.
#[cfg(not(target_arch = "wasm32"))]
#[test]
#[cfg_attr(miri, ignore = "whole networks")]
fn residuals_behind_relu_may_be_negative() {
    let config = Config { resolution: 96, ..Config::new(Version::V2) };
    let mut network = Network::new(&config).unwrap();
    let channels = network.stem.out_channels;
    network.blocks[0].project.out_channels = channels;
    network.blocks[0].residual = true;
    network.blocks[1].expand.as_mut().unwrap().in_channels = channels;
    let mut model = Model::untrained_with(network, 3, Precision::Int8).unwrap();
    let input = values(&mut Rng::with_seed(4), 96 * 96 * 3, -1.0, 1.0);
    let got = model.run(&input).unwrap().to_vec();
    let source = mobilenet_wasm::Source::Input(&input);
    let inspected = model.inspect(source, Default::default()).unwrap();
    assert_eq!(bits(inspected.logits()), bits(&got));
    let sum = inspected.tensor("block 0 add").unwrap().values;
    assert!(sum.iter().any(|&x| x < 0.0));
}
