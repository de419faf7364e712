//! Measures the time of a layer of any shape, or of an activation, on this device: to compare layers that no network has,
//! such as a full convolution and the depthwise-separable one that replaces it.

use crate::arch::{Activation, Conv, ConvKind, Padding};
use crate::buffer::{Buffer, with_room};
use crate::error::Error;
use crate::kernels::convolution::{self, Convolution};
use crate::kernels::curve::{Curve, curve};
use crate::kernels::depthwise::{self, Depthwise};
use crate::kernels::epilogue::Finish;
use crate::kernels::pointwise::{self, Pointwise};
use crate::kernels::{TileShape, Window, layout, pack};
use crate::simd::F32x4;
use crate::stopwatch::least_times;

/// The shortest time for a measurement, in which V8 optimises kernels that no network has used, and the longest one.
/// Milliseconds.
const LIMITS: [f64; 2] = [30.0, 150.0];

/// The most channels of a layer.
pub const MAX_CHANNELS: usize = 1024;

/// The longest side of a map. Pixels.
pub const MAX_SIZE: usize = 224;

/// The most multiply-accumulates. They take some 0.1 s, in which nothing else runs.
pub const MAX_MACS: u64 = 1 << 31;

/// The most weights, and the most values of a map: 32 MiB each.
pub const MAX_VALUES: usize = 1 << 23;

/// Number of values whose activation is timed. They fit in a first-level cache, like the sums of a kernel.
const VALUES: usize = 4000;

/// A single layer: stride 1, ReLU6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Layer {
    /// `Convolution`, `Depthwise` or `Pointwise`.
    pub kind: ConvKind,
    /// Side of its filter: 3 or 5, or 1 for a pointwise convolution. Pixels.
    pub kernel: usize,
    /// Input channels, at most [`MAX_CHANNELS`].
    pub in_channels: usize,
    /// Output channels; equal to `in_channels` for a depthwise convolution.
    pub out_channels: usize,
    /// Height of its input and output map, at most [`MAX_SIZE`]. Pixels.
    pub height: usize,
    /// Width of its input and output map, at most [`MAX_SIZE`]. Pixels.
    pub width: usize,
}

impl Layer {
    fn conv(&self) -> Conv {
        let &Self { kind, kernel, in_channels, out_channels, .. } = self;
        let activation = Activation::Relu6;
        Conv { kind, kernel, stride: 1, in_channels, out_channels, activation, batch_norm: true }
    }

    /// Multiply-accumulates of one run, counted as [`crate::arch::Network::macs`] does.
    #[must_use]
    pub fn macs(&self) -> u64 {
        self.conv().macs(self.height.saturating_mul(self.width))
    }

    /// Checks whether it can be timed.
    ///
    /// # Errors
    /// [`Error::Timed`] for a kind or filter that no kernel has, and for a layer of no or too many channels, pixels,
    /// values or multiply-accumulates.
    pub fn check(&self) -> Result<(), Error> {
        let &Self { kind, kernel, in_channels, out_channels, height, width } = self;
        let kernels: &[usize] = match kind {
            ConvKind::Pointwise => &[1],
            ConvKind::Convolution | ConvKind::Depthwise => &[3, 5],
            ConvKind::Stem | ConvKind::Dense => {
                return wrong(format!("{kind:?} is timed in a network only"));
            }
        };
        ensure(kernels.contains(&kernel), || format!("no filter of {kernel} x {kernel}"))?;
        for channels in [in_channels, out_channels] {
            let fits = (1..=MAX_CHANNELS).contains(&channels);
            ensure(fits, || format!("{channels} channels, it must be 1 to {MAX_CHANNELS}"))?;
        }
        ensure(kind != ConvKind::Depthwise || in_channels == out_channels, || {
            format!("{in_channels} channels become {out_channels} in a depthwise convolution")
        })?;
        let fits = [height, width].iter().all(|side| (1..=MAX_SIZE).contains(side));
        ensure(fits, || {
            format!("a map of {height} x {width} pixels, each side must be 1 to {MAX_SIZE}")
        })?;
        let map = layout::tensor(in_channels.max(out_channels), height * width);
        let values = map.max(self.conv().weight_count());
        ensure(values <= MAX_VALUES, || {
            format!("a map or weights of {values} values, at most {MAX_VALUES} are allowed")
        })?;
        ensure(self.macs() <= MAX_MACS, || {
            format!("{} multiply-accumulates, at most {MAX_MACS} are allowed", self.macs())
        })
    }
}

