//! Compares every kernel, with every instruction set of the build, with the plain loops of `kernels::reference` over
//! random shapes, and the instruction sets with each other bit by bit.

use fastrand::Rng;
use mobilenet_wasm::Buffer;
use mobilenet_wasm::arch::{Activation, Padding};
use mobilenet_wasm::kernels::convolution::{self, Convolution, convolution};
use mobilenet_wasm::kernels::depthwise::{Depthwise, depthwise};
use mobilenet_wasm::kernels::epilogue::Finish;
use mobilenet_wasm::kernels::layout::{BLOCK, blocks, from_blocks, plane, tensor, to_blocks};
use mobilenet_wasm::kernels::{
    TileShape, Window, dense, pack, pointwise, pool, reference, scale, stem,
};
use mobilenet_wasm::simd::{F32x4, Native, Scalar};
use wasm_bindgen_test::wasm_bindgen_test;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_dedicated_worker);

/// A random activation.
fn any(rng: &mut Rng) -> Activation {
    Activation::ALL[rng.usize(0..Activation::ALL.len())]
}

/// A random activation of a convolution: any but hard-sigmoid.
fn any_of_a_convolution(rng: &mut Rng) -> Activation {
    loop {
        let activation = any(rng);
        if activation != Activation::HardSigmoid {
            return activation;
        }
    }
}

/// Random values. Their range makes the sums reach every branch of the activations.
fn values(rng: &mut Rng, len: usize) -> Vec<f32> {
    (0..len).map(|_| (rng.f32() - 0.5) * 4.0).collect()
}

/// Random weights that keep the sum of `depth` products within a few units.
fn weights(rng: &mut Rng, len: usize, depth: usize) -> Vec<f32> {
    let scale = 4.0 / (depth as f32).sqrt();
    (0..len).map(|_| (rng.f32() - 0.5) * scale).collect()
}

/// Checks values with a tolerance. Rounding errors grow with the depth of the sums; one unit in the last place of 16 is
/// 1e-6.
fn check(name: &str, what: &dyn std::fmt::Debug, got: &[f32], expected: &[f64]) {
    assert_eq!(got.len(), expected.len(), "{name} {what:?}");
    for (index, (&got, &expected)) in got.iter().zip(expected).enumerate() {
        assert!(
            (f64::from(got) - expected).abs() <= 2e-5 * expected.abs().max(1.0),
            "{name} {what:?}: value {index} is {got}, should be {expected}"
        );
    }
}

/// Checks that the bits of `got` and `scalar` are equal, if the instruction set `V` rounds a multiply-add twice.
fn check_bits<V: F32x4>(what: &dyn std::fmt::Debug, got: &[f32], scalar: &[f32]) {
    if V::FUSED {
        return;
    }
    assert_eq!(bits(got), bits(scalar), "{} and scalar differ: {what:?}", V::NAME);
}

/// The bits of the values, which differ for 0 and -0.
fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

fn blocked(planar: &[f32], channels: usize, pixels: usize) -> Buffer {
    let mut buffer = Buffer::zeros(tensor(channels, pixels)).unwrap();
    to_blocks(planar, channels, pixels, &mut buffer);
    buffer
}

/// How many of `count` cases to try: few in Miri, which takes about 100,000 times as long.
fn cases(count: u64) -> u64 {
    if cfg!(miri) { count.div_ceil(50) } else { count }
}

/// A random length below `end`, or below a quarter of it in Miri.
fn length(rng: &mut Rng, end: usize) -> usize {
    rng.usize(1..if cfg!(miri) { end.div_ceil(4).max(2) } else { end })
}

fn cut(rng: &mut Rng, len: usize) -> usize {
    rng.usize(0..=len)
}

#[derive(Debug)]
struct PointwiseCase {
    channels: usize,
    out_channels: usize,
    pixels: usize,
    activation: Activation,
    accumulate: bool,
    shape: TileShape,
}

