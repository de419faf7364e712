//! A valid network that needs too much memory is an error with the number of bytes. Native only: the limiting allocator
//! needs its own test binary.
#![cfg(not(target_arch = "wasm32"))]

use std::alloc::{GlobalAlloc, Layout, System};

use mobilenet_wasm::arch::{Block, Config, Conv, ConvKind, Network, Version};
use mobilenet_wasm::{Error, Model};

/// An allocator that refuses more than a quarter of a gigabyte at a time. The system's allocator may promise memory
/// that it doesn't have.
struct Small;

// SAFETY: every call goes to `System` unchanged, or fails as an allocator may. `realloc` and `alloc_zeroed` have
// defaults that call `alloc`.
unsafe impl GlobalAlloc for Small {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.size() > 1 << 28 {
            return std::ptr::null_mut();
        }
        // SAFETY: the caller promises what `System` requires.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above, and `pointer` comes from `System.alloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Small = Small;

fn untrained(network: Network) -> Option<u64> {
    match Model::untrained(network, 1) {
        Ok(_) => None,
        Err(error) => {
            assert_eq!(error.code(), "OUT_OF_MEMORY", "{error}");
            let Error::OutOfMemory { bytes } = error else { panic!("{error:?}") };
            Some(bytes)
        }
    }
}

#[test]
fn the_largest_classifiers() {
    let config = |width, classes| Config { width, classes, ..Config::new(Version::V2) };
    for (width, classes, bytes) in [
        (1.0, 1000, None),
        (1.4, 65_536, Some(1792 * 65_536 * 4)),
        (4.0, 65_536, Some(5120 * 65_536 * 4)),
    ] {
        let network = Network::new(&config(width, classes)).unwrap();
        assert_eq!(untrained(network), bytes, "width {width}, {classes} classes");
    }
    // The largest weights that a valid network may have: their bytes don't fit in 32 bits.
    let mut network = Network::new(&Config::new(Version::V4ConvSmall)).unwrap();
    let largest = Conv {
        kind: ConvKind::Convolution,
        kernel: 3,
        in_channels: 16_384,
        out_channels: 16_384,
        ..network.blocks[0].project
    };
    let wide = Conv { in_channels: 32, kernel: 1, kind: ConvKind::Pointwise, stride: 1, ..largest };
    let alone = Block {
        start: None,
        expand: None,
        depthwise: None,
        squeeze_excite: None,
        residual: false,
        project: wide,
    };
    assert_eq!(network.stem.out_channels, 32);
    network.blocks = vec![alone, Block { project: largest, ..alone }];
    network.last.as_mut().unwrap().in_channels = 16_384;
    assert_eq!(network.parameters() >> 30, 2);
    assert_eq!(untrained(network), Some(9 * 16_384 * 16_384 * 4));
}

/// Maps that are too large, of layers with few weights.
#[test]
fn the_largest_maps() {
    let mut network = Network::new(&Config::new(Version::V1)).unwrap();
    let wide = 16_384;
    network.stem.out_channels = wide;
    network.blocks.truncate(1);
    network.blocks[0].depthwise.as_mut().unwrap().in_channels = wide;
    network.blocks[0].depthwise.as_mut().unwrap().out_channels = wide;
    network.blocks[0].project.in_channels = wide;
    network.classifier.in_channels = network.blocks[0].project.out_channels;
    let bytes = untrained(network).expect("two maps of 0.8 gigabytes");
    let maps = 2 * 112 * 112 * 16_384 * 4;
    assert!((maps..maps + maps / 10).contains(&bytes), "{bytes}");
}
