//! What each step of a plan does, and how long it takes.
//!
//! Steps are timed during whole runs, so each finds the caches as the step before left them. A step that ran alone
//! repeatedly would find its weights in the cache and seem too fast. A browser's clock ticks every 5 us at best, which
//! is longer than many steps take, so a single reading says little. But the mean of many readings is right for any
//! tick, because both ends of each reading are rounded the same way.

use super::Plan;
use super::step::{Description, StepKind};
use super::tensor::Extent;
use crate::error::Error;
use crate::simd::F32x4;
use crate::sort::sort_by;

/// The most runs of [`Plan::profile`], which keeps all readings until the end.
pub const MAX_RUNS: usize = 1000;

/// What a step does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepInfo {
    /// The layer's name: that of its [`Site`](crate::arch::Site), or for steps that are not convolutions for example
    /// `pool`, `block 3 pool` or `block 3 scale`.
    pub name: String,
    /// The kernel.
    pub kind: StepKind,
    /// Shape of the input.
    pub input: Extent,
    /// Shape of the output.
    pub output: Extent,
    /// Side of the filter in pixels; 1 without a filter.
    pub kernel: usize,
    /// Stride in pixels; 1 without a filter.
    pub stride: usize,
    /// Multiply-accumulates, counted as [`crate::arch::Network::macs`] does: 0 for pooling and scaling.
    pub macs: u64,
}

impl StepInfo {
    pub(super) fn new(name: String, kind: StepKind, description: Description) -> Self {
        let Description { input, output, kernel, stride, macs } = description;
        Self { name, kind, input, output, kernel, stride, macs }
    }

    /// Input, output and filter as text: `112x112x64 -> 56x56x64, 3x3 stride 2`.
    #[must_use]
    pub fn shape(&self) -> String {
        let Self { input, output, kernel, stride, .. } = self;
        match (kernel, stride) {
            (1, 1) => format!("{input} -> {output}"),
            (_, 1) => format!("{input} -> {output}, {kernel}x{kernel}"),
            _ => format!("{input} -> {output}, {kernel}x{kernel} stride {stride}"),
        }
    }
}

/// The time of a step or of the network over several runs, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Time {
    /// The mean over the undisturbed runs, which are those no slower than the median run. In the others, other work had
    /// the core, or the engine had not yet optimised the code. Whole runs are dropped, not single readings, so that the
    /// mean is right on a coarse clock too, and the steps sum to the network.
    pub mean: f64,
    /// The fastest run. Meaningless if it is only a few clock ticks long.
    pub minimum: f64,
    /// The median of all runs. Meaningless if it is only a few clock ticks long.
    pub median: f64,
}

impl Time {
    /// Summarises the times that `of` reads from `runs`. A run is undisturbed if it took at most `limit`.
    fn new(runs: &mut [Run], limit: f64, of: &dyn Fn(&Run) -> f64) -> Self {
        let undisturbed = || runs.iter().filter(|run| total(run) <= limit);
        let mean = undisturbed().map(of).sum::<f64>() / undisturbed().count() as f64;
        let median = median(runs, of);
        Self { mean, minimum: of(&runs[0]), median }
    }

    /// The rate of `macs` multiply-accumulates in the mean time, in GFLOP/s at two operations each; `None` if the mean
    /// time is 0.
    #[must_use]
    pub fn gflops(&self, macs: u64) -> Option<f64> {
        (self.mean > 0.0).then(|| 2.0 * macs as f64 / (self.mean * 1e3))
    }
}

/// A step and its times.
#[derive(Clone, Debug, PartialEq)]
pub struct StepTime {
    /// The step.
    pub info: StepInfo,
    /// Its time.
    pub time: Time,
}

/// The result of [`Plan::profile`].
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    /// All steps, in execution order.
    pub steps: Vec<StepTime>,
    /// The whole network.
    pub total: Time,
}

impl Plan {
    /// What each step does, in execution order.
    #[must_use]
    pub fn steps(&self) -> &[StepInfo] {
        &self.infos
    }

    /// Runs the network on `input` as [`Plan::run`] does, `runs` times after one warm-up run, and reads `clock` after
    /// each step. `clock` returns milliseconds.
    ///
    /// # Errors
    /// [`Error::InputLength`], [`Error::InputValue`], and [`Error::Runs`] unless `runs` is from 1 to [`MAX_RUNS`].
    pub fn profile<V: F32x4>(
        &mut self,
        input: &[f32],
        clock: &mut dyn FnMut() -> f64,
        runs: usize,
    ) -> Result<Profile, Error> {
        if !(1..=MAX_RUNS).contains(&runs) {
            return Err(Error::Runs { runs });
        }
        self.run::<V>(input)?;
        let mut times = Vec::with_capacity(runs);
        for _ in 0..runs {
            self.write(input)?;
            times.push(self.time_steps::<V>(clock));
        }
        let limit = limit(&mut times);
        let steps = self.infos.iter().enumerate().map(|(step, info)| StepTime {
            info: info.clone(),
            time: Time::new(&mut times, limit, &|run| run[step]),
        });
        Ok(Profile { steps: steps.collect(), total: Time::new(&mut times, limit, &total) })
    }

    /// Runs the network on the picture; returns the microseconds of each step.
    fn time_steps<V: F32x4>(&mut self, clock: &mut dyn FnMut() -> f64) -> Run {
        let steps = 0..self.steps.len();
        let (walk, threads) = self.walk::<V>();
        let mut before = clock();
        let times = steps.map(|step| {
            threads.run(&walk, step..step + 1);
            let after = clock();
            (after - std::mem::replace(&mut before, after)) * 1e3
        });
        times.collect()
    }
}

/// The microseconds of each step in one run of the network.
type Run = Vec<f64>;

fn total(run: &Run) -> f64 {
    run.iter().sum()
}

/// The longest time of an undisturbed run, in microseconds.
fn limit(runs: &mut [Run]) -> f64 {
    // Equally long runs differ by a tick, depending on where in a tick they began. A choice among them would favour
    // steps at which the clock didn't tick.
    let ticks = runs.iter().flatten().copied().filter(|&time| time > 0.0);
    let tick = ticks.min_by(f64::total_cmp).unwrap_or(0.0);
    median(runs, &total) + 1.5 * tick
}

/// Sorts `runs`, which are not empty, by `of`; returns the median of `of`.
fn median(runs: &mut [Run], of: &dyn Fn(&Run) -> f64) -> f64 {
    sort_by(runs, |a, b| of(a).total_cmp(&of(b)));
    f64::midpoint(of(&runs[(runs.len() - 1) / 2]), of(&runs[runs.len() / 2]))
}
