//! What each step of a plan does, and how long it takes.
//!
//! Steps are timed where they run, one after the other with the caches as the step before left them: run
//! alone and again, a step would find its weights in the cache and seem faster than it is. A browser's
//! clock ticks every 5 us at best, longer than many a step, so no single reading tells much; but the
//! readings' mean is right however coarse the clock, since each of them is cut off alike at both ends.

use super::Plan;
use super::step::{Description, StepKind};
use super::tensor::Extent;
use crate::error::Error;
use crate::simd::F32x4;
use crate::sort::sort_by;

/// The most runs that [`Plan::profile`] takes: all their readings are kept until the end.
pub const MAX_RUNS: usize = 1000;

/// What a step does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepInfo {
    /// The layer's name, as [`Site`](crate::arch::Site) has it; `pool`, `block 3 pool` and `block 3 scale` are those
    /// that are no convolution.
    pub name: String,
    /// The kernel.
    pub kind: StepKind,
    /// What it reads.
    pub input: Extent,
    /// What it writes.
    pub output: Extent,
    /// Side of its filter in pixels, 1 where it has none.
    pub kernel: usize,
    /// Distance between two outputs' inputs in pixels, 1 where it has none.
    pub stride: usize,
    /// Multiply-accumulates, counted as [`crate::arch::Network::macs`] does: none for pooling and scaling.
    pub macs: u64,
}

impl StepInfo {
    pub(super) fn new(name: String, kind: StepKind, description: Description) -> Self {
        let Description { input, output, kernel, stride, macs } = description;
        Self { name, kind, input, output, kernel, stride, macs }
    }

    /// Input, output and filter for people: `112x112x64 -> 56x56x64, 3x3 stride 2`.
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

/// How long something took in several runs of the network. Microseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Time {
    /// The mean over the undisturbed runs, which are those no slower than the median one: in the others
    /// something else had the core, or the engine had yet to optimise the code. Whole runs are sorted out
    /// rather than single readings, so that this is right on a coarse clock too, and the steps add up to
    /// the network.
    pub mean: f64,
    /// The fastest run; meaningless if only a few clock ticks.
    pub minimum: f64,
    /// The median of all runs; likewise.
    pub median: f64,
}

impl Time {
    /// The times that `of` finds in `runs`; those are undisturbed that took `limit` at most.
    fn new(runs: &mut [Run], limit: f64, of: &dyn Fn(&Run) -> f64) -> Self {
        let undisturbed = || runs.iter().filter(|run| total(run) <= limit);
        let mean = undisturbed().map(of).sum::<f64>() / undisturbed().count() as f64;
        let median = median(runs, of);
        Self { mean, minimum: of(&runs[0]), median }
    }

    /// The rate of `macs` multiply-accumulates in the mean time, at two operations each. GFLOP/s; `None`
    /// where the clock saw no time pass.
    #[must_use]
    pub fn gflops(&self, macs: u64) -> Option<f64> {
        (self.mean > 0.0).then(|| 2.0 * macs as f64 / (self.mean * 1e3))
    }
}

/// A step and its times.
#[derive(Clone, Debug, PartialEq)]
pub struct StepTime {
    /// What it does.
    pub info: StepInfo,
    /// How long it takes.
    pub time: Time,
}

/// What [`Plan::profile`] gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    /// All steps, in the order in which they run.
    pub steps: Vec<StepTime>,
    /// All of them together.
    pub total: Time,
}

impl Plan {
    /// What each step does, in the order in which they run.
    #[must_use]
    pub fn steps(&self) -> &[StepInfo] {
        &self.infos
    }

    /// Runs the network on `input` as [`Plan::run`] does, `runs` times after one that isn't counted, and
    /// reads `clock`, which gives milliseconds, after each step.
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

    /// Runs the network on the picture; gives each step's microseconds.
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

/// The longest that an undisturbed run takes. Microseconds.
fn limit(runs: &mut [Run]) -> f64 {
    // Runs of one length differ by a tick, depending on where in a tick they began. To choose among them
    // would be to choose at which steps the clock ticked.
    let ticks = runs.iter().flatten().copied().filter(|&time| time > 0.0);
    let tick = ticks.min_by(f64::total_cmp).unwrap_or(0.0);
    median(runs, &total) + 1.5 * tick
}

/// Sorts `runs`, at least one, by what `of` finds in them; gives its median.
fn median(runs: &mut [Run], of: &dyn Fn(&Run) -> f64) -> f64 {
    sort_by(runs, |a, b| of(a).total_cmp(&of(b)));
    f64::midpoint(of(&runs[(runs.len() - 1) / 2]), of(&runs[runs.len() / 2]))
}