impl PointwiseCase {
    fn run<V: F32x4>(&self, seed: u64) -> Vec<f32> {
        let mut rng = Rng::with_seed(seed);
        let &Self { channels, out_channels, pixels, activation, accumulate, shape } = self;
        let input = values(&mut rng, channels * pixels);
        let weight = weights(&mut rng, channels * out_channels, channels);
        let bias = values(&mut rng, out_channels);
        let residual = values(&mut rng, out_channels * pixels);

        let source = blocked(&input, channels, pixels);
        let packed = pack::pointwise(&weight, &bias).unwrap();
        let mut output = blocked(&residual, out_channels, pixels);
        let conv = pointwise::Pointwise {
            input: source.as_ptr(),
            input_plane: plane(pixels),
            in_channels: channels,
            weights: packed.as_ptr(),
            panels: blocks(out_channels),
            output: output.as_mut_ptr(),
            output_plane: plane(pixels),
            finish: Finish::new(activation),
            accumulate,
            shape,
        };
        let (panel, pixel) = (cut(&mut rng, blocks(out_channels)), cut(&mut rng, pixels));
        for panels in [0..panel, panel..blocks(out_channels)] {
            for part in [0..pixel, pixel..pixels] {
                // SAFETY: the buffers hold the shapes that `conv` names.
                unsafe { pointwise::pointwise::<V>(&conv, panels.clone(), part) }
            }
        }
        let got = from_blocks(&output, out_channels, pixels);

        let window = Window::new(Padding::Symmetric, 1, 1, 1, pixels);
        let activation = if accumulate { Activation::Linear } else { activation };
        let mut expected = reference::convolution(&window, &input, &weight, &bias, activation);
        if accumulate {
            for (sum, residual) in expected.iter_mut().zip(residual) {
                *sum += f64::from(residual);
            }
        }
        check(V::NAME, self, &got, &expected);
        got
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn pointwise_is_right() {
    let mut rng = Rng::with_seed(1);
    for seed in 0..cases(150) {
        let case = PointwiseCase {
            channels: length(&mut rng, 70),
            out_channels: length(&mut rng, 40),
            pixels: if rng.bool() { length(&mut rng, 60) } else { length(&mut rng, 300) },
            activation: any_of_a_convolution(&mut rng),
            accumulate: rng.u8(0..4) == 0,
            shape: TileShape::Narrow,
        };
        let got = case.run::<Native>(seed);
        check_bits::<Native>(&case, &got, &case.run::<Scalar>(seed));
        let wide = PointwiseCase { shape: TileShape::Wide, ..case }.run::<Native>(seed);
        assert_eq!(bits(&got), bits(&wide), "{case:?} in wide tiles");
    }
}

#[derive(Debug)]
struct DepthwiseCase {
    channels: usize,
    height: usize,
    width: usize,
    kernel: usize,
    stride: usize,
    padding: Padding,
    activation: Activation,
    shape: TileShape,
}

impl DepthwiseCase {
    /// The outputs, then the sums of their rows.
    fn run<V: F32x4>(&self, seed: u64) -> Vec<f32> {
        let mut rng = Rng::with_seed(seed);
        let &Self { channels, height, width, kernel, stride, padding, activation, shape } = self;
        let input = values(&mut rng, channels * height * width);
        let weight = weights(&mut rng, channels * kernel * kernel, kernel * kernel);
        let bias = values(&mut rng, channels);
        let window = Window::new(padding, kernel, stride, height, width);
        let pixels = window.output_pixels();

        let source = blocked(&input, channels, height * width);
        let packed = pack::depthwise(&weight, &bias, kernel).unwrap();
        let mut output = Buffer::zeros(tensor(channels, pixels)).unwrap();
        let mut sums = Buffer::zeros(tensor(channels, window.output_height)).unwrap();
        let conv = Depthwise {
            input: source.as_ptr(),
            input_plane: plane(height * width),
            window,
            weights: packed.as_ptr(),
            output: output.as_mut_ptr(),
            output_plane: plane(pixels),
            finish: Finish::new(activation),
            row_sums: sums.as_mut_ptr(),
            row_sums_plane: plane(window.output_height),
            shape,
        };
        let row = cut(&mut rng, window.output_height);
        for block in 0..blocks(channels) {
            for rows in [0..row, row..window.output_height] {
                // SAFETY: the buffers hold the shapes that `conv` names.
                unsafe { depthwise::<V>(&conv, block, rows) }
            }
        }
        let mut got = from_blocks(&output, channels, pixels);
        let expected = reference::depthwise(&window, &input, &weight, &bias, activation);
        check(V::NAME, self, &got, &expected);
        let row_sums: Vec<f64> =
            expected.chunks(window.output_width).map(|row| row.iter().sum()).collect();
        let sums = from_blocks(&sums, channels, window.output_height);
        check(V::NAME, self, &sums, &row_sums);
        got.extend(sums);
        got
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn depthwise_is_right() {
    let mut rng = Rng::with_seed(2);
    for seed in 0..cases(600) {
        let case = DepthwiseCase {
            channels: length(&mut rng, 20),
            height: length(&mut rng, 12),
            width: match rng.u8(0..3) {
                0 => rng.usize(1..8),
                1 => length(&mut rng, 30),
                // The output is then a whole number of wide tiles, or nearly.
                _ => (rng.usize(1..5) * 7).saturating_sub(rng.usize(0..2)),
            },
            kernel: [3, 5][rng.usize(0..2)],
            stride: rng.usize(1..3),
            padding: [Padding::Symmetric, Padding::Same][rng.usize(0..2)],
            activation: any_of_a_convolution(&mut rng),
            shape: TileShape::Narrow,
        };
        let got = case.run::<Native>(seed);
        check_bits::<Native>(&case, &got, &case.run::<Scalar>(seed));
        let wide = DepthwiseCase { shape: TileShape::Wide, ..case }.run::<Native>(seed);
        assert_eq!(bits(&got), bits(&wide), "{case:?} in wide tiles");
    }
}

#[derive(Debug)]
struct StemCase {
    out_channels: usize,
    height: usize,
    width: usize,
    padding: Padding,
    activation: Activation,
    shape: TileShape,
}

impl StemCase {
    fn run<V: F32x4>(&self, seed: u64) -> Vec<f32> {
        let mut rng = Rng::with_seed(seed);
        let &Self { out_channels, height, width, padding, activation, shape } = self;
        let input = values(&mut rng, 3 * height * width);
        let weight = weights(&mut rng, out_channels * stem::DEPTH, stem::DEPTH);
        let bias = values(&mut rng, out_channels);
        let window = Window::new(padding, 3, 2, height, width);
        let pixels = window.output_pixels();

        let row = stem::row(width);
        let first = stem::BORDER * (row + stem::RGB);
        let mut source = Buffer::zeros((height + 2 * stem::BORDER) * row).unwrap();
        for (index, &value) in input.iter().enumerate() {
            let (channel, y, x) = (index / (height * width), index / width % height, index % width);
            source[first + y * row + x * stem::RGB + channel] = value;
        }
        let packed = pack::stem(&weight, &bias).unwrap();
        let mut output = Buffer::zeros(tensor(out_channels, pixels)).unwrap();
        let conv = stem::Stem {
            // A pointer into the whole buffer, since the kernel also reads the border before `first`.
            input: source.as_ptr().wrapping_add(first),
            input_row: row,
            window,
            weights: packed.as_ptr(),
            output: output.as_mut_ptr(),
            output_plane: plane(pixels),
            out_channels,
            finish: Finish::new(activation),
            shape,
        };
        // SAFETY: the buffers hold the shapes that `conv` names.
        unsafe { stem::stem::<V>(&conv, 0..window.output_height) }
        let got = from_blocks(&output, out_channels, pixels);
        let expected = reference::convolution(&window, &input, &weight, &bias, activation);
        check(V::NAME, self, &got, &expected);
        got
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn stem_is_right() {
    let mut rng = Rng::with_seed(3);
    for seed in 0..cases(150) {
        let case = StemCase {
            out_channels: length(&mut rng, 34),
            height: length(&mut rng, 20),
            width: length(&mut rng, 40),
            padding: [Padding::Symmetric, Padding::Same][rng.usize(0..2)],
            activation: any_of_a_convolution(&mut rng),
            shape: TileShape::Narrow,
        };
        let got = case.run::<Native>(seed);
        check_bits::<Native>(&case, &got, &case.run::<Scalar>(seed));
        let wide = StemCase { shape: TileShape::Wide, ..case }.run::<Native>(seed);
        assert_eq!(bits(&got), bits(&wide), "{case:?} in wide tiles");
    }
}

#[derive(Debug)]
struct ConvolutionCase {
    channels: usize,
    out_channels: usize,
    height: usize,
    width: usize,
    kernel: usize,
    stride: usize,
    padding: Padding,
    activation: Activation,
}

impl ConvolutionCase {
    fn run<V: F32x4>(&self, seed: u64) -> Vec<f32> {
        let mut rng = Rng::with_seed(seed);
        let &Self { channels, out_channels, height, width, kernel, stride, padding, activation } =
            self;
        let depth = channels * kernel * kernel;
        let input = values(&mut rng, channels * height * width);
        let weight = weights(&mut rng, out_channels * depth, depth);
        let bias = values(&mut rng, out_channels);
        let window = Window::new(padding, kernel, stride, height, width);
        let pixels = window.output_pixels();

        let source = blocked(&input, channels, height * width);
        let packed = pack::convolution(&weight, &bias, kernel).unwrap();
        let mut output = Buffer::zeros(tensor(out_channels, pixels)).unwrap();
        let mut scratch = Buffer::zeros(convolution::scratch(channels, kernel)).unwrap();
        // Values that an earlier step left in the scratch memory must not matter.
        scratch.fill(f32::NAN);
        let conv = Convolution {
            input: source.as_ptr(),
            input_plane: plane(height * width),
            in_channels: channels,
            window,
            weights: packed.as_ptr(),
            panels: blocks(out_channels),
            scratch: scratch.as_mut_ptr(),
            output: output.as_mut_ptr(),
            output_plane: plane(pixels),
            finish: Finish::new(activation),
            shape: if rng.bool() { TileShape::Wide } else { TileShape::Narrow },
        };
        let (panel, pixel) = (cut(&mut rng, blocks(out_channels)), cut(&mut rng, pixels));
        for panels in [0..panel, panel..blocks(out_channels)] {
            for part in [0..pixel, pixel..pixels] {
                // SAFETY: the buffers hold the shapes that `conv` names.
                unsafe { convolution::<V>(&conv, panels.clone(), part) }
            }
        }
        let got = from_blocks(&output, out_channels, pixels);
        let expected = reference::convolution(&window, &input, &weight, &bias, activation);
        check(V::NAME, self, &got, &expected);
        got
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn convolution_is_right() {
    let mut rng = Rng::with_seed(6);
    for seed in 0..cases(200) {
        let case = ConvolutionCase {
            channels: length(&mut rng, 40),
            out_channels: length(&mut rng, 40),
            height: length(&mut rng, 16),
            width: if rng.bool() { rng.usize(1..8) } else { length(&mut rng, 80) },
            kernel: [3, 5][rng.usize(0..2)],
            stride: rng.usize(1..3),
            padding: [Padding::Symmetric, Padding::Same][rng.usize(0..2)],
            activation: any_of_a_convolution(&mut rng),
        };
        check_bits::<Native>(&case, &case.run::<Native>(seed), &case.run::<Scalar>(seed));
    }
}

#[derive(Debug)]
struct DenseCase {
    channels: usize,
    outputs: usize,
    activation: Activation,
    /// Whether the weights are integers of 16 bits.
    words: bool,
}

impl DenseCase {
    fn run<V: F32x4>(&self, seed: u64) -> Vec<f32> {
        let mut rng = Rng::with_seed(seed);
        let &Self { channels, outputs, activation, words } = self;
        let input = values(&mut rng, channels);
        let weight = weights(&mut rng, channels * outputs, channels);
        let bias = values(&mut rng, outputs);
        let pack = if words { pack::words } else { pack::pointwise };
        let packed = pack(&weight, &bias).unwrap();
        let mut output = Buffer::zeros(blocks(outputs) * BLOCK).unwrap();
        let layer = dense::Dense {
            input: input.as_ptr(),
            in_channels: channels,
            weights: packed.as_ptr(),
            words,
            output: output.as_mut_ptr(),
            finish: Finish::new(activation),
        };
        // SAFETY: the buffers hold the shapes that `layer` names.
        unsafe { dense::dense::<V>(&layer, 0..blocks(outputs)) }
        let expected: Vec<f64> = (0..outputs)
            .map(|out| {
                let row = &weight[out * channels..][..channels];
                let largest =
                    row.iter().fold(0.0f64, |largest, &w| largest.max(f64::from(w).abs()));
                let step = largest / 32767.0;
                let products = row.iter().zip(&input).map(|(&w, &x)| {
                    let w = f64::from(w);
                    let w = if words && step > 0.0 { (w / step).round() * step } else { w };
                    w * f64::from(x)
                });
                activation.value(f64::from(bias[out]) + products.sum::<f64>())
            })
            .collect();
        check(V::NAME, self, &output[..outputs], &expected);
        output.to_vec()
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn dense_is_right() {
    let mut rng = Rng::with_seed(4);
    for seed in 0..cases(150) {
        let activation = any(&mut rng);
        let case = DenseCase {
            channels: length(&mut rng, 200),
            outputs: length(&mut rng, 50),
            activation,
            words: activation != Activation::HardSigmoid && rng.bool(),
        };
        check_bits::<Native>(&case, &case.run::<Native>(seed), &case.run::<Scalar>(seed));
    }
}

fn pool_and_scale<V: F32x4>(channels: usize, pixels: usize, seed: u64) -> Vec<f32> {
    let mut rng = Rng::with_seed(seed);
    let input = values(&mut rng, channels * pixels);
    let mut tensor = blocked(&input, channels, pixels);
    let mut means = Buffer::zeros(blocks(channels) * BLOCK).unwrap();
    let step = pool::Pool {
        input: tensor.as_ptr(),
        input_plane: plane(pixels),
        pixels,
        factor: 1.0 / pixels as f32,
        output: means.as_mut_ptr(),
    };
    // SAFETY: the buffers hold the shapes that `step` names.
    unsafe { pool::pool::<V>(&step, 0..blocks(channels)) }
    let mean = |plane: &[f32]| plane.iter().map(|&x| f64::from(x)).sum::<f64>() / pixels as f64;
    let expected: Vec<f64> = input.chunks(pixels).map(mean).collect();
    check(V::NAME, &(channels, pixels), &means[..channels], &expected);

    // One pointer for input and output, since the kernel works in place and another borrow would invalidate it.
    let values = tensor.as_mut_ptr();
    let step = scale::Scale {
        gates: means.as_ptr(),
        input: values,
        output: values,
        plane: plane(pixels),
        pixels,
    };
    // SAFETY: the buffers hold the shapes that `step` names.
    unsafe { scale::scale::<V>(&step, 0..blocks(channels)) }
    let scaled = from_blocks(&tensor, channels, pixels);
    for (index, (&x, &y)) in input.iter().zip(&scaled).enumerate() {
        assert_eq!(y, x * means[index / pixels], "{} {channels} x {pixels}", V::NAME);
    }
    scaled
}

#[wasm_bindgen_test(unsupported = test)]
fn pool_and_scale_are_right() {
    let mut rng = Rng::with_seed(5);
    for seed in 0..cases(50) {
        let shape = (length(&mut rng, 40), length(&mut rng, 60));
        let native = pool_and_scale::<Native>(shape.0, shape.1, seed);
        check_bits::<Native>(&shape, &native, &pool_and_scale::<Scalar>(shape.0, shape.1, seed));
    }
}
