//! Measures what is fastest on this processor, in this engine: floats in narrow tiles, floats in wide ones, or bytes.

use super::Precision;
use crate::arch::Activation;
use crate::buffer::{Buffer, with_room};
use crate::error::Error;
use crate::kernels::epilogue::Finish;
use crate::kernels::int8::{self, Products};
use crate::kernels::{TileShape, layout, pack, pointwise};
use crate::simd::F32x4;
use crate::stopwatch::least_times;

/// The timed layer: V2's expansion at 14 x 14, on as many pixels as take about 10 microseconds.
const CHANNELS: usize = 64;
const OUT_CHANNELS: usize = 384;
const PIXELS: usize = 12;

/// The least and the most time of the measurement. V8 needs the least to optimise the code. Milliseconds.
const LIMITS: [f64; 2] = [6.0, 60.0];

/// The speedup from which 8 bits are used in place of floats. Less wouldn't be worth their loss of agreement.
const WORTH_BYTES: f64 = 1.1;

/// The speedup from which wide tiles are used. In an engine that pairs vectors they are 1.8 times as fast as narrow
/// ones, else 0.6 times.
const WORTH_WIDE: f64 = 1.15;

/// The speedups of a pointwise convolution by other ways of computing it; above 1 if they are faster.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Speedups {
    /// Wide tiles against narrow ones, on floats.
    pub wide: f64,
    /// 8 bits against floats in the faster tiles; `None` if 8 bits were not timed.
    pub int8: Option<f64>,
}

impl Speedups {
    /// Times a layer in each way, on 8 bits only if `int8` says so. `clock` returns milliseconds.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`].
    pub fn measure<V: F32x4>(int8: bool, clock: &mut dyn FnMut() -> f64) -> Result<Self, Error> {
        let mut weight = with_room(CHANNELS * OUT_CHANNELS)?;
        weight.extend((0..CHANNELS * OUT_CHANNELS).map(|k| (k % 7) as f32 - 3.0));
        let bias = [0.0; OUT_CHANNELS];
        let floats = pack::pointwise(&weight, &bias)?;
        let mut input = Buffer::zeros(layout::tensor(CHANNELS, PIXELS))?;
        for (index, value) in input.iter_mut().enumerate() {
            *value = (index % 5) as f32;
        }
        let mut output = Buffer::zeros(layout::tensor(OUT_CHANNELS, PIXELS))?;
        let (input_plane, panels) = (layout::plane(PIXELS), layout::blocks(OUT_CHANNELS));
        let narrow = pointwise::Pointwise {
            input: input.as_ptr(),
            input_plane,
            in_channels: CHANNELS,
            weights: floats.as_ptr(),
            panels,
            output: output.as_mut_ptr(),
            output_plane: input_plane,
            finish: Finish::new(Activation::Relu6),
            accumulate: false,
            shape: TileShape::Narrow,
        };
        let wide = pointwise::Pointwise { shape: TileShape::Wide, ..narrow };
        // SAFETY: the buffers have the shapes that the kernel gets, and nothing else uses them.
        let run_narrow = || unsafe { pointwise::pointwise::<V>(&narrow, 0..panels, 0..PIXELS) };
        // SAFETY: the same buffers have the same shapes.
        let run_wide = || unsafe { pointwise::pointwise::<V>(&wide, 0..panels, 0..PIXELS) };
        if !int8 {
            let [narrow, wide] = least_times(clock, LIMITS, [&run_narrow, &run_wide]);
            return Ok(Self { wide: ratio(narrow, wide), int8: None });
        }
        let bytes = pack::int8(&weight, &bias)?;
        let mut quantised = Buffer::zeros(layout::tensor(CHANNELS, PIXELS))?;
        let mut ranges = [0.0; PIXELS * int8::RANGE];
        let tensor = int8::Quantise {
            signed: true,
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
            output: narrow.output,
            output_plane: input_plane,
            finish: narrow.finish,
            accumulate: false,
            products: Products::suited::<V>(),
        };
        let run_bytes = || {
            // SAFETY: the buffers have the shapes that the kernels get, nothing else uses them, and `PIXELS` is even.
            unsafe {
                int8::quantise::<V::PairDots>(&tensor, 0..PIXELS);
                int8::pointwise::<V>(&on_bytes, 0..panels, 0..PIXELS);
            }
        };
        let [narrow, wide, bytes] =
            least_times(clock, LIMITS, [&run_narrow, &run_wide, &run_bytes]);
        let speedups = Self { wide: ratio(narrow, wide), int8: None };
        let floats = match speedups.shape() {
            TileShape::Narrow => narrow,
            TileShape::Wide => wide,
        };
        Ok(Self { int8: Some(ratio(floats, bytes)), ..speedups })
    }

    /// The shape of tiles to use for floats.
    #[must_use]
    pub fn shape(self) -> TileShape {
        if self.wide >= WORTH_WIDE { TileShape::Wide } else { TileShape::Narrow }
    }

    /// The precision to use: 8 bits if they were timed and are fast enough.
    #[must_use]
    pub fn precision(self) -> Precision {
        match self.int8 {
            Some(speedup) if speedup >= WORTH_BYTES => Precision::Int8,
            _ => Precision::F32,
        }
    }
}

/// The ratio of two times; 1 if the clock stands still.
fn ratio(time: f64, other: f64) -> f64 {
    if other > 0.0 { time / other } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::{Precision, Speedups, TileShape};
    use crate::simd::Native;

    #[test]
    fn only_what_is_worth_it_is_chosen() {
        let of = |wide, int8| Speedups { wide, int8 };
        for wide in [0.6, 1.0, 1.1] {
            assert_eq!(of(wide, None).shape(), TileShape::Narrow);
        }
        assert_eq!(of(1.7, None).shape(), TileShape::Wide);
        for int8 in [None, Some(0.8), Some(1.05)] {
            assert_eq!(of(1.0, int8).precision(), Precision::F32);
        }
        assert_eq!(of(1.0, Some(1.5)).precision(), Precision::Int8);
    }

    /// With a clock that stands still, the defaults remain.
    #[test]
    fn without_a_clock_nothing_is_chosen() {
        for int8 in [false, true] {
            let speedups = Speedups::measure::<Native>(int8, &mut || 0.0).unwrap();
            assert_eq!(speedups, Speedups { wide: 1.0, int8: int8.then_some(1.0) });
        }
    }
}
