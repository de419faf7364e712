//! Made-up pictures, as the golden scripts make them too.

use super::goldens;
use mobilenet_wasm::preprocess::Preprocessing;

/// The picture of `seed`: RGB bytes of `side` x `side` pixels, in squares of 8 x 8 equal pixels. `make_keras.py` and both
/// `make_tflite.py` make the same.
pub fn picture(seed: &str, side: usize) -> Vec<u8> {
    let blocks = side / 8;
    let values: Vec<u8> =
        goldens::uniform(seed, blocks * blocks * 3).map(|value| (256.0 * value) as u8).collect();
    let at = |y: usize, x: usize, c: usize| values[(y / 8 * blocks + x / 8) * 3 + c];
    (0..side * side * 3).map(|i| at(i / 3 / side, i / 3 % side, i % 3)).collect()
}

/// A picture's bytes as a network's input, without resizing.
pub fn normalised(bytes: &[u8], preprocessing: &Preprocessing) -> Vec<f32> {
    let value = |(i, &byte): (usize, &u8)| {
        (f32::from(byte) / 255.0 - preprocessing.mean[i % 3]) / preprocessing.std[i % 3]
    };
    bytes.iter().enumerate().map(value).collect()
}
