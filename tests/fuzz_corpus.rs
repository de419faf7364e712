//! Replays the fuzz targets' corpus without a fuzzer: no input panics, and none makes a reader allocate more than a few
//! times the file's length. See `fuzz/README.md`.
#![cfg(not(target_arch = "wasm32"))]

#[path = "../fuzz/src/lib.rs"]
#[expect(unused_imports, reason = "some of it is for who makes the corpus")]
mod fuzz;

use std::fs;
use std::path::Path;

use fuzz::memory::{self, Counting};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Calls `target` with every input in the target's folder.
fn replay(folder: &str, target: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(folder);
    let mut inputs = 0;
    for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{folder:?}: {error}")) {
        let path = entry.unwrap().path();
        // Names the input in the test's output, in case it panics.
        println!("{}", path.display());
        target(&fs::read(path).unwrap());
        inputs += 1;
    }
    assert!(inputs > 10, "{inputs} inputs in {folder:?}");
}

#[test]
fn checkpoints() {
    replay("checkpoint", fuzz::checkpoint);
}

#[test]
fn several_files() {
    replay("files", fuzz::files);
}

#[test]
fn configs() {
    replay("config", fuzz::config);
}

#[test]
fn networks() {
    replay("network", fuzz::network);
}

/// Allocations are counted at all; otherwise the bound would test nothing.
#[test]
fn allocations_are_counted() {
    let ((), peak) = memory::peak(|| {
        drop(std::hint::black_box(vec![0_u8; 3000]));
        let mut grown = std::hint::black_box(vec![0_u8; 1000]);
        grown.reserve_exact(1);
        drop(std::hint::black_box(grown));
    });
    assert_eq!(peak, 3000);
    let ((), peak) = memory::peak(|| drop(std::hint::black_box(Box::new([0_u8; 100]))));
    assert_eq!(peak, 100);
}