fn ensure(fits: bool, reason: impl FnOnce() -> String) -> Result<(), Error> {
    if fits { Ok(()) } else { wrong(reason()) }
}

fn wrong<T>(reason: String) -> Result<T, Error> {
    Err(Error::Timed { reason })
}

/// The least time of a run of `layer` on one core. `clock` returns milliseconds, and so does this; zero if the clock doesn't
/// advance.
///
/// # Errors
/// Those of [`Layer::check`], and [`Error::OutOfMemory`].
pub fn time_layer<V: F32x4>(layer: &Layer, clock: &mut dyn FnMut() -> f64) -> Result<f64, Error> {
    layer.check()?;
    let &Layer { kernel, in_channels, out_channels, height, width, .. } = layer;
    let mut weight = with_room(layer.conv().weight_count())?;
    weight.extend((0..layer.conv().weight_count()).map(|k| ((k % 7) as f32 - 3.0) / 64.0));
    let mut bias = with_room(out_channels)?;
    bias.resize(out_channels, 0.0);
    let pixels = height * width;
    let mut input = Buffer::zeros(layout::tensor(in_channels, pixels))?;
    for (index, value) in input.iter_mut().enumerate() {
        *value = (index % 5) as f32;
    }
    let mut output = Buffer::zeros(layout::tensor(out_channels, pixels))?;
    let finish = Finish::new(Activation::Relu6);
    let window = Window::new(Padding::Symmetric, kernel, 1, height, width);
    let (input, plane, output) = (input.as_ptr(), layout::plane(pixels), output.as_mut_ptr());
    let panels = layout::blocks(out_channels);
    let [time] = match layer.kind {
        ConvKind::Pointwise => {
            let weights = pack::pointwise(&weight, &bias)?;
            let conv = Pointwise {
                input,
                input_plane: plane,
                in_channels,
                weights: weights.as_ptr(),
                panels,
                output,
                output_plane: plane,
                finish,
                accumulate: false,
                shape: TileShape::Narrow,
            };
            // SAFETY: the buffers are as large as the kernel's arguments say, and nothing else uses them.
            let run = || unsafe { pointwise::pointwise::<V>(&conv, 0..panels, 0..pixels) };
            least_times(clock, LIMITS, [&run])
        }
        ConvKind::Depthwise => {
            let weights = pack::depthwise(&weight, &bias, kernel)?;
            let conv = Depthwise {
                input,
                input_plane: plane,
                window,
                weights: weights.as_ptr(),
                output,
                output_plane: plane,
                finish,
                row_sums: std::ptr::null_mut(),
                row_sums_plane: 0,
                shape: TileShape::Narrow,
            };
            let run = || {
                for block in 0..panels {
                    // SAFETY: the buffers are as large as the kernel's arguments say, and nothing else uses them.
                    unsafe { depthwise::depthwise::<V>(&conv, block, 0..height) }
                }
            };
            least_times(clock, LIMITS, [&run])
        }
        // `check` lets no others through.
        ConvKind::Convolution | ConvKind::Stem | ConvKind::Dense => {
            let weights = pack::convolution(&weight, &bias, kernel)?;
            let mut scratch = Buffer::zeros(convolution::scratch(in_channels, kernel))?;
            let conv = Convolution {
                input,
                input_plane: plane,
                in_channels,
                window,
                weights: weights.as_ptr(),
                panels,
                scratch: scratch.as_mut_ptr(),
                output,
                output_plane: plane,
                finish,
                shape: TileShape::Narrow,
            };
            // SAFETY: the buffers are as large as the kernel's arguments say, and nothing else uses them.
            let run = || unsafe { convolution::convolution::<V>(&conv, 0..panels, 0..pixels) };
            least_times(clock, LIMITS, [&run])
        }
    };
    Ok(time)
}

/// The least time for a million values of an activation on one core, 4000 at a time, which stay in its first-level cache.
/// `clock` returns milliseconds, and so does this; zero if the clock doesn't advance.
///
/// # Errors
/// [`Error::OutOfMemory`].
pub fn time_curve<V: F32x4>(which: Curve, clock: &mut dyn FnMut() -> f64) -> Result<f64, Error> {
    let mut input = Buffer::zeros(VALUES)?;
    for (index, value) in input.iter_mut().enumerate() {
        *value = index as f32 * (16.0 / VALUES as f32) - 8.0;
    }
    let output = std::cell::RefCell::new(Buffer::zeros(VALUES)?);
    let run = || curve::<V>(which, &input, &mut output.borrow_mut());
    let [time] = least_times(clock, LIMITS, [&run]);
    Ok(time * (1_000_000 / VALUES) as f64)
}
