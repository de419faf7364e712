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
use std::any::Any;
use std::hint::spin_loop;
use std::mem;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicPtr, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// The most threads that a team takes.
pub const MAX_THREADS: usize = 64;

/// Steps to be done one after the other, each made of parts that may be done at once.
pub trait Work: Sync {
    /// How many parts a step has: at least 1, less than 65,536. Called once for each step, when it is opened.
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
    ///
    /// # Panics
    /// If `work` panics, on whichever thread: the step's other parts are finished first, no later step is
    /// begun, and the panic goes on in the caller. The team can run again.
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

/// What a panic carries.
type Panic = Box<dyn Any + Send>;

struct Shared {
    /// See [`open`].
    word: Line<AtomicU64>,
    /// Parts of the open step that are not done.
    undone: Line<AtomicUsize>,
    /// The step behind the last one of this run; 0 after a panic, which ends the run with the open step.
    end: AtomicUsize,
    /// The run's work, as long as a part of it is not done.
    work: AtomicPtr<&'static dyn Work>,
    /// What the work panicked with in this run.
    panics: Mutex<Vec<Panic>>,
    sleepers: AtomicUsize,
    lock: Mutex<()>,
    wake: Condvar,
}

impl Default for Shared {
    fn default() -> Self {
        Self {
            word: Line(AtomicU64::new(IDLE)),
            undone: Line(AtomicUsize::new(0)),
            end: AtomicUsize::new(0),
            work: AtomicPtr::default(),
            panics: Mutex::default(),
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
        self.open(work, steps.start);
        loop {
            match self.word.0.load(Ordering::Acquire) {
                IDLE => break,
                word => self.take_or_wait(word, 0),
            }
        }
        let panics = mem::take(&mut *self.panics.lock().unwrap_or_else(PoisonError::into_inner));
        // The others are dropped here, where a panic of theirs may go on as well.
        let first = panics.into_iter().next();
        if let Some(panic) = first {
            resume_unwind(panic);
        }
    }

    /// Opens `step` for all threads, or ends the run if the step's parts can't be told.
    fn open(&self, work: &dyn Work, step: usize) {
        match self.survive(|| work.parts(step)) {
            Some(parts) => {
                self.undone.0.store(parts, Ordering::Relaxed);
                self.publish(open(step, 0..parts));
            }
            None => self.publish(IDLE),
        }
    }

    /// What `f` gives; `None` if it panics: the run then ends with the open step.
    fn survive<T>(&self, f: impl FnOnce() -> T) -> Option<T> {
        // The work is not looked at again: its run ends, and the caller gets the panic.
        let panic = match catch_unwind(AssertUnwindSafe(f)) {
            Ok(value) => return Some(value),
            Err(panic) => panic,
        };
        // Kept even if it is not the first: to drop it may panic as well, here where nothing may.
        self.panics.lock().unwrap_or_else(PoisonError::into_inner).push(panic);
        self.end.store(0, Ordering::Relaxed);
        None
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
        // A panic of the work changes none of this: `survive` keeps it from unwinding any thread, so its
        // part is counted like every other, and `run` lets it go on when the word says that all is over.
        let work = unsafe { *self.work.load(Ordering::Relaxed) };
        self.survive(|| work.run(step, part, thread));
        // What every thread wrote in this step is seen by whoever takes a part of the next one: this count
        // takes over from the other threads, and the word hands it on.
        if self.undone.0.fetch_sub(1, Ordering::AcqRel) == 1 {
            let next = step + 1;
            if next < self.end.load(Ordering::Relaxed) {
                self.open(work, next);
            } else {
                self.publish(IDLE);
            }
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
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    use std::sync::{Barrier, mpsc};
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
        // Miri, which finds data races, takes longer by far.
        let (most_threads, runs, most_steps) = if cfg!(miri) { (4, 10, 6) } else { (5, 400, 30) };
        for threads in 1..=most_threads {
            let mut team = Team::new(threads).unwrap();
            // Kept, so that whoever comes late finds them.
            let mut works = Vec::new();
            for run in 0..runs {
                let steps = rng.usize(0..most_steps);
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

    /// Three steps in which each thread does one part; some threads panic in the second.
    struct Panicking<'a> {
        threads: usize,
        panicking: &'a [usize],
        barrier: Barrier,
        done: [AtomicUsize; 3],
    }

    impl Work for Panicking<'_> {
        fn parts(&self, _: usize) -> usize {
            self.threads
        }

        fn run(&self, step: usize, _: usize, thread: usize) {
            // Nobody finishes a part before each thread has one.
            self.barrier.wait();
            if step == 1 && self.panicking.contains(&thread) {
                panic!("thread {thread}");
            }
            // Time for a caller that doesn't wait to be gone.
            thread::sleep(Duration::from_millis(1));
            self.done[step].fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Fails if `f` does, or if it waits for ever.
    fn in_a_minute(f: impl FnOnce() + Send + 'static) {
        let (ended, end) = mpsc::channel();
        thread::spawn(move || {
            f();
            ended.send(()).unwrap();
        });
        end.recv_timeout(Duration::from_secs(60)).expect("an end");
    }

    /// A panic, in the caller, in helpers or in all, ends the run with its step, reaches the caller, and
    /// leaves the team whole.
    #[test]
    fn a_panic_reaches_the_caller_and_the_team_goes_on() {
        in_a_minute(|| {
            let mut team = Team::new(3).unwrap();
            for panicking in [&[0][..], &[], &[2], &[1, 2], &[0, 1, 2], &[]] {
                let (barrier, done) = (Barrier::new(3), Default::default());
                let work = Panicking { threads: 3, panicking, barrier, done };
                let run = catch_unwind(AssertUnwindSafe(|| team.run(&work, 0..3)));
                let thread = run.err().map(|panic| panic.downcast::<String>().unwrap());
                let thread =
                    thread.map(|text| text.strip_prefix("thread ").unwrap().parse().unwrap());
                assert_eq!(thread.is_none(), panicking.is_empty());
                assert!(thread.is_none_or(|thread| panicking.contains(&thread)), "{thread:?}");
                let last = if panicking.is_empty() { 3 } else { 0 };
                let done = work.done.map(AtomicUsize::into_inner);
                assert_eq!(done, [3, 3 - panicking.len(), last]);
            }
        });
    }

    /// Two threads do a part each of the first step; the second can't say how many parts it has.
    struct Unknown {
        barrier: Barrier,
        slow: usize,
    }

    impl Work for Unknown {
        fn parts(&self, step: usize) -> usize {
            assert!(step == 0, "no step {step}");
            2
        }

        fn run(&self, _: usize, _: usize, thread: usize) {
            self.barrier.wait();
            // The other one leaves the next step to this one.
            if thread == self.slow {
                thread::sleep(Duration::from_millis(10));
            }
        }
    }

    /// So does a panic between two steps.
    #[test]
    fn a_panic_between_steps_reaches_the_caller_and_the_team_goes_on() {
        in_a_minute(|| {
            let mut team = Team::new(2).unwrap();
            for slow in [0, 1] {
                let work = Unknown { barrier: Barrier::new(2), slow };
                for (steps, fails) in [(0..2, true), (1..2, true), (0..1, false)] {
                    let run = catch_unwind(AssertUnwindSafe(|| team.run(&work, steps)));
                    assert_eq!(run.is_err(), fails);
                }
            }
        });
    }
}
