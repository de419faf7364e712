//! The multiply-add rate of one core: what no kernel can exceed, for a profile to compare with.

use crate::simd::F32x4;
use std::hint::black_box;

/// Sums that are built side by side: a processor that begins two multiplications and two additions a
/// cycle, each of which takes three, has twelve under way, and with one more none waits. With the factor
/// and a product they fill the 15 registers that V8 has on x86-64.
const CHAINS: usize = 13;

/// Multiply-adds of each sum in one call: some 0.2 ms.
const LENGTH: usize = 1 << 17;

/// Calls between two readings of the clock: several ms, so that its ticks of up to 0.1 ms in a browser
/// matter little.
const CALLS: usize = 32;

/// Readings, of which the best counts. The first ones are of code that V8 has yet to optimise.
const READINGS: usize = 20;

/// Multiply-adds with the instruction set `V` in registers alone, at two operations for each lane, by a
/// `clock` of milliseconds. GFLOP/s, the best of some 0.1 s; infinite by a clock that stands still.
pub fn gflops<V: F32x4>(clock: &mut dyn FnMut() -> f64) -> f64 {
    const OPERATIONS: f64 = (CALLS * LENGTH * CHAINS * 4 * 2) as f64;
    let mut least = f64::INFINITY;
    for _ in 0..READINGS {
        let before = clock();
        for _ in 0..CALLS {
            black_box(multiply_add(V::splat(1.0), V::splat(black_box(-1e-9))));
        }
        least = least.min(clock() - before);
    }
    OPERATIONS / (least * 1e6)
}

/// Multiplies and adds a small `factor` so often to copies of `start`; gives their sum.
///
/// Each sum is its own multiplicand: a product of two constants would be moved out of the loop. A
/// function of its own, and a short one, since V8 replaces none by its optimised form while it runs.
#[inline(never)]
fn multiply_add<V: F32x4>(start: V, factor: V) -> V {
    let mut sums = [start; CHAINS];
    for _ in 0..LENGTH {
        for sum in &mut sums {
            *sum = sum.madd(*sum, factor);
        }
    }
    sums.into_iter().fold(factor, V::add)
}
