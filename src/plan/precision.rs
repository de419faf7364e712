//! Chooses between floats and 8 bits: which layers may use 8 bits, and whether that is faster on this processor.

use crate::arch::{Conv, ConvKind, Network};
use crate::buffer::{Buffer, with_room};
use crate::error::Error;
use crate::kernels::epilogue::Finish;
use crate::kernels::int8::{self, Products};
use crate::kernels::{layout, pack, pointwise};
use crate::simd::F32x4;

/// The number format of the pointwise convolutions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Precision {
    /// `f32`, as in all other layers.
    #[default]
    F32,
    /// Weights of 8 bits and inputs of 7: see [`crate::kernels::int8`]. Networks of a width below 0.75 use floats
    /// anyway.
    Int8,
}

/// A layer with at most this many inputs, or at most this many outputs, uses floats. These are the first layers, on
/// large maps. Quantising their input takes about as long as 8 bits save, and V3's projections to 24 channels alone
/// caused a quarter of the change in its probabilities.
const FEW_INPUTS: usize = 16;
const FEW_OUTPUTS: usize = 32;

/// The smallest width multiplier for 8 bits. V1 of width 0.25 named another class in 15 % of 300 crops, networks of
/// width 1 in 1 to 4 %: with few channels each one matters, and there is little time to save.
const LEAST_WIDTH: f64 = 0.75;

/// The precision of `network` if `wanted` is requested.
pub fn of_network(network: &Network, wanted: Precision) -> Precision {
    if network.width < LEAST_WIDTH { Precision::F32 } else { wanted }
}

/// Whether a layer is faster on 8 bits: see [`FEW_INPUTS`].
pub fn gains(conv: &Conv) -> bool {
    conv.kind == ConvKind::Pointwise
        && conv.in_channels > FEW_INPUTS
        && conv.out_channels > FEW_OUTPUTS
}

/// The layer that is timed: V2's expansion at 14 x 14, on a number of pixels that takes about 10 microseconds.
const CHANNELS: usize = 64;
const OUT_CHANNELS: usize = 384;
const PIXELS: usize = 12;

/// The shortest time of a reading, in milliseconds.
const LEAST_READING: f64 = 0.1;

/// The shortest time of a reading, in ticks of the clock. A browser's tick may be a millisecond.
const TICKS: f64 = 4.0;

/// The shortest and the longest measurement in milliseconds. V8 needs the shortest one to optimise the code.
const LIMITS: [f64; 2] = [6.0, 60.0];

/// The least and the most readings of each precision, whatever the clock says.
const READINGS: [u32; 2] = [8, 4000];

/// The most runs per reading.
const MAX_RUNS: u32 = 1 << 12;

/// The smallest speedup over floats that justifies the change that 8 bits make in the predictions.
const WORTH: f64 = 1.1;

impl Precision {
    /// Times a layer on floats and on 8 bits; returns the speedup by 8 bits, above 1 if they are faster. `clock`
    /// returns milliseconds.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`].
    pub fn speedup<V: F32x4>(clock: &mut dyn FnMut() -> f64) -> Result<f64, Error> {
        let mut weight = with_room(CHANNELS * OUT_CHANNELS)?;
        weight.extend((0..CHANNELS * OUT_CHANNELS).map(|k| (k % 7) as f32 - 3.0));
        let bias = [0.0; OUT_CHANNELS];
        let (floats, bytes) = (pack::pointwise(&weight, &bias)?, pack::int8(&weight, &bias)?);
        let mut input = Buffer::zeros(layout::tensor(CHANNELS, PIXELS))?;
        for (index, value) in input.iter_mut().enumerate() {
            *value = (index % 5) as f32;
        }
        let mut quantised = Buffer::zeros(layout::tensor(CHANNELS, PIXELS))?;
        let mut ranges = [0.0; PIXELS * int8::RANGE];
        let mut output = Buffer::zeros(layout::tensor(OUT_CHANNELS, PIXELS))?;
        let (input_plane, panels) = (layout::plane(PIXELS), layout::blocks(OUT_CHANNELS));
        let on_floats = pointwise::Pointwise {
            input: input.as_ptr(),
            input_plane,
            in_channels: CHANNELS,
            weights: floats.as_ptr(),
            panels,
            output: output.as_mut_ptr(),
            output_plane: input_plane,
            finish: Finish::new(crate::arch::Activation::Relu6),
            accumulate: false,
        };
        let tensor = int8::Quantise {
            input: input.as_ptr(),
            input_plane,
            blocks: layout::blocks(CHANNELS),
            output: quantised.as_mut_ptr().cast(),
            output_plane: int8::plane(PIXELS),
            ranges: ranges.as_mut_ptr(),
        };
        let on_bytes = int8::Pointwise {
            input: tensor.output,
            input_plane: tensor.output_plane,
            ranges: tensor.ranges,
            in_channels: CHANNELS,
            weights: bytes.as_ptr().cast(),
            panels,
            output: on_floats.output,
            output_plane: input_plane,
            finish: on_floats.finish,
            accumulate: false,
            products: Products::suited::<V>(),
        };
        // SAFETY: the buffers have the shapes that the kernels are told, and nobody else uses them.
        let run_floats = || unsafe { pointwise::pointwise::<V>(&on_floats, 0..panels, 0..PIXELS) };
        let run_bytes = || {
            // SAFETY: as above, and `PIXELS` is even.
            unsafe {
                int8::quantise::<V::PairDots>(&tensor, 0..PIXELS);
                int8::pointwise::<V>(&on_bytes, 0..panels, 0..PIXELS);
            }
        };
        let [floats, bytes] = least_times(clock, [&run_floats, &run_bytes]);
        Ok(if bytes > 0.0 { floats / bytes } else { 1.0 })
    }

