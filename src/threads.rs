//! Where a team's threads come from: the operating system, or the workers of a page.

use crate::error::Error;
use rayon::{ThreadPool, ThreadPoolBuilder};

/// A pool of `threads` threads.
///
/// WebAssembly cannot start a thread: there each of them waits for a worker that calls [`enter`].
///
/// # Errors
/// [`Error::Threads`] when the system refuses.
pub fn pool(threads: usize) -> Result<ThreadPool, Error> {
    let builder = ThreadPoolBuilder::new().num_threads(threads);
    #[cfg(target_arch = "wasm32")]
    let builder = builder.spawn_handler(entrance::queue);
    builder.build().map_err(|error| Error::Threads { threads, reason: error.to_string() })
}

#[cfg(target_arch = "wasm32")]
pub use entrance::enter;

#[cfg(target_arch = "wasm32")]
mod entrance {
    use rayon::ThreadBuilder;
    use std::collections::VecDeque;
    use std::io;
    use std::sync::{Condvar, Mutex, PoisonError};

    static QUEUE: Mutex<VecDeque<ThreadBuilder>> = Mutex::new(VecDeque::new());
    static QUEUED: Condvar = Condvar::new();

    /// Keeps a thread's work until a worker comes for it.
    pub fn queue(thread: ThreadBuilder) -> io::Result<()> {
        QUEUE.lock().unwrap_or_else(PoisonError::into_inner).push_back(thread);
        QUEUED.notify_one();
        Ok(())
    }

    /// Makes the calling worker a thread of a pool, once there is one, and returns when that pool ends.
    pub fn enter() {
        let mut queue = QUEUE.lock().unwrap_or_else(PoisonError::into_inner);
        let thread = loop {
            if let Some(thread) = queue.pop_front() {
                break thread;
            }
            queue = QUEUED.wait(queue).unwrap_or_else(PoisonError::into_inner);
        };
        drop(queue);
        thread.run();
    }
}
