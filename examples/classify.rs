//! Classifies a PNG file on the command line:
//!
//! ```sh
//! cargo run --release --example classify -- FOLDER PICTURE.png
//! ```
//!
//! FOLDER holds `model.safetensors`, and `config.json` and `preprocessor_config.json` where the
//! checkpoint came with them.

use mobilenet_wasm::{Model, RgbaImage};
use std::error::Error;
use std::fs::{self, File};
use std::io::BufReader;
use std::path::Path;
use std::time::Instant;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, picture] = arguments.as_slice() else {
        return Err("usage: classify FOLDER PICTURE.png".into());
    };

    let folder = Path::new(folder);
    let weights = fs::read(folder.join("model.safetensors"))?;
    let text = |name: &str| fs::read_to_string(folder.join(name)).ok();
    let (config, preprocessor) = (text("config.json"), text("preprocessor_config.json"));
    let mut model = Model::load(&weights.as_slice(), config.as_deref(), preprocessor.as_deref())?;

    let (width, height, pixels) = read_png(picture)?;
    let start = Instant::now();
    let predictions = model.classify(RgbaImage::new(width, height, &pixels)?, 5)?;
    println!("{:.1} ms", start.elapsed().as_secs_f64() * 1e3);

    let imagenet: Vec<String> = serde_json::from_str(include_str!("../pkg/labels.json"))?;
    let labels = model.labels().unwrap_or(&imagenet);
    for prediction in predictions {
        let label = labels.get(prediction.index).map_or("?", String::as_str);
        println!("{:6.3}  {label}", prediction.probability);
    }
    Ok(())
}

/// Width, height and RGBA pixels.
fn read_png(path: &str) -> Result<(usize, usize, Vec<u8>), Box<dyn Error>> {
    use png::{ColorType, Transformations};
    let mut decoder = png::Decoder::new(BufReader::new(File::open(path)?));
    decoder.set_transformations(Transformations::normalize_to_color8() | Transformations::ALPHA);
    let mut reader = decoder.read_info()?;
    let mut pixels = vec![0; reader.output_buffer_size().ok_or("the picture is too large")?];
    let info = reader.next_frame(&mut pixels)?;
    pixels.truncate(info.buffer_size());
    if info.color_type == ColorType::GrayscaleAlpha {
        let rgba = |grey: &[u8]| [grey[0], grey[0], grey[0], grey[1]];
        pixels = pixels.chunks_exact(2).flat_map(rgba).collect();
    }
    Ok((info.width as usize, info.height as usize, pixels))
}
