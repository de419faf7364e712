//! A global allocator that counts the bytes that are allocated.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    /// Bytes that this thread has allocated and not given back.
    static LIVE: Cell<isize> = const { Cell::new(0) };
    /// The most that it was since `peak` began.
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

/// The system's memory, counted for each thread.
pub struct Counting;

// SAFETY: every call goes to `System` unchanged, and counting neither allocates nor panics. `realloc` and
// `alloc_zeroed` have defaults that call `alloc`, so what grows counts twice while it is copied.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // A thread that ends has no counters any more.
        let _ = LIVE.try_with(|live| {
            live.set(live.get() + layout.size() as isize);
            let _ = PEAK.try_with(|peak| peak.set(peak.get().max(live.get())));
        });
        // SAFETY: the caller's promises are those that `System` asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        let _ = LIVE.try_with(|live| live.set(live.get() - layout.size() as isize));
        // SAFETY: as above; `alloc` gave `pointer`, from `System`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// What `run` gives, and the most bytes that it had allocated at a time. Needs [`Counting`] to be the global allocator.
pub fn peak<T>(run: impl FnOnce() -> T) -> (T, usize) {
    let before = LIVE.get();
    PEAK.set(before);
    let result = run();
    (result, (PEAK.get() - before).unsigned_abs())
}
