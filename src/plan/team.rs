//! The threads that run a plan.
//!
//! They are woken once for a whole network, not once for each step: a wake takes 5 to 20 microseconds, and
//! V3-Small has 70 steps in 2 milliseconds. One word of shared memory says which step is open and
//! which of its parts are left to take. Whoever finishes the last part opens the next step, so a thread
//! that comes late, since its core had other work, holds nobody up: it takes whatever part is next.
//!
//! Threads take parts from both ends, each always from the same one: so it meets again what is in its
//! core's cache, the rows or channels that it computed in the step before.

use crate::error::Error;
use crate::threads::{self, Thread};
use std::hint::spin_loop;
use std::ops::Range;
use std::sync::atomic::{AtomicPtr, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// The most threads that a team takes.
pub const MAX_THREADS: usize = 64;

/// Steps to be done one after the other, each made of parts that may be done at once.
pub trait Work: Sync {
    /// How many parts a step has: at least 1, less than 65,536.
    fn parts(&self, step: usize) -> usize;

    /// Does one part of a step, on the thread of that number, the calling one's being 0. Called once for
    /// each part, and for no part of a step before the step ahead of it is done.
    fn run(&self, step: usize, part: usize, thread: usize);
}

/// One thread or several.
pub struct Team {
    shared: Arc<Shared>,
    helpers: Vec<Thread>,
}

impl Team {
    /// The calling thread alone.
    pub fn alone() -> Self {
        Self { shared: Arc::default(), helpers: Vec::new() }
    }

    /// `threads` threads, the calling one among them.
    ///
    /// # Errors
    /// [`Error::Threads`].
    pub fn new(threads: usize) -> Result<Self, Error> {
        if !(1..=MAX_THREADS).contains(&threads) {
            let reason = format!("from 1 to {MAX_THREADS} are possible");
            return Err(Error::Threads { threads, reason });
        }
        let mut team = Self::alone();
        for thread in 1..threads {
            let shared = Arc::clone(&team.shared);
            let helper = threads::start(move || shared.help(thread))
                .map_err(|error| Error::Threads { threads, reason: error.to_string() })?;
            team.helpers.push(helper);
        }
        Ok(team)
    }

    /// How many threads there are.
    pub fn threads(&self) -> usize {
        1 + self.helpers.len()
    }

    /// Does the steps `steps` of `work`, and returns when all are done.
    pub fn run(&mut self, work: &dyn Work, steps: Range<usize>) {
        if !steps.is_empty() {
            self.shared.run(work, steps);
        }
    }
}

impl Drop for Team {
    fn drop(&mut self) {
        self.shared.publish(QUIT);
        for helper in self.helpers.drain(..) {
            helper.join();
        }
    }
}

impl std::fmt::Debug for Team {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Team").field("threads", &self.threads()).finish_non_exhaustive()
    }
}

/// Looks at the word before a thread falls asleep: some 50 microseconds in WebAssembly. Most waits are
/// shorter, and falling asleep for them would take longer than they do.
const SPINS: usize = 40_000;

/// What the word says between two runs, and at the end of all: steps that no plan has.
const IDLE: u64 = open(0xffff, 0..0);
const QUIT: u64 = open(0xfffe, 0..0);

/// The word for `step` with the parts `left` to take.
const fn open(step: usize, left: Range<usize>) -> u64 {
    (step as u64) << 32 | (left.start as u64) << 16 | left.end as u64
}

/// The step that the word says is open.
const fn step_of(word: u64) -> usize {
    (word >> 32) as usize
}

/// The parts of it that nobody has taken.
const fn left_of(word: u64) -> Range<usize> {
    (word >> 16 & 0xffff) as usize..(word & 0xffff) as usize
}

/// What each core writes is on a cache line of its own: the one that is looked at all the time, and the
/// one that is counted in.
#[repr(align(64))]
struct Line<T>(T);

struct Shared {
    /// See [`open`].
    word: Line<AtomicU64>,
    /// Parts of the open step that are done.
    done: Line<AtomicUsize>,
    /// The step behind the last one of this run.
    end: AtomicUsize,
    /// The run's work, as long as a part of it is not done.
    work: AtomicPtr<&'static dyn Work>,
    sleepers: AtomicUsize,
    lock: Mutex<()>,
    wake: Condvar,
}

impl Default for Shared {
    fn default() -> Self {
        Self {
            word: Line(AtomicU64::new(IDLE)),
            done: Line(AtomicUsize::new(0)),
            end: AtomicUsize::new(0),
            work: AtomicPtr::default(),
            sleepers: AtomicUsize::new(0),
            lock: Mutex::new(()),
            wake: Condvar::new(),
        }
    }
}

impl Shared {
    /// See [`Team::run`].
    fn run(&self, work: &dyn Work, steps: Range<usize>) {
        // Only the address: `take` says why it is good for long enough.
        self.work.store((&raw const work).cast_mut().cast(), Ordering::Relaxed);
        self.end.store(steps.end, Ordering::Relaxed);
        self.publish(open(steps.start, 0..work.parts(steps.start)));
        loop {
            match self.word.0.load(Ordering::Acquire) {
                IDLE => return,
                word => self.take_or_wait(word, 0),
            }
        }
    }

    /// Takes parts of whatever is open, until the team is no more.
    fn help(&self, thread: usize) {
        loop {
            match self.word.0.load(Ordering::Acquire) {
                QUIT => return,
                word => self.take_or_wait(word, thread),
            }
        }
    }

