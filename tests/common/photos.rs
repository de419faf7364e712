//! The photos of `../shared/photos`, for native tests. Use it as
//! `#[path = "common/photos.rs"] mod photos;` below `#[cfg(not(target_arch = "wasm32"))]`.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;

/// A decoded picture.
pub struct Photo {
    /// Pixels per row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Four bytes per pixel, alpha 255, rows from top to bottom.
    pub rgba: Vec<u8>,
}

/// Reads a PNG or JPEG file of 8-bit RGB.
///
/// # Panics
/// If the file can't be read, which fails the test.
pub fn read(path: &Path) -> Photo {
    let (width, height, rgb) = match path.extension().and_then(|extension| extension.to_str()) {
        Some("png") => read_png(path),
        Some("jpg") => read_jpeg(path),
        _ => panic!("{}: neither .png nor .jpg", path.display()),
    };
    assert_eq!(rgb.len(), width * height * 3, "{}: not 8-bit RGB", path.display());
    let rgba = rgb.chunks_exact(3).flat_map(|pixel| [pixel[0], pixel[1], pixel[2], 255]).collect();
    Photo { width, height, rgba }
}

fn open(path: &Path) -> BufReader<File> {
    BufReader::new(File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

fn read_png(path: &Path) -> (usize, usize, Vec<u8>) {
    let mut reader = png::Decoder::new(open(path)).read_info().expect("a PNG file");
    let mut rgb = vec![0; reader.output_buffer_size().expect("a picture that fits memory")];
    let info = reader.next_frame(&mut rgb).expect("a whole PNG file");
    rgb.truncate(info.buffer_size());
    (info.width as usize, info.height as usize, rgb)
}

fn read_jpeg(path: &Path) -> (usize, usize, Vec<u8>) {
    let options = DecoderOptions::default().jpeg_set_out_colorspace(ColorSpace::RGB);
    let mut decoder = zune_jpeg::JpegDecoder::new_with_options(open(path), options);
    let rgb = decoder.decode().expect("a JPEG file");
    let (width, height) = decoder.dimensions().expect("known after decoding");
    (width, height, rgb)
}
