//! Where a team's threads come from: the operating system, or the workers of a page.

#[cfg(not(all(target_arch = "wasm32", feature = "threads")))]
pub use system::{Thread, start};
#[cfg(all(target_arch = "wasm32", feature = "threads"))]
pub use workers::{Thread, enter, start};

/// The operating system's. WebAssembly without shared memory has none, and says so when one is started.
#[cfg(not(all(target_arch = "wasm32", feature = "threads")))]
mod system {
    use std::{io, thread};

    /// A running thread.
    pub struct Thread(thread::JoinHandle<()>);

    /// Starts a thread.
    pub fn start(body: impl FnOnce() + Send + 'static) -> io::Result<Thread> {
        thread::Builder::new().name("mobilenet".to_owned()).spawn(body).map(Thread)
    }

    impl Thread {
        /// Waits for its end.
        pub fn join(self) {
            // A panic has been reported where it happened.
            let _ = self.0.join();
        }
    }
}

/// A page's. WebAssembly can't start a worker: each thread waits for one that calls [`enter`].
#[cfg(all(target_arch = "wasm32", feature = "threads"))]
mod workers {
    use std::collections::VecDeque;
    use std::io;
    use std::sync::{Condvar, Mutex, PoisonError};

    type Body = Box<dyn FnOnce() + Send>;

    static QUEUE: Mutex<VecDeque<Body>> = Mutex::new(VecDeque::new());
    static QUEUED: Condvar = Condvar::new();

    /// A thread for which a worker has come or will come.
    pub struct Thread;

    /// Queues a thread.
    pub fn start(body: impl FnOnce() + Send + 'static) -> io::Result<Thread> {
        QUEUE.lock().unwrap_or_else(PoisonError::into_inner).push_back(Box::new(body));
        QUEUED.notify_one();
        Ok(Thread)
    }

    impl Thread {
        /// Returns at once: the thread may be one that no worker ever came for.
        pub fn join(self) {}
    }

    /// Makes the calling worker the next queued thread, once there is one; returns at its end.
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
