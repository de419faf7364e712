//! Running a network allocates nothing, on one thread and on several, and a thread takes little memory. Native: the
//! counting allocator needs the test binary to itself, so this file holds one test.
#![cfg(not(target_arch = "wasm32"))]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::sleep;
use std::time::Duration;

use mobilenet_wasm::Model;
use mobilenet_wasm::arch::{Config, Network, Version};
use mobilenet_wasm::plan::Threads;

/// Allocations of all threads.
static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);
/// Bytes that are allocated.
static BYTES: AtomicUsize = AtomicUsize::new(0);

struct Counting;

// SAFETY: every call goes to `System` unchanged, and counting neither allocates nor panics. `realloc` and
// `alloc_zeroed` have defaults that call `alloc`.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        BYTES.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promises are those that `System` asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        BYTES.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as above; `alloc` gave `pointer`, from `System`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Bytes that a thread may take besides its stack: 0.4 MiB.
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

/// Allocations in five runs. Tries again some times: a thread allocates when it starts, which it may do late.
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
