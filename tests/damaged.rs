//! Truncated or damaged `.tflite` files, models of Keras, files of PyTorch and folded files give an error or finite
//! weights, never a panic, and no allocation that is large compared with the file. So do the files of a folder of which
//! some are damaged or missing. Native only: the measuring allocator needs its own test binary, so this file has one
//! test.
#![cfg(all(feature = "foreign", not(target_arch = "wasm32")))]

#[path = "common/archives.rs"]
mod archives;
#[path = "common/goldens.rs"]
#[expect(dead_code, reason = "the goldens' settings are for networks.rs")]
mod goldens;
#[path = "common/safetensors.rs"]
#[expect(dead_code, reason = "files are in other formats here")]
mod safetensors;

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use mobilenet_wasm::Error;
use mobilenet_wasm::weights::{Checkpoint, NamedFile, Storage, WeightSource};

/// The largest allocation.
static LARGEST: AtomicUsize = AtomicUsize::new(0);

struct Measuring;

// SAFETY: every call goes to `System` unchanged, and measuring neither allocates nor panics. `realloc` and
// `alloc_zeroed` have defaults that call `alloc`.
unsafe impl GlobalAlloc for Measuring {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LARGEST.fetch_max(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller promises what `System` requires.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above, and `pointer` comes from `System.alloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Measuring = Measuring;

/// Bytes that reading any file may allocate: the layers of a network that the graph is compared with.
const BASE: usize = 32 << 10;

const FILES: [(&str, &[u8]); 4] = [
    ("v1-0.1-u8", include_bytes!("goldens/tflite/v1-0.1-u8.tflite")),
    ("v2-like-f32", include_bytes!("goldens/tflite/v2-like-f32.tflite")),
    ("v3-like-f16", include_bytes!("goldens/tflite/v3-like-f16.tflite")),
    ("v3-like-i8", include_bytes!("goldens/tflite/v3-like-i8.tflite")),
];

const KERAS: [(&str, &[u8]); 2] = [
    ("sequential-keras3.keras", include_bytes!("goldens/keras/sequential-keras3.keras")),
    ("transfer-keras2.h5", include_bytes!("goldens/keras/transfer-keras2.h5")),
];

/// A file to damage.
struct Whole {
    name: &'static str,
    bytes: Vec<u8>,
    /// The names and lengths of the files that it consists of, one after another; empty if it is one file.
    parts: Vec<(String, usize)>,
    /// Where it is damaged: its first bytes.
    most: usize,
    rounds: usize,
}

/// The files of a folder as one to damage, in the first of them: weights of any value are weights.
fn loose(name: &'static str, files: &[(&str, &[u8])], rounds: usize) -> Whole {
    let parts = files.iter().map(|&(name, bytes)| (name.to_owned(), bytes.len())).collect();
    let bytes: Vec<u8> = files.iter().flat_map(|&(_, bytes)| bytes).copied().collect();
    Whole { name, most: files[0].1.len(), bytes, parts, rounds }
}

/// The files.
fn files() -> Vec<Whole> {
    let model = include_str!("goldens/keras/sequential-keras3.json");
    let weights = archives::weights(model, 3.0);
    let metadata = r#"{"labels": ["a", "b", "c", "d", "e"]}"#;
    let parts = [
        ("model.json", model.as_bytes()),
        ("group1-shard1of1.bin", &weights),
        ("metadata.json", metadata.as_bytes()),
    ];
    let pickle = include_bytes!("goldens/pytorch/timm-v1-0.25-160.pkl");
    let mut files = vec![
        ("Teachable Machine", archives::zip(&parts, false), usize::MAX, 400),
        ("Teachable Machine, deflated", archives::zip(&parts, true), usize::MAX, 200),
        // Its weights would take most of the time.
        ("PyTorch", archives::pth("timm-v1-0.25-160", pickle), pickle.len(), 60),
    ];
    let alone = [
        ("v1-keras2-listed", include_bytes!("goldens/keras/alone/v1-keras2-listed.z") as &[u8]),
        ("v1-keras2-placed", include_bytes!("goldens/keras/alone/v1-keras2-placed.z")),
    ];
    let model = include_str!("goldens/keras/v1-keras2.json");
    for (name, packed) in alone {
        files.push((name, archives::weights_alone(name, packed, model, 4.0), usize::MAX, 100));
    }
    let chunks = [
        ("gzip-shuffle.h5", include_bytes!("goldens/keras/chunks/gzip-shuffle.h5.z") as &[u8]),
        ("gzip-shuffle.keras", include_bytes!("goldens/keras/chunks/gzip-shuffle.keras.z")),
    ];
    for (name, packed) in chunks {
        let file = miniz_oxide::inflate::decompress_to_vec_zlib(packed).unwrap();
        files.push((name, file, usize::MAX, 200));
    }
    for (name, bytes) in KERAS {
        files.push((name, bytes.to_vec(), usize::MAX, 200));
    }
    files.extend(FILES.map(|(name, bytes)| (name, bytes.to_vec(), usize::MAX, 400)));
    for (name, (_, file), storage) in
        [("folded f16", FILES[1], Storage::F16), ("folded int8", FILES[2], Storage::Int8)]
    {
        let folded = Checkpoint::open(&file, None, None).unwrap().fold(storage).unwrap();
        // Most of the header is in the first quarter.
        let most = folded.len() / 4;
        files.push((name, folded, most, 400));
    }
    let whole = |(name, bytes, most, rounds): (_, Vec<u8>, usize, _)| {
        let most = most.min(bytes.len());
        Whole { name, bytes, parts: Vec::new(), most, rounds }
    };
    let mut files: Vec<Whole> = files.into_iter().map(whole).collect();
    files.push(loose("Teachable Machine, loose", &parts, 400));
    let storages = archives::pth_files("timm-v1-0.25-160", pickle);
    let storages: Vec<_> = storages.iter().map(|(name, bytes)| (&**name, &**bytes)).collect();
    files.push(loose("PyTorch, loose", &storages, 60));
    files
}

/// Opens a file or, if it has parts, the files of a folder, and reads every layer, as a plan does. A part of which nothing
/// is left is missing. Also returns the largest allocation.
fn load(bytes: &[u8], parts: &[(String, usize)]) -> (Result<(), Error>, usize) {
    let mut rest = bytes;
    let mut contents = Vec::new();
    for (name, length) in parts {
        let (content, others) = rest.split_at(rest.len().min(*length));
        rest = others;
        if !content.is_empty() {
            contents.push((&**name, content));
        }
    }
    let files: Vec<_> =
        contents.iter().map(|&(name, ref content)| NamedFile { name, source: content }).collect();
    LARGEST.store(0, Ordering::Relaxed);
    let result = (|| {
        let mut checkpoint = match parts {
            [] => Checkpoint::open(&bytes, None, None)?,
            _ => Checkpoint::open_files(&files, None, None)?,
        };
        let network = checkpoint.network().clone();
        for (site, conv) in network.sites() {
            let folded = checkpoint.conv(site, conv)?;
            assert_eq!(folded.weight.len(), conv.weight_count(), "{site}");
            assert_eq!(folded.bias.len(), conv.out_channels, "{site}");
            assert!(folded.weight.iter().chain(&folded.bias).all(|x| x.is_finite()), "{site}");
        }
        Ok(())
    })();
    (result, LARGEST.load(Ordering::Relaxed))
}

#[test]
fn damaged_files_give_errors() {
    let seed = 0x0074_666c_6974_6533;
    let mut random = fastrand::Rng::with_seed(seed);
    for Whole { name, bytes: file, parts, most: most_damaged, rounds } in files() {
        let file = &file[..];
        let (result, largest) = load(file, &parts);
        assert!(result.is_ok(), "{name}: {result:?}");
        println!("{name}: {} bytes, largest allocation {largest}", file.len());
        let mut errors = 0;
        let mut check = |what: String, bytes: &[u8]| {
            let (result, largest) = load(bytes, &parts);
            let most = 4 * bytes.len() + BASE;
            assert!(largest <= most, "{name}, {what}, seed {seed:x}: allocated {largest} bytes");
            if let Err(error) = result {
                let code = error.code();
                let known = ["BAD_WEIGHTS", "UNKNOWN_NETWORK", "BAD_CONFIG"].contains(&code);
                assert!(known, "{name}, {what}, seed {seed:x}: {code} {error}");
                errors += 1;
            }
        };
        for round in 0..rounds {
            let length = random.usize(..file.len());
            check(format!("cut to {length}"), &file[..length]);

            let mut damaged = file.to_vec();
            for _ in 0..random.usize(1..8) {
                damaged[random.usize(..most_damaged)] = random.u8(..);
            }
            check(format!("bytes of round {round}"), &damaged);

            // Offsets and lengths are aligned numbers of four bytes.
            let mut damaged = file.to_vec();
            for _ in 0..random.usize(1..4) {
                let place = 4 * random.usize(..most_damaged / 4);
                let old = u32::from_le_bytes(damaged[place..place + 4].try_into().unwrap());
                let number = match random.u8(..6) {
                    0 => 0,
                    1 => u32::MAX,
                    2 => i32::MAX as u32,
                    3 => file.len() as u32,
                    4 => old.wrapping_add(random.u32(..64)),
                    _ => old.wrapping_sub(random.u32(..64)),
                };
                damaged[place..place + 4].copy_from_slice(&number.to_le_bytes());
            }
            check(format!("numbers of round {round}"), &damaged);
        }
        let mut start = 0;
        for (index, (missing, length)) in parts.iter().enumerate() {
            let rest = [&file[..start], &file[start + length..]].concat();
            let others = [&parts[..index], &parts[index + 1..]].concat();
            start += length;
            let (result, _) = load(&rest, &others);
            let optional = missing == "metadata.json";
            assert_eq!(result.is_ok(), optional, "{name} without {missing}: {result:?}");
        }
        println!("{name}: {errors} of {} damaged files were refused", 3 * rounds);
        assert!(errors > rounds, "only {errors} damaged files of {name} were refused");
    }
}