    /// The precision to choose on a processor with this speedup: see [`Precision::speedup`].
    #[must_use]
    pub fn faster(speedup: f64) -> Self {
        if speedup >= WORTH { Self::Int8 } else { Self::F32 }
    }
}

/// Times two pieces of work in turns; returns the least time of each in milliseconds. It goes on while one of them
/// still gets faster, since V8 optimises code only after it has run for a while, and other programs may use the
/// processor.
fn least_times(clock: &mut dyn FnMut() -> f64, work: [&dyn Fn(); 2]) -> [f64; 2] {
    let start = clock();
    let target = (TICKS * tick(clock)).max(LEAST_READING);
    let mut timed = |work: &dyn Fn(), runs: u32| {
        let start = clock();
        for _ in 0..runs {
            work();
        }
        let end = clock();
        [end - start, end]
    };
    let (mut runs, mut least, mut readings, mut improved) = (1, [f64::INFINITY; 2], 0, 0);
    let mut elapsed = 0.0;
    let [at_least, at_most] = LIMITS;
    while readings < READINGS[0].max(2 * improved) || elapsed < at_least {
        if elapsed > at_most && readings > 1 || readings == READINGS[1] {
            break;
        }
        readings += 1;
        for (work, least) in work.iter().zip(&mut least) {
            let [time, end] = timed(*work, runs);
            elapsed = end - start;
            if time < 0.95 * *least {
                (*least, improved) = (time, readings);
            }
        }
        // Both times must reach the target, also after V8 has optimised the code: otherwise start again with more runs.
        if least.iter().any(|&time| time < target) && runs < MAX_RUNS {
            runs *= 2;
            (least, readings, improved) = ([f64::INFINITY; 2], 0, 0);
        }
    }
    least
}

/// The tick of a clock in milliseconds; 0 if it stands still.
fn tick(clock: &mut dyn FnMut() -> f64) -> f64 {
    let mut next = |from: f64| (0..1 << 20).map(|_| clock()).find(|&time| time > from);
    let start = next(f64::NEG_INFINITY);
    let first = start.and_then(&mut next);
    match (first, first.and_then(&mut next)) {
        (Some(first), Some(second)) => second - first,
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::least_times;
    use std::cell::Cell;

    /// With clocks of several ticks, and interruptions by other work.
    #[test]
    fn the_faster_is_told() {
        for tick in [0.0, 0.005, 0.1, 1.0] {
            let (now, calls) = (Cell::new(0.0), Cell::new(0));
            let pass = |time: f64| {
                calls.set(calls.get() + 1);
                let interruption = if calls.get() % 5000 == 0 { 5.0 } else { 0.0 };
                // Four times as slow until it is optimised.
                let slow = if now.get() < 3.0 { 4.0 } else { 1.0 };
                now.set(now.get() + slow * time + interruption);
            };
            let mut clock = || {
                now.set(now.get() + 1e-4);
                if tick > 0.0 { (now.get() / tick).floor() * tick } else { now.get() }
            };
            let [a, b] = least_times(&mut clock, [&|| pass(0.02), &|| pass(0.01)]);
            assert!((1.6..=2.5).contains(&(a / b)), "tick {tick}: {a} and {b}");
            assert!(now.get() < 400.0, "tick {tick}: took {}", now.get());
        }
    }

    #[test]
    fn a_clock_that_stands_still_ends() {
        let times = least_times(&mut || 0.0, [&|| (), &|| ()]);
        assert_eq!(times, [0.0; 2]);
    }
}
