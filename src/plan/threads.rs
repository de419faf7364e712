//! Threads that several plans share, one run at a time.

use super::team::{Team, Work};
use crate::error::Error;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

/// One or more threads that run plans. Clones share the same threads; dropping the last clone ends them.
#[derive(Clone, Debug)]
pub struct Threads {
    team: Arc<Mutex<Team>>,
    count: usize,
}

impl Threads {
    /// The calling thread alone.
    #[must_use]
    pub fn alone() -> Self {
        Self { team: Arc::new(Mutex::new(Team::alone())), count: 1 }
    }

    /// `count` threads, including the calling one.
    ///
    /// # Errors
    /// [`Error::Threads`] if `count` is not from 1 to [`MAX_THREADS`](super::MAX_THREADS), or the system can't start
    /// one.
    pub fn new(count: usize) -> Result<Self, Error> {
        Ok(Self { team: Arc::new(Mutex::new(Team::new(count)?)), count })
    }

    /// Number of threads, including the calling one.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// Does the steps `steps` of `work`. If another plan is running, waits until it is done.
    pub(crate) fn run(&self, work: &dyn Work, steps: Range<usize>) {
        // A poisoned lock is no problem: after a panic the team can run again.
        self.team.lock().unwrap_or_else(PoisonError::into_inner).run(work, steps);
    }
}
