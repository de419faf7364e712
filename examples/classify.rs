//! Classifies a PNG or JPEG file on the command line:
//!
//! ```sh
//! cargo run --release --example classify -- PICTURE --weights FILE
//! ```
//!
//! FILE is a checkpoint in one file: `.safetensors`, `.tflite`, `.keras`, `.h5`, `.pth`, or a zip of Teachable Machine's.
//! A `config.json` and a `preprocessor_config.json` beside it count.

use mobilenet_wasm::{Model, RgbaImage};
use std::error::Error;
use std::fs::{self, File};
use std::io::BufReader;
use std::path::Path;
use std::time::Instant;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;

/// Width, height and RGBA pixels.
type Picture = (usize, usize, Vec<u8>);

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (["--weights", weights, picture] | [picture, "--weights", weights]) = arguments[..] else {
        return Err("usage: classify PICTURE --weights FILE".into());
    };

    let text = |name| fs::read_to_string(Path::new(weights).with_file_name(name)).ok();
    let (config, preprocessor) = (text("config.json"), text("preprocessor_config.json"));
    let file = fs::read(weights)?;
    let mut model = Model::load(&file.as_slice(), config.as_deref(), preprocessor.as_deref())?;

    let is_png = Path::new(picture).extension().is_some_and(|it| it.eq_ignore_ascii_case("png"));
    let (width, height, pixels) = if is_png { png(picture)? } else { jpeg(picture)? };
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

fn png(path: &str) -> Result<Picture, Box<dyn Error>> {
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

fn jpeg(path: &str) -> Result<Picture, Box<dyn Error>> {
    let options = DecoderOptions::default().jpeg_set_out_colorspace(ColorSpace::RGBA);
    let file = BufReader::new(File::open(path)?);
    let mut decoder = zune_jpeg::JpegDecoder::new_with_options(file, options);
    let pixels = decoder.decode()?;
    let (width, height) = decoder.dimensions().ok_or("the picture has no size")?;
    Ok((width, height, pixels))
}
