//! Threads for a team: those of the operating system, or the workers of a page.

#[cfg(not(all(target_arch = "wasm32", feature = "threads")))]
pub use system::{Thread, start};
#[cfg(all(target_arch = "wasm32", feature = "threads"))]
pub use workers::{Thread, enter, start};

/// Threads of the operating system. In WebAssembly without shared memory, starting one fails.
#[cfg(not(all(target_arch = "wasm32", feature = "threads")))]
mod system {
    use std::{io, thread};

    /// A running thread.
    pub struct Thread(thread::JoinHandle<()>);

    /// Starts a thread that runs `body`.
    pub fn start(body: impl FnOnce() + Send + 'static) -> io::Result<Thread> {
        thread::Builder::new().name("mobilenet".to_owned()).spawn(body).map(Thread)
    }

    impl Thread {
        /// Waits until the thread ends.
        pub fn join(self) {
            // The thread has already reported a panic.
            let _ = self.0.join();
        }
    }
}

/// The workers of a page. WebAssembly can't start a worker, so each thread waits until one calls [`enter`].
#[cfg(all(target_arch = "wasm32", feature = "threads"))]
mod workers {
    use std::collections::VecDeque;
    use std::io;
    use std::sync::{Condvar, Mutex, PoisonError};

    type Body = Box<dyn FnOnce() + Send>;

    static QUEUE: Mutex<VecDeque<Body>> = Mutex::new(VecDeque::new());
    static QUEUED: Condvar = Condvar::new();

    /// A queued thread, whether or not a worker runs it already.
    pub struct Thread;

    /// Queues `body` for the next worker that calls [`enter`].
    pub fn start(body: impl FnOnce() + Send + 'static) -> io::Result<Thread> {
        QUEUE.lock().unwrap_or_else(PoisonError::into_inner).push_back(Box::new(body));
        QUEUED.notify_one();
        Ok(Thread)
    }

    impl Thread {
        /// Returns at once, since perhaps no worker ever ran this thread.
        pub fn join(self) {}
    }

    /// Waits for a queued thread and runs it in the calling worker; returns when it ends.
    pub fn enter() {
        let mut queue = QUEUE.lock().unwrap_or_else(PoisonError::into_inner);
        let body = loop {
            if let Some(body) = queue.pop_front() {
                break body;
            }
            queue = QUEUED.wait(queue).unwrap_or_else(PoisonError::into_inner);
        };
        drop(queue);
        body();
    }
}
