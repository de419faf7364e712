//! The threads that run a plan.
//!
//! The threads wake once for a whole network, not for each step: a wake takes 5 to 20 microseconds, and V3-Small has
//! 70 steps in 2 milliseconds. One word of shared memory says which step is open and which of its parts are left. The
//! thread that finishes the last part opens the next step. So a late thread, whose core had other work, delays nobody:
//! it takes whatever part is next.
//!
//! Each thread takes parts from the same end of every step, half of the threads from either end. So a thread often
//! finds the rows or channels of its last step still in the cache of its core.

use crate::error::Error;
use crate::threads::{self, Thread};
use std::any::Any;
use std::hint::spin_loop;
use std::mem;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicPtr, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// The most threads of a team.
pub const MAX_THREADS: usize = 64;

/// Steps to do one after the other. The parts of a step may run at the same time.
pub trait Work: Sync {
    /// Number of parts of a step, from 1 to 65,535. Called once for each step, when it opens.
    fn parts(&self, step: usize) -> usize;

    /// Does one part of a step on the thread number `thread`; the calling thread is 0. Called once for each part, and
    /// only after the step before is done.
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

    /// `threads` threads, including the calling one.
    ///
    /// # Errors
    /// [`Error::Threads`] if the number is not from 1 to [`MAX_THREADS`], or the system can't start one.
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

    /// Number of threads.
    pub fn threads(&self) -> usize {
        1 + self.helpers.len()
    }

    /// Does the steps `steps` of `work`; returns when all are done.
    ///
    /// # Panics
    /// If `work` panics on any thread. The other parts of that step finish first, no later step starts, and the panic
    /// resumes in the caller. The team can run again.
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

/// Times that a waiting thread reads the word before it falls asleep: about 50 microseconds in WebAssembly. Most waits
/// are shorter, and falling asleep would take longer than the wait itself. In Miri, which runs the threads in turns, each
/// read takes time from the thread that is waited for.
const SPINS: usize = if cfg!(miri) { 20 } else { 40_000 };

/// The word between two runs, and when the team ends. No step has such a word: in both, what is left to take would begin
/// behind its end.
const IDLE: u64 = 1 << 16;
const QUIT: u64 = 2 << 16;

/// The word for `step` with the parts `left` to take.
const fn open(step: usize, left: Range<usize>) -> u64 {
    (step as u64) << 32 | (left.start as u64) << 16 | left.end as u64
}

/// The open step of a word.
const fn step_of(word: u64) -> usize {
    (word >> 32) as usize
}

/// The parts of the open step that no thread has taken.
const fn left_of(word: u64) -> Range<usize> {
    (word >> 16 & 0xffff) as usize..(word & 0xffff) as usize
}

/// Puts a value on its own cache line, so that threads that spin on the word are not slowed by writes to the counter.
#[repr(align(64))]
struct Line<T>(T);

/// The payload of a panic.
type Panic = Box<dyn Any + Send>;

struct Shared {
    /// See [`open`].
    word: Line<AtomicU64>,
    /// Parts of the open step that are not done.
    undone: Line<AtomicUsize>,
    /// One past the last step of this run; 0 after a panic, which ends the run after the open step.
    end: AtomicUsize,
    /// The run's work; valid while a part of it is not done.
    work: AtomicPtr<&'static dyn Work>,
    /// The panics of this run.
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
        // This stores only the address. `take` explains why the work lives long enough.
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
        // Payloads other than the first are dropped here, where a drop may panic.
        let first = panics.into_iter().next();
        if let Some(panic) = first {
            resume_unwind(panic);
        }
    }

    /// Opens `step` for all threads, or ends the run if [`Work::parts`] panics.
    fn open(&self, work: &dyn Work, step: usize) {
        match self.survive(|| work.parts(step)) {
            Some(parts) => {
                self.undone.0.store(parts, Ordering::Relaxed);
                self.publish(open(step, 0..parts));
            }
            None => self.publish(IDLE),
        }
    }

    /// Calls `f`. If it panics, keeps the panic, makes the run end after the open step, and returns `None`.
    fn survive<T>(&self, f: impl FnOnce() -> T) -> Option<T> {
        // `AssertUnwindSafe` holds: the run ends, so nobody uses the work again before the caller gets the panic.
        let panic = match catch_unwind(AssertUnwindSafe(f)) {
            Ok(value) => return Some(value),
            Err(panic) => panic,
        };
        // Every payload is kept, because dropping one may panic, and nothing may panic here.
        self.panics.lock().unwrap_or_else(PoisonError::into_inner).push(panic);
        self.end.store(0, Ordering::Relaxed);
        None
    }

