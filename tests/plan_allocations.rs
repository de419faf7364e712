//! Running a network allocates nothing, on one thread and on several, and a thread needs little memory. Native only:
//! the counting allocator needs its own test binary, so this file has one test.
#![cfg(not(target_arch = "wasm32"))]

#[path = "common/counting.rs"]
#[expect(dead_code, reason = "a peak is not looked at")]
mod counting;

use std::thread::sleep;
use std::time::Duration;

use counting::{allocations, bytes};
use mobilenet_wasm::Model;
use mobilenet_wasm::arch::{Config, Network, Version};
use mobilenet_wasm::plan::{Precision, Threads};

/// The most bytes of a thread besides its stack: 0.4 MiB.
const THREAD: usize = 4 * (1 << 20) / 10;

#[test]
fn runs_allocate_nothing_and_threads_little() {
    let input = vec![0.5; 224 * 224 * 3];
    for (version, precision) in Version::ALL
        .map(|version| (version, Precision::F32))
        .into_iter()
        .chain(Version::ALL.map(|version| (version, Precision::Int8)))
    {
        let network = Network::new(&Config::new(version)).unwrap();
        let mut model = Model::untrained_with(network, 1, precision).unwrap();
        let name = format!("{version}, {}", precision.name());
        assert_eq!(model.plan().precision(), precision, "{name}");
        assert_eq!(least_allocations(&mut model, &input), 0, "{name}, one thread");
        let alone = bytes();
        for threads in 2..=4 {
            model.set_threads(&Threads::new(threads).unwrap()).unwrap();
            assert_eq!(least_allocations(&mut model, &input), 0, "{name}, {threads} threads");
            let more = bytes() - alone;
            println!("{name}: {} bytes for each further thread", more / (threads - 1));
            assert!(more <= (threads - 1) * THREAD, "{name}, {threads} threads: {more} bytes");
        }
    }
}

/// The number of allocations in five runs, the least of several tries: a thread may start late, and allocates then.
fn least_allocations(model: &mut Model, input: &[f32]) -> usize {
    let mut least = usize::MAX;
    for _ in 0..20 {
        let before = allocations();
        for _ in 0..5 {
            model.run(input).unwrap();
        }
        least = least.min(allocations() - before);
        if least == 0 {
            break;
        }
        sleep(Duration::from_millis(50));
    }
    least
}
