//! How long something short takes, by a browser's coarse clock.

/// The shortest reading. Milliseconds.
const LEAST_READING: f64 = 0.1;

/// The shortest reading in ticks of its clock. A browser's tick may be a millisecond.
const TICKS: f64 = 4.0;

/// The fewest and the most readings of each piece of work. The most also end a measurement whose clock has stopped.
const READINGS: [u32; 2] = [8, 4000];

/// The most runs in a reading.
const MAX_RUNS: u32 = 1 << 12;

/// Times each piece of `work`, in turns; returns the shortest time of one run of each. `clock` returns milliseconds, and so
/// does this; zeros if the clock stands still. It goes on for at least `at_least`, so that V8 optimises what runs, and for
/// `at_most` at most; in between, as long as one of them gets faster, since other work may have the processor.
pub fn least_times<const N: usize>(
    clock: &mut dyn FnMut() -> f64,
    [at_least, at_most]: [f64; 2],
    work: [&dyn Fn(); N],
) -> [f64; N] {
    let start = clock();
    let Some(tick) = tick(clock) else { return [0.0; N] };
    let target = (TICKS * tick).max(LEAST_READING);
    let mut timed = |work: &dyn Fn(), runs: u32| {
        let start = clock();
        for _ in 0..runs {
            work();
        }
        let end = clock();
        [end - start, end]
    };
    let (mut runs, mut least, mut readings, mut improved) = (1, [f64::INFINITY; N], 0, 0);
    let mut elapsed = 0.0;
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
        // All readings must be long enough, at the speed that the code has by now. If not, it starts again with more runs.
        if least.iter().any(|&time| time < target) && runs < MAX_RUNS {
            runs *= 2;
            (least, readings, improved) = ([f64::INFINITY; N], 0, 0);
        }
    }
    least.map(|time| time / f64::from(runs))
}

/// The step in which a clock goes forward; `None` if it stands still.
fn tick(clock: &mut dyn FnMut() -> f64) -> Option<f64> {
    let mut next = |from: f64| (0..1 << 20).map(|_| clock()).find(|&time| time > from);
    let start = next(f64::NEG_INFINITY)?;
    let first = next(start)?;
    Some(next(first)? - first)
}

#[cfg(test)]
mod tests {
    use super::least_times;
    use std::cell::Cell;

    const LIMITS: [f64; 2] = [6.0, 60.0];

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
            let [a, b] = least_times(&mut clock, LIMITS, [&|| pass(0.02), &|| pass(0.01)]);
            assert!((1.6..=2.5).contains(&(a / b)), "tick {tick}: {a} and {b}");
            assert!((0.009..0.016).contains(&b), "tick {tick}: {b} for 0.01");
            assert!(now.get() < 400.0, "tick {tick}: took {}", now.get());
        }
    }

    #[test]
    fn a_clock_that_stands_still_ends() {
        let times = least_times(&mut || 0.0, LIMITS, [&|| (), &|| ()]);
        assert_eq!(times, [0.0; 2]);
    }
}