    fn take_or_wait(&self, word: u64, thread: usize) {
        if left_of(word).is_empty() {
            self.wait(word);
        } else {
            self.take(word, thread);
        }
    }

    /// Does one part of the open step, unless another thread was quicker.
    fn take(&self, word: u64, thread: usize) {
        let (step, mut left) = (step_of(word), left_of(word));
        let part = if thread.is_multiple_of(2) {
            left.start += 1;
            left.start - 1
        } else {
            left.end -= 1;
            left.end
        };
        let rest = open(step, left);
        if self.word.0.compare_exchange(word, rest, Ordering::AcqRel, Ordering::Relaxed).is_err() {
            return;
        }
        // SAFETY: `run` published the address before this part was there to be taken, and does not return
        // before it is done, which it isn't until it is counted below. Behind that only the thread that
        // counted the last part uses it, and the run goes on until that thread has said what comes next.
        let work = unsafe { *self.work.load(Ordering::Relaxed) };
        let (parts, end) = (work.parts(step), self.end.load(Ordering::Relaxed));
        work.run(step, part, thread);
        // What every thread wrote in this step is seen by whoever takes a part of the next one: this count
        // takes over from the other threads, and the word hands it on.
        if self.done.0.fetch_add(1, Ordering::AcqRel) + 1 == parts {
            self.done.0.store(0, Ordering::Relaxed);
            let next = step + 1;
            self.publish(if next == end { IDLE } else { open(next, 0..work.parts(next)) });
        }
    }

    /// Sets the word, and wakes those who sleep.
    fn publish(&self, word: u64) {
        // Sequentially consistent, as in `wait`: either the sleeper sees this word, or this thread sees
        // the sleeper.
        self.word.0.store(word, Ordering::SeqCst);
        if self.sleepers.load(Ordering::SeqCst) > 0 {
            drop(self.lock.lock().unwrap_or_else(PoisonError::into_inner));
            self.wake.notify_all();
        }
    }

    /// Waits until the word is not `word` any more.
    fn wait(&self, word: u64) {
        for _ in 0..SPINS {
            if self.word.0.load(Ordering::Relaxed) != word {
                return;
            }
            spin_loop();
        }
        let mut guard = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        self.sleepers.fetch_add(1, Ordering::SeqCst);
        while self.word.0.load(Ordering::SeqCst) == word {
            guard = self.wake.wait(guard).unwrap_or_else(PoisonError::into_inner);
        }
        self.sleepers.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::{Team, Work};
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    use std::thread::{self, ThreadId};
    use std::time::Duration;

    /// Counts how often each part ran, whether all of the step before had, and who came after the end.
    struct Counting {
        parts: Vec<Vec<AtomicUsize>>,
        slow: bool,
        caller: ThreadId,
        early: AtomicUsize,
        over: AtomicBool,
        late: AtomicUsize,
    }

    impl Counting {
        fn new(rng: &mut fastrand::Rng, steps: usize, slow: bool) -> Self {
            let parts = (0..steps)
                .map(|_| (0..rng.usize(1..20)).map(|_| AtomicUsize::new(0)).collect())
                .collect();
            let (early, late, over) = Default::default();
            Self { parts, slow, caller: thread::current().id(), early, over, late }
        }
    }

    impl Work for Counting {
        fn parts(&self, step: usize) -> usize {
            // Time for the others to finish the run, if they need not wait for this thread.
            if self.slow && thread::current().id() != self.caller {
                thread::sleep(Duration::from_micros(100));
            }
            self.late.fetch_add(usize::from(self.over.load(Ordering::SeqCst)), Ordering::Relaxed);
            self.parts[step].len()
        }

        fn run(&self, step: usize, part: usize, thread: usize) {
            if self.slow && (step * 7 + part + thread).is_multiple_of(40) {
                thread::sleep(Duration::from_micros(300));
            }
            let runs = 1 + self.parts[step][part].fetch_add(1, Ordering::Relaxed);
            let before = self.parts[..step].last().into_iter().flatten();
            let behind = before.filter(|count| count.load(Ordering::Relaxed) != runs).count();
            self.early.fetch_add(behind, Ordering::Relaxed);
        }
    }

    /// Every part runs once a run, in the order of the steps, whether the threads spin or sleep, and nobody
    /// looks at a work when its run is over.
    #[test]
    fn every_part_runs_once_in_order_and_in_time() {
        let mut rng = fastrand::Rng::with_seed(3);
        for threads in 1..=5 {
            let mut team = Team::new(threads).unwrap();
            // Kept, so that whoever comes late finds them.
            let mut works = Vec::new();
            for run in 0..400 {
                let steps = rng.usize(0..30);
                let work = Box::new(Counting::new(&mut rng, steps, run % 20 == 0));
                let repeats = rng.usize(1..4);
                for _ in 0..repeats {
                    team.run(&*work, 0..steps);
                }
                work.over.store(true, Ordering::SeqCst);
                let counts = work.parts.iter().flatten().map(|count| count.load(Ordering::Relaxed));
                assert!(counts.into_iter().all(|count| count == repeats), "{threads} threads");
                assert_eq!(work.early.load(Ordering::Relaxed), 0, "{threads} threads");
                works.push(work);
                if run % 100 == 99 {
                    thread::sleep(Duration::from_millis(2));
                }
            }
            drop(team);
            let late: usize = works.iter().map(|work| work.late.load(Ordering::Relaxed)).sum();
            assert_eq!(late, 0, "{threads} threads");
        }
    }
}
