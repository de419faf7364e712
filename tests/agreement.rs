//! Compares trained networks on 8 bits, and from folded files of 16 and of 8 bits, with the same networks on floats, over
//! crops of the photos of `../shared`. `tests/int8.rs` and `tests/networks.rs` do the same with random weights, which
//! need no files.
#![cfg(not(target_arch = "wasm32"))]

#[path = "common/photos.rs"]
mod photos;
#[path = "common/skip.rs"]
mod skip;

use mobilenet_wasm::classify::Prediction;
use mobilenet_wasm::plan::{Precision, Threads};
use mobilenet_wasm::weights::{Checkpoint, Storage};
use mobilenet_wasm::{Model, RgbaImage};
use photos::Photo;
use std::fs;
use std::path::Path;

const LIGHT: [&str; 2] = ["mobilenet_v1_0.25_224", "tf_mobilenetv3_small_100"];

const HEAVY: [&str; 3] =
    ["mobilenet_v1_1.0_224", "mobilenet_v2_1.0_224", "tf_mobilenetv3_large_minimal_100"];

const PHOTOS: [&str; 5] = ["burger.jpg", "chelsea.png", "coffee.png", "hot_dog.jpg", "parrot.jpg"];

/// Crops of each photo.
const CROPS: usize = 60;

/// What is compared with floats, and the least share of crops with the same class: of all, and of those whose two most
/// probable classes differ by more than 0.05.
type Bound = (Form, f64, f64);

const RUNS: [Bound; 1] = [(Form::Runs(Precision::Int8), 0.96, 0.99)];

const FOLDED: [Bound; 2] =
    [(Form::Folded(Storage::F16), 0.975, 0.99), (Form::Folded(Storage::Int8), 0.95, 0.98)];

#[derive(Clone, Copy, Debug)]
enum Form {
    /// The checkpoint, run with this precision.
    Runs(Precision),
    /// A folded file, run on floats.
    Folded(Storage),
}

fn load(folder: &Path, form: Form) -> Model {
    let weights = fs::read(folder.join("model.safetensors")).expect("weights");
    let text = |name: &str| fs::read_to_string(folder.join(name)).ok();
    let (config, preprocessor) = (text("config.json"), text("preprocessor_config.json"));
    let (config, preprocessor) = (config.as_deref(), preprocessor.as_deref());
    let source = weights.as_slice();
    let loaded = match form {
        Form::Runs(precision) => Model::load_with(&source, config, preprocessor, precision),
        Form::Folded(storage) => Checkpoint::open(&source, config, preprocessor)
            .and_then(|mut checkpoint| checkpoint.fold(storage))
            .and_then(|file| {
                println!("{}: {storage:?} has {} bytes", folder.display(), file.len());
                Model::load(&file.as_slice(), None, None)
            }),
    };
    loaded.unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
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

#[test]
fn trained_networks_agree() {
    compare("trained_networks_agree", &[&LIGHT[..], &HEAVY].concat(), RUNS);
}

#[test]
fn folded_networks_agree() {
    compare("folded_networks_agree", &LIGHT, FOLDED);
}

#[test]
#[ignore = "takes minutes: for the figures in the README"]
fn heavy_folded_networks_agree() {
    compare("heavy_folded_networks_agree", &HEAVY, FOLDED);
}

/// The crops get the same class as often as `bounds` say. The probability of the most probable class changes by 0.02 at
/// most on average.
fn compare<const N: usize>(test: &str, networks: &[&str], bounds: [Bound; N]) {
    let Some(models) = skip::shared(test, "models") else { return };
    let photos = PHOTOS.map(|name| photos::read(&models.join("../photos").join(name)));
    let threads = std::thread::available_parallelism().map_or(1, |count| count.get().min(4));
    let threads = Threads::new(threads).unwrap();
    let mut failed = Vec::new();
    for name in networks {
        let model = |form| {
            let mut model = load(&models.join(name), form);
            model.set_threads(&threads).unwrap();
            model
        };
        let mut floats = model(Form::Runs(Precision::F32));
        let mut others = bounds.map(|(form, ..)| (model(form), Tally::default()));
        let mut rng = fastrand::Rng::with_seed(8);
        for photo in &photos {
            for _ in 0..CROPS {
                let (side, pixels) = crop(photo, &mut rng);
                let picture = RgbaImage::new(side, side, &pixels).unwrap();
                let expected = floats.classify(picture, 1000).unwrap();
                for (model, tally) in &mut others {
                    tally.add(&expected, &model.classify(picture, 1000).unwrap());
                }
            }
        }
        for ((_, tally), (form, least, least_clear)) in others.iter().zip(bounds) {
            failed.extend(tally.check(&format!("{name}, {form:?}"), least, least_clear));
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
}

/// Counts crops.
#[derive(Default)]
struct Tally {
    all: usize,
    same: usize,
    /// Those whose two most probable classes differ by more than 0.05.
    clear: usize,
    same_clear: usize,
    /// The sum of the changes of the most probable class's probability.
    difference: f64,
}

impl Tally {
    fn add(&mut self, expected: &[Prediction], got: &[Prediction]) {
        let best = expected[0];
        let agrees = got[0].index == best.index;
        self.all += 1;
        self.same += usize::from(agrees);
        if best.probability - expected[1].probability > 0.05 {
            self.clear += 1;
            self.same_clear += usize::from(agrees);
        }
        let other = got.iter().find(|other| other.index == best.index).unwrap();
        self.difference += f64::from((other.probability - best.probability).abs());
    }

    /// The figures, if they are too low.
    fn check(&self, name: &str, least: f64, least_clear: f64) -> Option<String> {
        assert!(self.all >= 300 && self.clear >= 100, "{name}: {} clear crops", self.clear);
        let share = |count: usize, of: usize| count as f64 / of as f64;
        let (same, same_clear) = (share(self.same, self.all), share(self.same_clear, self.clear));
        let difference = self.difference / self.all as f64;
        let found = format!(
            "{name}: {:.1} % of {} agree, {:.1} % of the {} clear ones, mean difference {difference:.4}",
            100.0 * same,
            self.all,
            100.0 * same_clear,
            self.clear,
        );
        println!("{found}");
        (same < least || same_clear < least_clear || difference > 0.02).then_some(found)
    }
}
