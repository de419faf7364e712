//! What a network computes with: which layers may be on 8 bits, and whether that is faster here.

use crate::arch::{Conv, ConvKind, Network};
use crate::buffer::{Buffer, with_room};
use crate::error::Error;
use crate::kernels::epilogue::Finish;
use crate::kernels::int8::{self, Products};
use crate::kernels::{layout, pack, pointwise};
use crate::simd::F32x4;

/// What pointwise convolutions compute with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Precision {
    /// Floats, as all other layers.
    #[default]
    F32,
    /// Weights of 8 bits and inputs of 7: see [`crate::kernels::int8`]. A network of a width below 0.75 stays on floats.
    Int8,
}

/// The most inputs, and the most outputs, of layers that stay on floats: to quantise a pixel takes about as long as what
/// 8 bits save there, and those are the first layers, on wide maps. V3's projections to 24 channels alone made up a
/// quarter of what 8 bits change in its probabilities.
const FEW_INPUTS: usize = 16;
const FEW_OUTPUTS: usize = 32;

/// The width multiplier from which on a network may be on 8 bits. V1 of width 0.25 named another class in 15 % of 300 crops,
/// where those of width 1 did in 1 to 4 %: of few channels each counts, and there is little to gain.
const LEAST_WIDTH: f64 = 0.75;

/// What `network` computes with where `wanted` is asked for.
pub fn of_network(network: &Network, wanted: Precision) -> Precision {
    if network.width < LEAST_WIDTH { Precision::F32 } else { wanted }
}

/// Whether a layer is faster on 8 bits.
pub fn gains(conv: &Conv) -> bool {
    conv.kind == ConvKind::Pointwise
        && conv.in_channels > FEW_INPUTS
        && conv.out_channels > FEW_OUTPUTS
}

/// The layer that both are timed on: V2's expansion at 14 x 14, on as many pixels as take some 10 microseconds.
const CHANNELS: usize = 64;
const OUT_CHANNELS: usize = 384;
const PIXELS: usize = 12;

/// The shortest time that is read of a clock. Milliseconds.
const LEAST_READING: f64 = 0.1;

/// As many ticks of a clock as a reading is long at least: a browser's may be a millisecond.
const TICKS: f64 = 4.0;

/// How long both are timed at least, for V8 to optimise them, and at most. Milliseconds.
const LIMITS: [f64; 2] = [6.0, 60.0];

/// Readings of each at least, and at most, whatever the clock says.
const READINGS: [u32; 2] = [8, 4000];

/// Runs in a reading at most.
const MAX_RUNS: u32 = 1 << 12;

/// How many times as fast as floats 8 bits must be to be worth what they cost in agreement.
const WORTH: f64 = 1.1;

impl Precision {
    /// Times a layer on floats and on 8 bits, by a `clock` of milliseconds; gives how many times as fast 8 bits are.
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
        // SAFETY: the buffers hold the shapes that the kernels name, and nobody else uses them.
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

    /// The faster precision on a processor with this speedup: see [`Precision::speedup`].
    #[must_use]
    pub fn faster(speedup: f64) -> Self {
        if speedup >= WORTH { Self::Int8 } else { Self::F32 }
    }
}

/// The least time that each of two takes, in turns. It goes on for as long as one of them gets faster, since V8 optimises
/// what has run for a while, and since other work may have the processor.
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
        // The shorter one as well, and as fast as it is by now.
        if least.iter().any(|&time| time < target) && runs < MAX_RUNS {
            runs *= 2;
            (least, readings, improved) = ([f64::INFINITY; 2], 0, 0);
        }
    }
    least
}

/// What a clock goes forward at once.
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

    /// By clocks of several ticks, with other work of the processor in between.
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
