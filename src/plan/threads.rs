//! Threads that several plans share, one run at a time.

use super::team::{Team, Work};
use crate::error::Error;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

/// One thread or several, which run whatever plan is run. Clones are the same threads; the last one ends them.
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

    /// `count` threads, the calling one among them.
    ///
    /// # Errors
    /// [`Error::Threads`] for none or more than [`MAX_THREADS`](super::MAX_THREADS), and when the system refuses.
    pub fn new(count: usize) -> Result<Self, Error> {
        Ok(Self { team: Arc::new(Mutex::new(Team::new(count)?)), count })
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// Does the steps `steps` of `work`; waits for a run that another plan has under way.
    pub(crate) fn run(&self, work: &dyn Work, steps: Range<usize>) {
        // A panic in a run leaves the team able to run again.
        self.team.lock().unwrap_or_else(PoisonError::into_inner).run(work, steps);
    }
}
