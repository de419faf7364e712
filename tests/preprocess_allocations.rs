//! A stream of frames of one size allocates nothing after the first frame. Native only: the counting allocator needs
//! its own test binary, so this file has one test.
#![cfg(not(target_arch = "wasm32"))]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use mobilenet_wasm::preprocess::{
    CropStart, Interpolation, Preprocessing, Preprocessor, RgbaImage,
};
use mobilenet_wasm::simd::NativeInts;

thread_local! {
    /// Number of allocations of this thread, since the test harness has its own threads.
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: every call goes to `System` unchanged. Counting touches a constant-initialised
// thread-local of a type without a destructor, which neither allocates nor panics. `realloc` and
// `alloc_zeroed` have defaults that call `alloc`.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller promises what `System` requires.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above, and `pointer` comes from `System.alloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn repeated_frame_sizes_allocate_nothing() {
    let allocations = |work: &mut dyn FnMut()| {
        let before = ALLOCATIONS.get();
        work();
        ALLOCATIONS.get() - before
    };
    let settings = Preprocessing {
        resize_short_side: 256,
        crop: 224,
        crop_start: CropStart::Even,
        interpolation: Interpolation::Bicubic,
        mean: [0.5; 3],
        std: [0.5; 3],
    };
    let mut preprocessor = Preprocessor::new(settings).unwrap();
    let mut output = vec![0.0; 224 * 224 * 3];
    let pixels = vec![100; 640 * 480 * 4];
    let wide = RgbaImage::new(640, 480, &pixels).unwrap();
    let tall = RgbaImage::new(480, 640, &pixels).unwrap();

    assert_ne!(allocations(&mut || preprocessor.run(wide, &mut output, 224 * 3)), 0);
    assert_eq!(allocations(&mut || preprocessor.run(wide, &mut output, 224 * 3)), 0);
    for first in [true, false] {
        let count = allocations(&mut || {
            let (bands, scratch) = preprocessor.bands(wide.into(), 3).unwrap();
            bands.rows::<NativeInts>(100..200, &mut scratch[2], &mut output, 224 * 3);
        });
        assert_eq!(count != 0, first, "working memory for two more threads");
    }
    assert_ne!(allocations(&mut || preprocessor.run(tall, &mut output, 224 * 3)), 0);
}
