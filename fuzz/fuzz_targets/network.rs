#![no_main]

use libfuzzer_sys::fuzz_target;
use mobilenet_wasm_fuzz::network;

fuzz_target!(|input: &[u8]| network(input));
