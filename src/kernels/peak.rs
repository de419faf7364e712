//! Measures the peak multiply-add rate of one core, an upper limit to which a profile compares each kernel.

use crate::simd::F32x4;
use std::hint::black_box;

/// Independent sums. A processor that starts two multiplications and two additions per cycle, each with a latency of
/// three cycles, has twelve in flight; one more sum keeps all units busy. With the factor and a product, the sums fill
/// the 15 vector registers that V8 has on x86-64.
const CHAINS: usize = 13;

/// Multiply-adds of each sum in one call: about 0.2 ms.
const LENGTH: usize = 1 << 17;

/// Calls between two readings of the clock: several milliseconds, much longer than a browser's clock tick of up to
/// 0.1 ms.
const CALLS: usize = 32;

/// Number of readings; the best counts. V8 has not yet optimised the code in the first ones.
const READINGS: usize = 20;

/// Measures multiply-adds with the instruction set `V` that access no memory. Returns GFLOP/s at two operations per
/// lane. `clock` returns milliseconds; the measurement takes about 0.1 s. Infinite if the clock stands still.
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

/// Does [`LENGTH`] multiply-adds on each of [`CHAINS`] copies of `start`; returns their sum.
///
/// Each sum is its own multiplicand, because the compiler would move a product of two constants out of the loop. This
/// is a separate, short function, because V8 can't replace a function by its optimised code while it runs.
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
