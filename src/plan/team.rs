//! The threads that run a plan.
//!
//! They are woken once for a whole network, not once for each step: waking one takes 5 to 20 microseconds,
//! and V3-Small has some 90 steps in 2.6 milliseconds. All threads walk the same list of steps, take parts
//! of a step as they get to them, and meet at a barrier before the next one.

use super::barrier::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};

/// One thread or several.
pub struct Team {
    threads: usize,
    barrier: Barrier,
    /// How many parts of each step have been taken.
    taken: Vec<AtomicUsize>,
    /// All threads but the one that asks for a run.
    #[cfg(feature = "threads")]
    others: Option<rayon::ThreadPool>,
}

impl Team {
    /// The calling thread alone, for plans of `steps` steps.
    pub fn alone(steps: usize) -> Self {
        Self {
            threads: 1,
            barrier: Barrier::new(1),
            taken: (0..steps).map(|_| AtomicUsize::new(0)).collect(),
            #[cfg(feature = "threads")]
            others: None,
        }
    }

    /// `threads` threads, the calling one among them.
    #[cfg(feature = "threads")]
    pub fn new(steps: usize, threads: usize) -> Result<Self, crate::Error> {
        let others = (threads > 1).then(|| crate::threads::pool(threads - 1)).transpose()?;
        Ok(Self { threads, barrier: Barrier::new(threads), others, ..Self::alone(steps) })
    }

    /// How many threads there are.
    pub fn threads(&self) -> usize {
        self.threads
    }

    /// Calls `run(step, part)` once for each part of each step; `parts(step)` says how many there are.
    /// No step begins before the one ahead of it is done. The calling thread then calls `after(step)`.
    pub fn walk(
        &mut self,
        parts: impl Fn(usize) -> usize + Sync,
        run: impl Fn(usize, usize) + Sync,
        mut after: impl FnMut(usize),
    ) {
        for taken in &mut self.taken {
            *taken.get_mut() = 0;
        }
        let team = &*self;
        team.on_all(
            |after| {
                for (step, taken) in team.taken.iter().enumerate() {
                    let parts = parts(step);
                    loop {
                        // Which part a thread gets is all that this orders: the barrier orders the rest.
                        let part = taken.fetch_add(1, Ordering::Relaxed);
                        if part >= parts {
                            break;
                        }
                        run(step, part);
                    }
                    team.barrier.wait();
                    after(step);
                }
            },
            &mut after,
        );
    }

    /// Runs `body` on every thread, with `after` on the calling one and nothing in its place on others.
    fn on_all(&self, body: impl Fn(&mut dyn FnMut(usize)) + Sync, after: &mut dyn FnMut(usize)) {
        #[cfg(feature = "threads")]
        if let Some(others) = &self.others {
            others.in_place_scope(|scope| {
                scope.spawn_broadcast(|_, _| body(&mut |_| ()));
                body(after);
            });
            return;
        }
        body(after);
    }
}

impl std::fmt::Debug for Team {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Team").field("threads", &self.threads).finish_non_exhaustive()
    }
}
