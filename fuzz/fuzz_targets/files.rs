#![no_main]

use libfuzzer_sys::fuzz_target;
use mobilenet_wasm_fuzz::{files, memory};

#[global_allocator]
static ALLOCATOR: memory::Counting = memory::Counting;

fuzz_target!(|input: &[u8]| files(input));