    /// Takes parts of open steps until the team ends.
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

    /// Does one part of the open step, unless another thread changed the word first.
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
        // SAFETY: `run` stored the address before it published this part, and returns only after the part is counted as
        // done below. After that only the thread that counted the last part uses the work, and `run` goes on until that
        // thread has published the next word. A panic of the work changes none of this: `survive` stops the unwinding,
        // so its part is counted like any other, and `run` resumes the panic after the word is idle.
        let work = unsafe { *self.work.load(Ordering::Relaxed) };
        self.survive(|| work.run(step, part, thread));
        // Whoever takes a part of the next step sees all that any thread wrote in this one: the count acquires the
        // writes of the other threads, and publishing the word releases them.
        if self.undone.0.fetch_sub(1, Ordering::AcqRel) == 1 {
            let next = step + 1;
            if next < self.end.load(Ordering::Relaxed) {
                self.open(work, next);
            } else {
                self.publish(IDLE);
            }
        }
    }

    /// Sets the word and wakes sleeping threads.
    fn publish(&self, word: u64) {
        // Sequentially consistent, as in `wait`: either the sleeper sees this word, or this thread sees
        // the sleeper.
        self.word.0.store(word, Ordering::SeqCst);
        if self.sleepers.load(Ordering::SeqCst) > 0 {
            drop(self.lock.lock().unwrap_or_else(PoisonError::into_inner));
            self.wake.notify_all();
        }
    }

    /// Waits until the word changes from `word`.
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
    use super::{IDLE, QUIT, Team, Work, left_of, open, step_of};
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    use std::sync::{Barrier, mpsc};
    use std::thread::{self, ThreadId};
    use std::time::Duration;

    /// Counts how often each part ran, parts that ran before the step ahead was done, and calls after the run's end.
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
            // Gives the others time to finish the run, if they wrongly don't wait for this thread.
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

    /// Every part runs once per run, in the order of the steps, whether threads spin or sleep, and no thread uses the
    /// work after its run.
    #[test]
    fn every_part_runs_once_in_order_and_in_time() {
        let mut rng = fastrand::Rng::with_seed(3);
        // Miri, which finds data races, is far slower.
        let (most_threads, runs, most_steps) = if cfg!(miri) { (4, 10, 6) } else { (5, 400, 30) };
        for threads in 1..=most_threads {
            let mut team = Team::new(threads).unwrap();
            // Kept alive, so that a late access is counted and not undefined behaviour.
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
            // Each thread gets one part: none finishes its part before all have one.
            self.barrier.wait();
            if step == 1 && self.panicking.contains(&thread) {
                panic!("thread {thread}");
            }
            // Gives a caller that wrongly doesn't wait the time to return.
            thread::sleep(Duration::from_millis(1));
            self.done[step].fetch_add(1, Ordering::Relaxed);
        }
    }

    /// A plan of a file may have any number of steps. No word of a step is taken for the end of a run or of the team, not
    /// even when the last part was taken from the end, which leaves the parts 0 to 0.
    #[test]
    fn no_step_is_taken_for_an_end() {
        for step in (0xfff0..0x1_0010).chain([0, 1, 1 << 24, u32::MAX as usize]) {
            for left in [0..0, 1..1, 0..1, 2..2, 0xffff..0xffff] {
                let word = open(step, left.clone());
                assert!(![IDLE, QUIT].contains(&word), "step {step}, {left:?}");
                assert_eq!((step_of(word), left_of(word)), (step, left));
            }
        }
        assert!(left_of(IDLE).is_empty() && left_of(QUIT).is_empty());
    }

    /// Fails if `f` fails or doesn't end.
    fn in_a_minute(f: impl FnOnce() + Send + 'static) {
        let (ended, end) = mpsc::channel();
        thread::spawn(move || {
            f();
            ended.send(()).unwrap();
        });
        end.recv_timeout(Duration::from_secs(60)).expect("an end");
    }

    /// A panic in the caller, in helpers or in all of them ends the run after its step, reaches the caller, and leaves
    /// the team usable.
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

    /// Two threads do one part each of the first step; [`Work::parts`] panics for the second step.
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
            // The slow thread finishes last, so it opens the next step.
            if thread == self.slow {
                thread::sleep(Duration::from_millis(10));
            }
        }
    }

    /// A panic between two steps also reaches the caller and leaves the team usable.
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
