//! While a network loads, no copy of its file is made: beside the packed weights there is one layer at a time. Native only:
//! the counting allocator needs its own test binary, so this file has one test.
#![cfg(not(target_arch = "wasm32"))]

#[path = "common/counting.rs"]
#[expect(dead_code, reason = "the number of allocations is not looked at")]
mod counting;
#[path = "common/goldens.rs"]
#[expect(dead_code, reason = "nothing is run")]
mod goldens;
#[path = "common/safetensors.rs"]
mod safetensors;

use counting::{bytes, peak};
use goldens::Golden;
use mobilenet_wasm::Model;
use mobilenet_wasm::weights::{Checkpoint, Storage};

/// Names, shapes and the network itself. Bytes.
const TABLES: usize = 256 << 10;

#[test]
fn a_load_holds_one_layer_beside_the_packed_weights() {
    for name in ["timm-v1-1.0-96", "timm-v2-1.4-96", "timm-v4-conv-medium-1.0-96"] {
        let golden = Golden::named(name);
        let config = golden.config.to_string();
        let original = safetensors::file(&golden.tensors());
        let source = &original[..];
        let checkpoint = || Checkpoint::open(&source, Some(&config), None).unwrap();
        let floats = checkpoint().fold(Storage::F32).unwrap();
        let halves = checkpoint().fold(Storage::F16).unwrap();
        assert!(halves.len() * 100 < floats.len() * 51, "{name}: {} bytes", halves.len());
        let layers = checkpoint().network().sites().map(|(_, conv)| conv.weight_count()).max();
        let largest = layers.unwrap() * size_of::<f32>();
        for (file, config) in [(&original, Some(&*config)), (&floats, None), (&halves, None)] {
            let source = &file[..];
            let before = bytes();
            let (model, most) = peak(|| Model::load(&source, config, None).unwrap());
            let plan = model.plan().weight_bytes() + model.plan().activation_bytes();
            let left = bytes() - before;
            let length = file.len();
            println!(
                "{name}: {length} bytes; {most} at most, {left} left, the plan {plan}, a layer {largest}"
            );
            assert!(most <= plan + largest + TABLES, "{name}: {most} bytes, the plan {plan}");
            assert!(left <= plan + TABLES, "{name}: {left} bytes, the plan {plan}");
            assert!(largest + TABLES < length, "{name}: a copy of the file would not be seen");
        }
    }
}
