//! Where the threads of a team wait for each other.

use std::hint::spin_loop;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};

/// Looks at the barrier before a thread goes to sleep: 20 to 50 microseconds, longer than most threads lag
/// behind, shorter than a processor that has other work should be kept from it.
const SPINS: usize = 20_000;

/// A barrier for a fixed number of threads, to be passed again and again. Steps of a network take
/// microseconds, less than a thread needs to fall asleep and be woken: whoever waits looks on for a
/// while first.
pub struct Barrier {
    threads: usize,
    arrived: AtomicUsize,
    /// How often all have arrived.
    passed: AtomicUsize,
    sleepers: AtomicUsize,
    lock: Mutex<()>,
    wake: Condvar,
}

impl Barrier {
    pub const fn new(threads: usize) -> Self {
        Self {
            threads,
            arrived: AtomicUsize::new(0),
            passed: AtomicUsize::new(0),
            sleepers: AtomicUsize::new(0),
            lock: Mutex::new(()),
            wake: Condvar::new(),
        }
    }

    /// Returns when all threads have called it. What they wrote before is then seen by all.
    pub fn wait(&self) {
        let round = self.passed.load(Ordering::Acquire);
        if self.arrived.fetch_add(1, Ordering::AcqRel) + 1 == self.threads {
            self.arrived.store(0, Ordering::Relaxed);
            // Sequentially consistent, as are the sleeper's two operations below: either the sleeper
            // sees this number or this thread sees the sleeper.
            self.passed.store(round.wrapping_add(1), Ordering::SeqCst);
            if self.sleepers.load(Ordering::SeqCst) > 0 {
                drop(self.lock.lock().unwrap_or_else(PoisonError::into_inner));
                self.wake.notify_all();
            }
            return;
        }
        for _ in 0..SPINS {
            if self.passed.load(Ordering::Acquire) != round {
                return;
            }
            spin_loop();
        }
        let mut guard = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        self.sleepers.fetch_add(1, Ordering::SeqCst);
        while self.passed.load(Ordering::SeqCst) == round {
            guard = self.wake.wait(guard).unwrap_or_else(PoisonError::into_inner);
        }
        self.sleepers.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::Barrier;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;
    use std::time::Duration;

    /// Nobody passes before all have arrived, whether they spin or sleep.
    #[test]
    fn all_pass_together() {
        const THREADS: usize = 4;
        let barrier = Barrier::new(THREADS);
        let arrivals = AtomicUsize::new(0);
        thread::scope(|scope| {
            for thread in 0..THREADS {
                let (barrier, arrivals) = (&barrier, &arrivals);
                scope.spawn(move || {
                    for round in 1..=2000 {
                        if round % 200 == thread {
                            thread::sleep(Duration::from_millis(1));
                        }
                        arrivals.fetch_add(1, Ordering::Relaxed);
                        barrier.wait();
                        assert!(arrivals.load(Ordering::Relaxed) >= round * THREADS);
                        barrier.wait();
                    }
                });
            }
        });
        assert_eq!(arrivals.into_inner(), 2000 * THREADS);
    }
}
