//! Layers and activations by themselves: what can be timed, by made-up clocks, and that the activations are right.

use mobilenet_wasm::Error;
use mobilenet_wasm::arch::ConvKind;
use mobilenet_wasm::kernels::curve::{Curve, curve};
use mobilenet_wasm::measure::{Layer, time_curve, time_layer};
use mobilenet_wasm::simd::{F32x4, Native, Scalar};
use wasm_bindgen_test::wasm_bindgen_test;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_dedicated_worker);

const LAYER: Layer = Layer {
    kind: ConvKind::Convolution,
    kernel: 3,
    in_channels: 16,
    out_channels: 24,
    height: 7,
    width: 7,
};

/// A clock by which a single run of anything takes a millisecond: its tick, which is asked for first, is far less.
fn slow_clock() -> impl FnMut() -> f64 {
    let (mut time, mut readings) = (0.0, 0);
    move || {
        readings += 1;
        time += if readings <= 4 { 0.001 } else { 1.0 };
        time
    }
}

/// The convolution that a depthwise one and a pointwise one replace: the ratio of their work is that of V1's section 3.1.
#[wasm_bindgen_test(unsupported = test)]
fn the_work_is_what_the_paper_counts() {
    for (kernel, inputs, outputs, height, width) in
        [(3, 32, 64, 112, 56), (5, 40, 120, 28, 28), (3, 1, 1, 1, 1)]
    {
        let layer = |kind, kernel, in_channels, out_channels| Layer {
            kind,
            kernel,
            in_channels,
            out_channels,
            height,
            width,
        };
        let full = layer(ConvKind::Convolution, kernel, inputs, outputs).macs() as f64;
        assert_eq!(full, (kernel * kernel * inputs * outputs * height * width) as f64);
        let parts = layer(ConvKind::Depthwise, kernel, inputs, inputs).macs()
            + layer(ConvKind::Pointwise, 1, inputs, outputs).macs();
        let ratio = 1.0 / outputs as f64 + 1.0 / (kernel * kernel) as f64;
        assert!((parts as f64 / full - ratio).abs() < 1e-12);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn every_kind_of_layer_is_timed() {
    let layers = [
        LAYER,
        Layer { kernel: 5, ..LAYER },
        Layer { kind: ConvKind::Pointwise, kernel: 1, ..LAYER },
        Layer { kind: ConvKind::Depthwise, out_channels: 16, ..LAYER },
        Layer { kind: ConvKind::Depthwise, kernel: 5, in_channels: 24, ..LAYER },
        // Channels that are no multiple of a block, and a map that is smaller than the filter.
        Layer { in_channels: 3, out_channels: 5, height: 2, width: 2, ..LAYER },
        Layer {
            kind: ConvKind::Depthwise,
            in_channels: 1,
            out_channels: 1,
            height: 1,
            width: 1,
            ..LAYER
        },
        // Maps that are as narrow, or as low, as there are.
        Layer { height: 224, width: 1, ..LAYER },
        Layer { height: 1, width: 224, ..LAYER },
        Layer { kind: ConvKind::Depthwise, out_channels: 16, height: 224, width: 1, ..LAYER },
        Layer { kind: ConvKind::Depthwise, out_channels: 16, height: 1, width: 224, ..LAYER },
        Layer { kind: ConvKind::Pointwise, kernel: 1, height: 3, width: 5, ..LAYER },
    ];
    for layer in layers {
        assert_eq!(time_layer::<Native>(&layer, &mut slow_clock()).unwrap(), 1.0, "{layer:?}");
        assert_eq!(time_layer::<Native>(&layer, &mut || 0.0).unwrap(), 0.0, "{layer:?}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn layers_that_are_none_are_errors() {
    let wrong = [
        Layer { kernel: 1, ..LAYER },
        Layer { kernel: 4, ..LAYER },
        Layer { kernel: 7, ..LAYER },
        Layer { kind: ConvKind::Pointwise, ..LAYER },
        Layer { kind: ConvKind::Depthwise, ..LAYER },
        Layer { kind: ConvKind::Stem, ..LAYER },
        Layer { kind: ConvKind::Dense, kernel: 1, ..LAYER },
        Layer { in_channels: 0, ..LAYER },
        Layer { out_channels: 0, ..LAYER },
        Layer { in_channels: 1025, ..LAYER },
        Layer { out_channels: usize::MAX, ..LAYER },
        Layer { height: 0, ..LAYER },
        Layer { width: 0, ..LAYER },
        Layer { height: 225, ..LAYER },
        Layer { width: 225, ..LAYER },
        Layer { height: usize::MAX, ..LAYER },
        Layer { width: usize::MAX, ..LAYER },
        // Too many weights, too large a map, too much work.
        Layer { in_channels: 1024, out_channels: 1024, height: 1, width: 1, ..LAYER },
        Layer {
            kind: ConvKind::Depthwise,
            in_channels: 1024,
            out_channels: 1024,
            height: 112,
            width: 112,
            ..LAYER
        },
        Layer { in_channels: 256, out_channels: 256, height: 112, width: 112, ..LAYER },
    ];
    for layer in wrong {
        let error = time_layer::<Native>(&layer, &mut || unreachable!("it is timed")).unwrap_err();
        assert!(matches!(error, Error::Timed { .. }), "{layer:?}: {error}");
        assert_eq!(error.code(), "BAD_INPUT");
    }
}

/// A million values are 250 times 4000.
#[wasm_bindgen_test(unsupported = test)]
fn an_activation_is_timed_by_the_million() {
    for which in Curve::ALL {
        assert_eq!(time_curve::<Native>(which, &mut slow_clock()).unwrap(), 250.0, "{which:?}");
        assert_eq!(Curve::parse(which.name()), Some(which));
    }
    assert_eq!(Curve::parse("mish"), None);
}

fn of<V: F32x4>(which: Curve, input: &[f32]) -> Vec<f32> {
    let mut output = vec![f32::NAN; input.len()];
    curve::<V>(which, input, &mut output);
    output
}

#[wasm_bindgen_test(unsupported = test)]
fn the_curves_are_right() {
    let mut input: Vec<f32> = (0..4000).map(|i| i as f32 / 100.0 - 20.0).collect();
    input.extend([-1e3, 1e3, 0.0, -0.0]);
    for which in Curve::ALL {
        let expected = input.iter().map(|&x| {
            let x = f64::from(x);
            match which {
                Curve::Relu6 => x.clamp(0.0, 6.0),
                Curve::HardSwish => x * (x + 3.0).clamp(0.0, 6.0) / 6.0,
                Curve::Swish => x / (1.0 + (-x).exp()),
            }
        });
        for values in [of::<Native>(which, &input), of::<Scalar>(which, &input)] {
            for ((&got, expected), &x) in values.iter().zip(expected.clone()).zip(&input) {
                let difference = (f64::from(got) - expected).abs();
                assert!(difference <= 1e-5 * expected.abs().max(1.0), "{which:?}({x}) is {got}");
            }
        }
    }
}
