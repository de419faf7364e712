//! How long a layer of any shape, or an activation, takes on this device: for comparing what no network has side by side,
//! such as a full convolution and the depthwise-separable one that replaces it.

use crate::arch::{Activation, Conv, ConvKind, Padding};
use crate::buffer::{Buffer, with_room};
use crate::error::Error;
use crate::kernels::convolution::{self, Convolution};
use crate::kernels::curve::{Curve, curve};
use crate::kernels::depthwise::{self, Depthwise};
use crate::kernels::epilogue::Finish;
use crate::kernels::pointwise::{self, Pointwise};
use crate::kernels::{Window, layout, pack};
use crate::simd::F32x4;
use crate::stopwatch::least_times;

/// How long something is timed at least, for V8 to optimise kernels that no network here has used, and at most.
/// Milliseconds.
const LIMITS: [f64; 2] = [30.0, 150.0];

/// The most channels of a layer.
pub const MAX_CHANNELS: usize = 1024;

/// The longest side of a map. Pixels.
pub const MAX_SIZE: usize = 224;

/// The most multiply-accumulates, some 0.1 s of work: nothing else runs meanwhile.
pub const MAX_MACS: u64 = 1 << 31;

/// The most weights, and the most values of a map: 32 MiB each.
pub const MAX_VALUES: usize = 1 << 23;

/// Values whose activation is timed: they stay in a first-level cache, as those of a kernel do that has just summed them.
const VALUES: usize = 4000;

/// A layer by itself: stride 1, ReLU6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Layer {
    /// `Convolution`, `Depthwise` or `Pointwise`.
    pub kind: ConvKind,
    /// Side of its filter: 3 or 5, and 1 of a pointwise convolution. Pixels.
    pub kernel: usize,
    /// Channels that it takes, at most [`MAX_CHANNELS`].
    pub in_channels: usize,
    /// Channels that it gives; a depthwise convolution gives as many as it takes.
    pub out_channels: usize,
    /// Height of the map that it takes and gives, at most [`MAX_SIZE`]. Pixels.
    pub height: usize,
    /// Its width, likewise.
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

    /// Says whether it can be timed.
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

/// The least time that one run of `layer` takes on one core, by a `clock` of milliseconds. Milliseconds; zero by a clock that
/// stands still.
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
    // In each of these the buffers hold the shapes that the kernel names, and nobody else uses them.
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
            };
            // SAFETY: see above.
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
            };
            let run = || {
                for block in 0..panels {
                    // SAFETY: see above.
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
            };
            // SAFETY: see above.
            let run = || unsafe { convolution::convolution::<V>(&conv, 0..panels, 0..pixels) };
            least_times(clock, LIMITS, [&run])
        }
    };
    Ok(time)
}

/// The least time that a million values of an activation take on one core, 4000 at a time, which stay in its first-level
/// cache; by a `clock` of milliseconds. Milliseconds; zero by a clock that stands still.
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
