//! Running a network allocates nothing, on one thread and on several, and a thread needs little memory. Native only:
//! the counting allocator needs its own test binary, so this file has one test.
#![cfg(not(target_arch = "wasm32"))]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::sleep;
use std::time::Duration;

use mobilenet_wasm::Model;
use mobilenet_wasm::arch::{Config, Network, Version};
use mobilenet_wasm::plan::Threads;

/// Number of allocations of all threads.
static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);
/// Bytes that are currently allocated.
static BYTES: AtomicUsize = AtomicUsize::new(0);

struct Counting;

// SAFETY: every call goes to `System` unchanged, and counting neither allocates nor panics. `realloc` and
// `alloc_zeroed` have defaults that call `alloc`.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        BYTES.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller promises what `System` requires.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        BYTES.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as above, and `pointer` comes from `System.alloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The most bytes of a thread besides its stack: 0.4 MiB.
const THREAD: usize = 4 * (1 << 20) / 10;

#[test]
fn runs_allocate_nothing_and_threads_little() {
    let input = vec![0.5; 224 * 224 * 3];
    for version in Version::ALL {
        let network = Network::new(&Config::new(version)).unwrap();
        let mut model = Model::untrained(network, 1).unwrap();
        assert_eq!(least_allocations(&mut model, &input), 0, "{version}, one thread");
        let alone = BYTES.load(Ordering::Relaxed);
        for threads in 2..=4 {
            model.set_threads(&Threads::new(threads).unwrap()).unwrap();
            assert_eq!(least_allocations(&mut model, &input), 0, "{version}, {threads} threads");
            let more = BYTES.load(Ordering::Relaxed) - alone;
            println!("{version}: {} bytes for each further thread", more / (threads - 1));
            assert!(more <= (threads - 1) * THREAD, "{version}, {threads} threads: {more} bytes");
        }
    }
}

/// The number of allocations in five runs, the least of several tries: a thread may start late, and allocates then.
fn least_allocations(model: &mut Model, input: &[f32]) -> usize {
    let mut least = usize::MAX;
    for _ in 0..20 {
        let before = ALLOCATIONS.load(Ordering::Relaxed);
        for _ in 0..5 {
            model.run(input).unwrap();
        }
        least = least.min(ALLOCATIONS.load(Ordering::Relaxed) - before);
        if least == 0 {
            break;
        }
        sleep(Duration::from_millis(50));
    }
    least
}
