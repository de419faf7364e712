//! How long a picture takes to become a network's input, beside V3-Small's run on one thread:
//! `cargo run --release --example preprocess`.

use std::time::Instant;

use mobilenet_wasm::arch::{Config, Network, Version};
use mobilenet_wasm::{Model, RgbaImage};

const RUNS: usize = 40;

/// The median of some runs, in milliseconds.
fn median(mut work: impl FnMut()) -> f64 {
    let mut times: Vec<f64> = (0..RUNS)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[RUNS / 2]
}

fn main() -> Result<(), mobilenet_wasm::Error> {
    let mut model = Model::untrained(Network::new(&Config::new(Version::V3Small))?, 1)?;
    for (width, height) in [(640, 480), (1280, 720), (1920, 1080), (4000, 3000)] {
        let pixels: Vec<u8> = (0..width * height * 4).map(|byte| (byte * 7 % 251) as u8).collect();
        let picture = RgbaImage::new(width, height, &pixels)?;
        let prepare = median(|| model.prepare(picture).expect("a whole picture"));
        let predict = median(|| drop(model.predict(5)));
        println!(
            "{width} x {height}: {prepare:.2} ms, {:.2} of V3-Small's {predict:.2} ms",
            prepare / predict
        );
    }
    Ok(())
}
