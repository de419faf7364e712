//! Compares trained networks on 8 bits with the same networks on floats, over crops of the photos of `../shared`.
//! `tests/int8.rs` does the same with random weights, which need no files.
#![cfg(not(target_arch = "wasm32"))]

#[path = "common/photos.rs"]
mod photos;
#[path = "common/skip.rs"]
mod skip;

use mobilenet_wasm::plan::{Precision, Threads};
use mobilenet_wasm::{LoadOptions, Model, RgbaImage};
use photos::Photo;
use std::fs;
use std::path::Path;

const NETWORKS: [&str; 5] = [
    "mobilenet_v1_1.0_224",
    "mobilenet_v1_0.25_224",
    "mobilenet_v2_1.0_224",
    "tf_mobilenetv3_small_100",
    "tf_mobilenetv3_large_minimal_100",
];

const PHOTOS: [&str; 5] = ["burger.jpg", "chelsea.png", "coffee.png", "hot_dog.jpg", "parrot.jpg"];

/// Crops of each photo.
const CROPS: usize = 60;

fn load(folder: &Path, precision: Precision) -> Model {
    let weights = fs::read(folder.join("model.safetensors")).expect("weights");
    let text = |name: &str| fs::read_to_string(folder.join(name)).ok();
    let (config, preprocessor) = (text("config.json"), text("preprocessor_config.json"));
    let options = LoadOptions { precision, ..LoadOptions::default() };
    Model::load_with(&weights.as_slice(), config.as_deref(), preprocessor.as_deref(), options)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
}

/// A random square of the photo. Its side is from a third of the photo's shorter side to all of it.
fn crop(photo: &Photo, rng: &mut fastrand::Rng) -> (usize, Vec<u8>) {
    let short = photo.width.min(photo.height);
    let side = rng.usize(short / 3..=short);
    let (left, top) = (rng.usize(0..=photo.width - side), rng.usize(0..=photo.height - side));
    let rows = (top..top + side)
        .flat_map(|y| photo.rgba[(y * photo.width + left) * 4..][..side * 4].iter().copied());
    (side, rows.collect())
}

/// At least 96 % of all crops get the same class, and 99 % of those whose two most probable classes differ by more than
/// 0.05. The probability of the most probable class changes by 0.02 at most on average.
#[test]
fn trained_networks_agree() {
    let Some(models) = skip::shared("trained_networks_agree", "models") else { return };
    let photos = PHOTOS.map(|name| photos::read(&models.join("../photos").join(name)));
    for name in NETWORKS {
        let [mut floats, mut bytes] =
            [Precision::F32, Precision::Int8].map(|precision| load(&models.join(name), precision));
        let threads = std::thread::available_parallelism().map_or(1, |count| count.get().min(4));
        let threads = Threads::new(threads).unwrap();
        for model in [&mut floats, &mut bytes] {
            model.set_threads(&threads).unwrap();
        }
        let mut rng = fastrand::Rng::with_seed(8);
        let (mut same, mut clear, mut same_clear, mut difference) = (0, 0, 0, 0.0);
        for photo in &photos {
            for _ in 0..CROPS {
                let (side, pixels) = crop(photo, &mut rng);
                let [expected, got] = [&mut floats, &mut bytes].map(|model| {
                    model.classify(RgbaImage::new(side, side, &pixels).unwrap(), 1000).unwrap()
                });
                let best = expected[0];
                let agrees = got[0].index == best.index;
                same += usize::from(agrees);
                if best.probability - expected[1].probability > 0.05 {
                    clear += 1;
                    same_clear += usize::from(agrees);
                }
                let other = got.iter().find(|other| other.index == best.index).unwrap();
                difference += f64::from((other.probability - best.probability).abs());
            }
        }
        assert!(clear >= 100, "{name}: {clear} crops have a clear class");
        let crops = photos.len() * CROPS;
        let share = |count: usize, of: usize| count as f64 / of as f64;
        let (same, same_clear) = (share(same, crops), share(same_clear, clear));
        let difference = difference / crops as f64;
        let found = format!(
            "{name}: {:.1} % of {crops} agree, {:.1} % of the {clear} clear ones, mean difference {difference:.4}",
            100.0 * same,
            100.0 * same_clear,
        );
        println!("{found}");
        assert!(same >= 0.96 && same_clear >= 0.99 && difference <= 0.02, "{found}");
    }
}
