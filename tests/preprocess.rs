//! Compares the preprocessing with timm, torchvision, transformers and Pillow. `tests/goldens/preprocess/make.py` makes
//! the goldens.

use mobilenet_wasm::plan::Threads;
use mobilenet_wasm::preprocess::{
    CropStart, Interpolation, Layout, MAX_IMAGE_SIDE, Matrix, PicturePart, Preprocessing,
    Preprocessor, Rect, ResizeCache, RgbaImage, Yuv,
};
use mobilenet_wasm::simd::{NativeInts, ScalarInts};
use wasm_bindgen_test::wasm_bindgen_test;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_dedicated_worker);

#[cfg(not(target_arch = "wasm32"))]
#[path = "common/photos.rs"]
mod photos;
#[cfg(not(target_arch = "wasm32"))]
#[path = "common/skip.rs"]
mod skip;

/// One record of make.py.
struct Golden {
    name: String,
    width: usize,
    height: usize,
    seed: u32,
    settings: Preprocessing,
    step: usize,
    picture_checksum: u32,
    crop_checksum: u32,
    samples: Vec<u8>,
}

fn read_goldens(mut bytes: &[u8]) -> Vec<Golden> {
    fn take<'a>(bytes: &mut &'a [u8], count: usize) -> &'a [u8] {
        bytes.split_off(..count).expect("a whole record")
    }
    let mut goldens = Vec::new();
    while !bytes.is_empty() {
        let name_length = take(&mut bytes, 1)[0];
        let name = take(&mut bytes, usize::from(name_length)).to_vec();
        let mut number = || u32::from_le_bytes(take(&mut bytes, 4).try_into().unwrap());
        let [width, height, seed, short, crop] = std::array::from_fn(|_| number());
        let [library, filter, step, picture_checksum, crop_checksum] =
            std::array::from_fn(|_| number());
        let per_side = crop.div_ceil(step) as usize;
        goldens.push(Golden {
            name: String::from_utf8(name).unwrap(),
            width: width as usize,
            height: height as usize,
            seed,
            settings: Preprocessing {
                resize_short_side: short as usize,
                crop: crop as usize,
                crop_start: match library {
                    0 => CropStart::Even,
                    1 => CropStart::First,
                    other => panic!("library {other}"),
                },
                interpolation: match filter {
                    2 => Interpolation::Bilinear,
                    3 => Interpolation::Bicubic,
                    other => panic!("filter {other}"),
                },
                // With this normalisation the output is the byte / 255.
                mean: [0.0; 3],
                std: [1.0; 3],
            },
            step: step as usize,
            picture_checksum,
            crop_checksum,
            samples: take(&mut bytes, per_side * per_side * 3).to_vec(),
        });
    }
    goldens
}

/// The same picture as `synthetic` of make.py.
fn synthetic(width: usize, height: usize, seed: u32) -> Vec<u8> {
    let mut rgba = Vec::with_capacity(width * height * 4);
    for y in 0..height as u32 {
        for x in 0..width as u32 {
            for c in 0..4u32 {
                let mut noise = x.wrapping_mul(0x9E37_79B1)
                    ^ y.wrapping_mul(0x85EB_CA77)
                    ^ c.wrapping_mul(0xC2B2_AE3D)
                    ^ seed.wrapping_mul(0x27D4_EB2F);
                noise ^= noise >> 15;
                noise = noise.wrapping_mul(0x2C1B_3C6D);
                noise ^= noise >> 12;
                let ramp = x * 7 + y * 5 + c * 50;
                rgba.push(if (x / 5 + y / 3) % 3 == 0 { noise } else { ramp } as u8);
            }
        }
    }
    rgba
}

/// The checksum of zlib.
fn adler32(bytes: &[u8]) -> u32 {
    let (mut a, mut b) = (1, 0);
    for &byte in bytes {
        a = (a + u32::from(byte)) % 65521;
        b = (b + a) % 65521;
    }
    b << 16 | a
}

/// The crop, `crop` x `crop` x 3 values without gaps.
fn prepare(settings: &Preprocessing, width: usize, height: usize, rgba: &[u8]) -> Vec<f32> {
    let row = settings.crop * 3;
    let mut output = vec![f32::NAN; settings.crop * row];
    let image = RgbaImage::new(width, height, rgba).unwrap();
    Preprocessor::new(settings.clone()).unwrap().run(image, &mut output, row);
    output
}

/// How an output, made without normalisation, differs from a golden's samples, in units of 1/255.
#[derive(Default)]
struct Difference {
    count: usize,
    equal: usize,
    within_1: usize,
    max: f32,
}

impl Difference {
    fn between(golden: &Golden, output: &[f32]) -> Self {
        let mut all = Self::default();
        let mut samples = golden.samples.iter();
        let rows = output.chunks_exact(golden.settings.crop * 3);
        for row in rows.step_by(golden.step) {
            for pixel in row.chunks_exact(3).step_by(golden.step) {
                for (&value, &sample) in pixel.iter().zip(&mut samples) {
                    let difference = (value * 255.0 - f32::from(sample)).abs();
                    assert!(difference.is_finite());
                    // The tolerance of 0.001 is only for rounding: f32 stores a byte / 255 to a ten-millionth.
                    all.count += 1;
                    all.equal += usize::from(difference < 0.001);
                    all.within_1 += usize::from(difference < 1.001);
                    all.max = all.max.max(difference);
                }
            }
        }
        assert_eq!(all.count, golden.samples.len());
        all
    }
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let percent = |part: usize| 100.0 * part as f64 / self.count as f64;
        write!(
            f,
            "of {} values {:.3} % equal, {:.3} % within 1/255, largest {:.1}/255",
            self.count,
            percent(self.equal),
            percent(self.within_1),
            self.max
        )
    }
}

fn to_bytes(output: &[f32]) -> Vec<u8> {
    output.iter().map(|value| (value * 255.0).round() as u8).collect()
}

#[wasm_bindgen_test(unsupported = test)]
fn synthetic_pictures_equal_the_libraries() {
    let goldens = read_goldens(include_bytes!("goldens/preprocess/synthetic.bin"));
    assert!(goldens.len() > 50);
    for golden in goldens {
        let Golden { width, height, ref settings, .. } = golden;
        assert_eq!(golden.name, "", "only synthetic pictures");
        let what = format!("{width}x{height} {settings:?}");
        let rgba = synthetic(width, height, golden.seed);
        assert_eq!(
            adler32(&rgba),
            golden.picture_checksum,
            "{what}: another picture than make.py's"
        );
        let output = prepare(settings, width, height, &rgba);
        let difference = Difference::between(&golden, &output);
        assert_eq!(difference.equal, difference.count, "{what}: {difference}");
        assert_eq!(adler32(&to_bytes(&output)), golden.crop_checksum, "{what}: whole crop");
    }
}

/// PNG files decode to the same bytes, so everything is equal. JPEG files may differ, since Pillow's decoder
/// (libjpeg-turbo) and the test's don't always give the same pixels.
#[cfg(not(target_arch = "wasm32"))]
#[test]
fn photos_equal_the_libraries() {
    let Some(folder) = skip::shared("photos_equal_the_libraries", "photos") else {
        return;
    };
    for golden in read_goldens(include_bytes!("goldens/preprocess/photos.bin")) {
        let photo = photos::read(&folder.join(&golden.name));
        assert_eq!((photo.width, photo.height), (golden.width, golden.height), "{}", golden.name);
        let same_pixels = adler32(&photo.rgba) == golden.picture_checksum;
        let output = prepare(&golden.settings, photo.width, photo.height, &photo.rgba);
        let difference = Difference::between(&golden, &output);
        println!(
            "{} {:?} {:?}: same pixels {same_pixels}, {difference}",
            golden.name, golden.settings.interpolation, golden.settings.crop_start
        );
        if golden.name.ends_with(".png") {
            assert!(same_pixels, "{}: not the golden's photo", golden.name);
        }
        if same_pixels {
            assert_eq!(difference.equal, difference.count, "{}: {difference}", golden.name);
            assert_eq!(adler32(&to_bytes(&output)), golden.crop_checksum, "{}", golden.name);
        } else {
            let enough = 0.999 * difference.count as f64;
            assert!(difference.within_1 as f64 >= enough, "{}: {difference}", golden.name);
            assert!(difference.max < 3.001, "{}: {difference}", golden.name);
        }
    }
}

fn small_settings() -> Preprocessing {
    Preprocessing {
        resize_short_side: 20,
        crop: 17,
        crop_start: CropStart::Even,
        interpolation: Interpolation::Bilinear,
        mean: [0.485, 0.456, 0.406],
        std: [0.229, 0.224, 0.225],
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn values_are_normalised_per_channel() {
    let settings = small_settings();
    let rgba = [10, 128, 255, 0].repeat(30 * 40);
    let expected = [10.0, 128.0, 255.0]
        .iter()
        .zip(settings.mean.iter().zip(&settings.std))
        .map(|(value, (mean, std))| (value / 255.0 - mean) / std)
        .collect::<Vec<f32>>();
    for pixel in prepare(&settings, 30, 40, &rgba).chunks_exact(3) {
        for (value, expected) in pixel.iter().zip(&expected) {
            assert!((value - expected).abs() < 1e-5, "{pixel:?}, expected {expected:?}");
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn padding_is_normalised_black() {
    let settings = Preprocessing { crop: 25, ..small_settings() };
    let output = prepare(&settings, 30, 30, &vec![255; 30 * 30 * 4]);
    let black: Vec<f32> = settings.mean.iter().zip(&settings.std).map(|(m, s)| -m / s).collect();
    for (position, pixel) in output.chunks_exact(3).enumerate() {
        let inside = |place: usize| (2..22).contains(&place);
        let is_black = pixel.iter().zip(&black).all(|(value, black)| (value - black).abs() < 1e-5);
        assert_eq!(is_black, !(inside(position / 25) && inside(position % 25)), "pixel {position}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn alpha_is_ignored() {
    let settings = small_settings();
    let rgba = synthetic(50, 31, 1);
    let mut opaque = rgba.clone();
    opaque.chunks_exact_mut(4).for_each(|pixel| pixel[3] = 255);
    assert_ne!(rgba, opaque);
    assert_eq!(prepare(&settings, 50, 31, &rgba), prepare(&settings, 50, 31, &opaque));
}

#[wasm_bindgen_test(unsupported = test)]
fn values_between_rows_stay() {
    let settings = small_settings();
    let rgba = synthetic(50, 31, 2);
    let dense = prepare(&settings, 50, 31, &rgba);
    let (row, stride) = (settings.crop * 3, settings.crop * 3 + 5);
    // The buffer ends with the last row.
    let mut output = vec![7.0; (settings.crop - 1) * stride + row];
    let image = RgbaImage::new(50, 31, &rgba).unwrap();
    Preprocessor::new(settings).unwrap().run(image, &mut output, stride);
    for (got, expected) in output.chunks(stride).zip(dense.chunks_exact(row)) {
        assert_eq!(&got[..row], expected);
        assert!(got[row..].iter().all(|value| *value == 7.0));
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_used_preprocessor_equals_a_fresh_one() {
    let settings = small_settings();
    let mut used = Preprocessor::new(settings.clone()).unwrap();
    assert_eq!(used.settings(), &settings);
    let row = settings.crop * 3;
    for (seed, (width, height)) in
        [(50, 31), (50, 31), (31, 50), (9, 9), (50, 31)].into_iter().enumerate()
    {
        let rgba = synthetic(width, height, seed as u32);
        let mut output = vec![f32::NAN; settings.crop * row];
        used.run(RgbaImage::new(width, height, &rgba).unwrap(), &mut output, row);
        let fresh = prepare(&settings, width, height, &rgba);
        assert_eq!(bits(&output), bits(&fresh), "{width}x{height}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn the_longest_sides_are_prepared() {
    for interpolation in [Interpolation::Bilinear, Interpolation::Bicubic] {
        for (short, crop) in [(1, 1), (1, 4), (256, 224), (4096, 5)] {
            let settings =
                Preprocessing { resize_short_side: short, crop, interpolation, ..small_settings() };
            for (width, height) in [(MAX_IMAGE_SIDE, 1), (1, MAX_IMAGE_SIDE), (3, MAX_IMAGE_SIDE)] {
                let output = prepare(&settings, width, height, &vec![90; width * height * 4]);
                assert!(output.iter().all(|value| value.is_finite()), "{width}x{height}");
            }
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn pictures_are_checked() {
    let bytes = [0; 24];
    let image = RgbaImage::new(3, 2, &bytes).unwrap();
    assert_eq!((image.width(), image.height(), image.pixels()), (3, 2, &bytes[..]));
    for (width, height, message) in [
        (0, 2, "a picture of 0 x 2 pixels: each side must be from 1 to 65535"),
        (3, 0, "a picture of 3 x 0 pixels: each side must be from 1 to 65535"),
        (65_536, 1, "a picture of 65536 x 1 pixels: each side must be from 1 to 65535"),
        (usize::MAX, usize::MAX, ""),
        (3, 3, "a picture of 3 x 3 pixels has 36 bytes of RGBA, 24 were given"),
        (1, 2, "a picture of 1 x 2 pixels has 8 bytes of RGBA, 24 were given"),
        (
            65_535,
            65_535,
            "a picture of 65535 x 65535 pixels has 17179344900 bytes of RGBA, 24 were given",
        ),
    ] {
        let error = RgbaImage::new(width, height, &bytes).unwrap_err();
        assert_eq!(error.code(), "BAD_INPUT");
        if !message.is_empty() {
            assert_eq!(error.to_string(), message);
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn settings_are_checked() {
    let good = small_settings();
    good.validate().unwrap();
    for (bad, message) in [
        (
            Preprocessing { resize_short_side: 0, ..good.clone() },
            "preprocessing: resize_short_side is 0, it must be from 1 to 4096",
        ),
        (
            Preprocessing { crop: 4097, ..good.clone() },
            "preprocessing: crop is 4097, it must be from 1 to 4096",
        ),
        (
            Preprocessing { mean: [0.5, f32::NAN, 0.5], ..good.clone() },
            "preprocessing: mean is [0.5, NaN, 0.5], it must be three finite numbers",
        ),
        (
            Preprocessing { std: [0.5, 0.0, 0.5], ..good.clone() },
            "preprocessing: std is [0.5, 0.0, 0.5], it must be three positive numbers",
        ),
        (
            Preprocessing { std: [0.5, 0.5, f32::INFINITY], ..good.clone() },
            "preprocessing: std is [0.5, 0.5, inf], it must be three positive numbers",
        ),
        (
            Preprocessing { mean: [1e36, 0.5, 0.5], std: [1e-3, 0.5, 0.5], ..good.clone() },
            "preprocessing: mean is [1e36, 0.5, 0.5] with std [0.001, 0.5, 0.5], \
             it must be closer to 0 and 1, so that all values stay finite",
        ),
    ] {
        let error = Preprocessor::new(bad).unwrap_err();
        assert_eq!(error.code(), "BAD_CONFIG");
        assert_eq!(error.to_string(), message);
    }
}

/// A plain implementation of `Image.resize` for whole pictures, after Pillow's documentation of its filters and
/// `Resample.c`: resizes rows, then columns, and rounds each to bytes. Then crops the centre.
struct Pillow<'a> {
    settings: &'a Preprocessing,
}

impl Pillow<'_> {
    /// Resizes `count` lines of `source` values to `target` values. `at` gives the index of a line's value.
    fn lines(
        &self,
        from: &[u8],
        (count, source, target): (usize, usize, usize),
        at: impl Fn(usize, usize) -> usize,
    ) -> Vec<u8> {
        let reach = match self.settings.interpolation {
            Interpolation::Bilinear => 1.0,
            Interpolation::Bicubic => 2.0,
        };
        let scale = source as f64 / target as f64;
        let widened = scale.max(1.0);
        let mut to = vec![0; count * target];
        for place in 0..target {
            let centre = (place as f64 + 0.5) * scale;
            let first = (centre - reach * widened + 0.5).max(0.0) as usize;
            let end = ((centre + reach * widened + 0.5) as usize).min(source);
            let heights: Vec<f64> = (first..end)
                .map(|tap| {
                    let x = ((tap as f64 - centre + 0.5) * (1.0 / widened)).abs();
                    match self.settings.interpolation {
                        Interpolation::Bilinear => f64::max(0.0, 1.0 - x),
                        Interpolation::Bicubic if x < 1.0 => ((1.5 * x) - 2.5) * x * x + 1.0,
                        Interpolation::Bicubic if x < 2.0 => {
                            (((x - 5.0) * x + 8.0) * x - 4.0) * -0.5
                        }
                        Interpolation::Bicubic => 0.0,
                    }
                })
                .collect();
            let sum: f64 = heights.iter().sum();
            for line in 0..count {
                let mut total = 1i64 << 21;
                for (tap, height) in (first..end).zip(&heights) {
                    let weight = (height / sum * f64::from(1 << 22)).round() as i64;
                    total += weight * i64::from(from[at(line, tap)]);
                }
                to[line * target + place] = (total >> 22).clamp(0, 255) as u8;
            }
        }
        to
    }

    /// The crop's bytes, `[y][x][rgb]`.
    fn crop(&self, (width, height): (usize, usize), rgba: &[u8]) -> Vec<u8> {
        let Preprocessing { resize_short_side, crop, crop_start, .. } = *self.settings;
        let short = width.min(height) as f64;
        let resized =
            [width, height].map(|side| (resize_short_side as f64 * side as f64 / short) as usize);
        let starts = resized.map(|side| {
            let half = (side as f64 - crop as f64) / 2.0;
            match crop_start {
                // Negative if the picture is padded; an odd pixel goes right or below.
                _ if half < 0.0 => -((-half) as isize),
                CropStart::Even => half.round_ties_even() as isize,
                CropStart::First => half as isize,
            }
        });
        let mut bytes = vec![0; crop * crop * 3];
        for channel in 0..3 {
            let rows = self.lines(rgba, (height, width, resized[0]), |line, tap| {
                (line * width + tap) * 4 + channel
            });
            let columns = self.lines(&rows, (resized[0], height, resized[1]), |line, tap| {
                tap * resized[0] + line
            });
            for y in 0..crop {
                for x in 0..crop {
                    let [from_x, from_y] = [(x, starts[0]), (y, starts[1])]
                        .map(|(place, start)| usize::try_from(place as isize + start));
                    if let (Ok(from_x), Ok(from_y)) = (from_x, from_y)
                        && from_x < resized[0]
                        && from_y < resized[1]
                    {
                        bytes[(y * crop + x) * 3 + channel] = columns[from_x * resized[1] + from_y];
                    }
                }
            }
        }
        bytes
    }
}

/// Random settings and a random size; sides are shorter than, longer than or as long as the crop.
fn random_case(rng: &mut fastrand::Rng) -> (Preprocessing, usize, usize) {
    let crop = rng.usize(1..=40);
    let settings = Preprocessing {
        resize_short_side: rng.usize(crop.saturating_sub(8).max(1)..=crop + 12),
        crop,
        crop_start: if rng.bool() { CropStart::Even } else { CropStart::First },
        interpolation: if rng.bool() { Interpolation::Bilinear } else { Interpolation::Bicubic },
        mean: [0.0; 3],
        std: [1.0; 3],
    };
    // Small sides, long ones, and sides much larger than the crop.
    let mut side = || {
        let limit = [6, 40, LONGEST][rng.usize(0..3)];
        rng.usize(1..=limit)
    };
    (settings, side(), side())
}

#[wasm_bindgen_test(unsupported = test)]
fn random_pictures_equal_the_plain_sums() {
    let mut rng = fastrand::Rng::with_seed(8);
    for case in 0..300 {
        let (settings, width, height) = random_case(&mut rng);
        let rgba = synthetic(width, height, case);
        let output = prepare(&settings, width, height, &rgba);
        let expected = Pillow { settings: &settings }.crop((width, height), &rgba);
        // The tolerance is for rounding: f32 stores a byte / 255 to a ten-millionth.
        let equal = |(value, &byte): (&f32, &u8)| (value * 255.0 - f32::from(byte)).abs() < 0.001;
        assert!(output.iter().zip(&expected).all(equal), "{width}x{height} {settings:?}");
    }
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

/// Few cases in Miri, which takes minutes for a picture of 200 x 200.
const CASES: u32 = if cfg!(miri) { 4 } else { 200 };
const LONGEST: usize = if cfg!(miri) { 60 } else { 200 };

/// Any division into bands gives the same values, with SIMD and in plain Rust, of every layout.
#[wasm_bindgen_test(unsupported = test)]
fn bands_make_the_same_bits() {
    let mut rng = fastrand::Rng::with_seed(9);
    for case in 0..CASES {
        let (settings, width, height) = random_case(&mut rng);
        let settings = Preprocessing { mean: [0.485, 0.456, 0.406], std: [0.229; 3], ..settings };
        let yuv = Yuv { matrix: Matrix::Bt601, full_range: false };
        let layouts = [Layout::Rgba, Layout::Bgra, Layout::I420(yuv), Layout::Nv12(yuv)];
        let layout = layouts[case as usize % layouts.len()];
        let bytes = synthetic(width, height, case);
        let pixels = &bytes[..layout.bytes(width, height) as usize];
        let rect = Rect { x: 0, y: 0, width, height };
        let part = PicturePart::with_layout((width, height), rect, layout, pixels).unwrap();
        let row = settings.crop * 3;
        let mut preprocessor = Preprocessor::new(settings.clone()).unwrap();
        let mut whole = vec![f32::NAN; settings.crop * row];
        preprocessor.run_part(part, &mut whole, row).unwrap();
        let (bands, scratch) = preprocessor.bands(part, 2).unwrap();
        let mut output = vec![f32::NAN; settings.crop * row];
        let mut scalar = output.clone();
        let mut start = 0;
        while start < settings.crop {
            // Bands come in random order, since the working memory may hold rows of any other band.
            let end = rng.usize(start + 1..=settings.crop);
            let scratch = &mut scratch[rng.usize(0..2)];
            bands.rows::<NativeInts>(start..end, scratch, &mut output[start * row..], row);
            bands.rows::<ScalarInts>(start..end, scratch, &mut scalar[start * row..], row);
            start = end;
        }
        assert_eq!(bits(&output), bits(&whole), "{width}x{height} {layout:?} {settings:?}");
        assert_eq!(bits(&scalar), bits(&whole), "{width}x{height} {layout:?} {settings:?} scalar");
    }
}

#[cfg(not(target_arch = "wasm32"))]
#[test]
fn threads_share_the_bands() {
    let settings = Preprocessing::imagenet(224);
    let rgba = synthetic(640, 427, 3);
    let whole = prepare(&settings, 640, 427, &rgba);
    let mut preprocessor = Preprocessor::new(settings).unwrap();
    let image = RgbaImage::new(640, 427, &rgba).unwrap();
    let (bands, scratch) = preprocessor.bands(image.into(), 4).unwrap();
    let mut output = vec![f32::NAN; whole.len()];
    std::thread::scope(|scope| {
        let parts = output.chunks_mut(56 * 224 * 3).zip(scratch).enumerate();
        for (part, (output, scratch)) in parts {
            let rows = part * 56..(part + 1) * 56;
            scope.spawn(move || bands.rows::<NativeInts>(rows, scratch, output, 224 * 3));
        }
    });
    assert_eq!(bits(&output), bits(&whole));
}

/// The rectangle of `source` is enough, with rows of any stride, and no other pixel is read.
#[wasm_bindgen_test(unsupported = test)]
fn a_part_is_enough() {
    let mut rng = fastrand::Rng::with_seed(10);
    let mut smaller = 0u32;
    for case in 0..CASES {
        let (settings, width, height) = random_case(&mut rng);
        let what = format!("{width}x{height} {settings:?}");
        let rgba = synthetic(width, height, case);
        let mut preprocessor = Preprocessor::new(settings.clone()).unwrap();
        let rect = preprocessor.source(width, height).unwrap();
        smaller += u32::from(rect.width * rect.height < width * height);
        assert_eq!((rect.x % 2, rect.y % 2), (0, 0), "{what}: {rect}");
        for (end, side) in [(rect.x + rect.width, width), (rect.y + rect.height, height)] {
            assert!(end == side || end < side && end % 2 == 0, "{what}: {rect}");
        }

        let stride = rect.width * 4 + rng.usize(0..9);
        let mut part = Vec::new();
        for y in rect.y..rect.y + rect.height {
            part.resize((y - rect.y) * stride, 0xAA);
            part.extend_from_slice(&rgba[(y * width + rect.x) * 4..][..rect.width * 4]);
        }
        let row = settings.crop * 3;
        let mut output = vec![f32::NAN; settings.crop * row];
        let part = PicturePart::new((width, height), rect, stride, &part).unwrap();
        preprocessor.run_part(part, &mut output, row).unwrap();
        assert_eq!(bits(&output), bits(&prepare(&settings, width, height, &rgba)), "{what}");
    }
    assert!(smaller * 2 > CASES);
    // Resized to 455 x 256: columns 116 to 339 with weights from 325 on and below 958, rows 16 to 239
    // with weights from 44 on and below 676.
    let mut preprocessor = Preprocessor::new(Preprocessing::imagenet(224)).unwrap();
    assert_eq!(
        preprocessor.source(1280, 720).unwrap(),
        Rect { x: 324, y: 44, width: 634, height: 632 }
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn parts_are_checked() {
    let bytes = [0; 100];
    let part = |rect: [usize; 4], stride: usize| {
        let [x, y, width, height] = rect;
        PicturePart::new((10, 8), Rect { x, y, width, height }, stride, &bytes)
    };
    for (rect, stride) in
        [([0, 0, 5, 5], 20), ([5, 3, 5, 5], 20), ([9, 7, 1, 1], 4), ([2, 2, 1, 4], 32)]
    {
        part(rect, stride).unwrap();
    }
    let huge = usize::MAX;
    for (rect, stride, message) in [
        ([0, 0, 0, 5], 20, "no 0 x 5 at (0, 0) pixels are within a picture of 10 x 8"),
        ([6, 0, 5, 5], 20, "no 5 x 5 at (6, 0) pixels are within a picture of 10 x 8"),
        ([0, huge, 1, 2], 20, ""),
        ([2, 2, huge, 1], huge, ""),
        (
            [0, 0, 5, 5],
            21,
            "5 x 5 at (0, 0) pixels are rows of 20 bytes of RGBA, 104 bytes in all; \
             rows 21 bytes apart and 100 bytes were given",
        ),
        (
            [0, 0, 5, 2],
            19,
            "5 x 2 at (0, 0) pixels are rows of 20 bytes of RGBA, 40 bytes in all; \
             rows 19 bytes apart and 100 bytes were given",
        ),
        ([0, 0, 1, 8], huge, ""),
    ] {
        let error = part(rect, stride).unwrap_err();
        assert_eq!(error.code(), "BAD_INPUT");
        if !message.is_empty() {
            assert_eq!(error.to_string(), message);
        }
    }
    assert!(PicturePart::new((0, 8), Rect { x: 0, y: 0, width: 1, height: 1 }, 4, &bytes).is_err());

    let mut preprocessor = Preprocessor::new(small_settings()).unwrap();
    assert_eq!(preprocessor.source(70_000, 1).unwrap_err().code(), "BAD_INPUT");
    let needed = preprocessor.source(60, 40).unwrap();
    let bytes = vec![0; 60 * 40 * 4];
    let mut output = vec![7.0; 17 * 17 * 3];
    let mut run = |rect: Rect| {
        let part = PicturePart::new((60, 40), rect, rect.width * 4, &bytes).unwrap();
        assert_eq!(
            preprocessor.bands(part, 1).is_err(),
            preprocessor.run_part(part, &mut output, 51).is_err()
        );
        preprocessor.run_part(part, &mut output, 51)
    };
    run(needed).unwrap();
    run(Rect { x: needed.x - 1, width: needed.width + 1, ..needed }).unwrap();
    for rect in [
        Rect { x: needed.x + 1, width: needed.width - 1, ..needed },
        Rect { width: needed.width - 1, ..needed },
        Rect { y: needed.y + 1, height: needed.height - 1, ..needed },
        Rect { height: needed.height - 1, ..needed },
    ] {
        let error = run(rect).unwrap_err();
        assert_eq!(error.code(), "BAD_INPUT");
        assert_eq!(
            error.to_string(),
            format!("of a picture of 60 x 40 pixels {needed} are needed, {rect} were given")
        );
    }
}

/// Threads that share a picture's bands, and networks that share a resized picture, give the same bits as one alone.
#[test]
#[cfg(not(target_arch = "wasm32"))]
fn what_is_shared_is_the_same_bits() {
    let crop = 96;
    let alike = Preprocessing::imagenet(crop);
    let other_numbers = Preprocessing { mean: [0.5; 3], std: [0.25; 3], ..alike.clone() };
    let other_filter =
        Preprocessing { interpolation: Interpolation::Bicubic, ..other_numbers.clone() };
    let stride = crop * 3 + 6;
    let mut cache = ResizeCache::default();
    for (seed, (width, height)) in
        [(640, 427), (90, 200), (33, 31), (3001, 2003)].into_iter().enumerate()
    {
        let mut rng = fastrand::Rng::with_seed(seed as u64);
        let pixels: Vec<u8> = (0..width * height * 4).map(|_| rng.u8(..)).collect();
        let picture = RgbaImage::new(width, height, &pixels).unwrap();
        cache.clear();
        for settings in [&alike, &other_numbers, &other_filter, &alike] {
            let mut preprocessor = Preprocessor::new(settings.clone()).unwrap();
            let mut alone = vec![-1.0; crop * stride];
            preprocessor.run(picture, &mut alone, stride);
            for count in 1..=3 {
                let threads = Threads::new(count).unwrap();
                let mut shared = vec![-1.0; crop * stride];
                preprocessor.run_on(&threads, picture.into(), &mut shared, stride).unwrap();
                assert_eq!(bits(&shared), bits(&alone), "{width}x{height}, {count} threads");
                let mut cached = vec![-1.0; crop * stride];
                let mut none = ResizeCache::default();
                resize_in_strips(&mut preprocessor, &threads, &picture, &mut none);
                preprocessor.run_resized(&none, &mut cached, stride).unwrap();
                assert_eq!(bits(&cached), bits(&alone), "{width}x{height}, {count} threads");
            }
            let mut shared = vec![-1.0; crop * stride];
            resize_in_strips(&mut preprocessor, &Threads::new(1).unwrap(), &picture, &mut cache);
            preprocessor.run_resized(&cache, &mut shared, stride).unwrap();
            assert_eq!(bits(&shared), bits(&alone), "{width}x{height} shared");
        }
    }
}

/// Resizes a picture strip by strip; returns the bytes of the largest strip and the number of strips.
fn resize_in_strips(
    preprocessor: &mut Preprocessor,
    threads: &Threads,
    picture: &RgbaImage<'_>,
    cache: &mut ResizeCache,
) -> (usize, usize) {
    let (mut largest, mut count) = (0, 0);
    let size = (picture.width(), picture.height());
    while let Some(rect) = preprocessor.next_strip(size, cache).unwrap() {
        let mut pixels = Vec::new();
        for row in 0..rect.height {
            let start = ((rect.y + row) * picture.width() + rect.x) * 4;
            pixels.extend_from_slice(&picture.pixels()[start..][..rect.width * 4]);
        }
        (largest, count) = (pixels.len().max(largest), count + 1);
        let part = PicturePart::with_layout(size, rect, Layout::Rgba, &pixels).unwrap();
        preprocessor.resize_strip(threads, part, cache).unwrap();
    }
    (largest, count)
}

/// A photo of 12 megapixels needs 3 MB at a time, not 36.
#[wasm_bindgen_test(unsupported = test)]
fn a_large_photo_is_read_in_strips() {
    let (width, height) = (4000, 3000);
    let pixels: Vec<u8> = (0..width * height * 4).map(|byte| (byte * 7 % 251) as u8).collect();
    let picture = RgbaImage::new(width, height, &pixels).unwrap();
    let mut preprocessor = Preprocessor::new(Preprocessing::imagenet(224)).unwrap();
    let [mut stripped, mut whole] = [0, 1].map(|_| vec![0.0; 224 * 224 * 3]);
    let mut cache = ResizeCache::default();
    let threads = Threads::alone();
    let (largest, count) = resize_in_strips(&mut preprocessor, &threads, &picture, &mut cache);
    assert!(largest < 3 << 20, "{largest}");
    assert!(count > 10, "{count}");
    preprocessor.run_resized(&cache, &mut stripped, 224 * 3).unwrap();
    preprocessor.run(picture, &mut whole, 224 * 3);
    assert_eq!(bits(&stripped), bits(&whole));

    // A frame of a camera is read at once.
    cache.clear();
    let frame = RgbaImage::new(1920, 1080, &pixels[..1920 * 1080 * 4]).unwrap();
    assert_eq!(
        preprocessor.run_resized(&cache, &mut whole, 224 * 3).unwrap_err().code(),
        "BAD_INPUT"
    );
    assert_eq!(resize_in_strips(&mut preprocessor, &threads, &frame, &mut cache).1, 1);
}

/// The colour conversion of a picture that needs no resize, in units of 1/255.
fn converted(layout: Layout, (width, height): (usize, usize), pixels: &[u8]) -> Vec<f32> {
    let crop = width.max(height);
    let settings = Preprocessing {
        resize_short_side: width.min(height),
        crop,
        mean: [0.0; 3],
        std: [1.0 / 255.0; 3],
        ..Preprocessing::imagenet(crop)
    };
    let rect = Rect { x: 0, y: 0, width, height };
    let part = PicturePart::with_layout((width, height), rect, layout, pixels).unwrap();
    let mut output = vec![0.0; crop * crop * 3];
    Preprocessor::new(settings).unwrap().run_part(part, &mut output, crop * 3).unwrap();
    let (left, top) = ((crop - width) / 2, (crop - height) / 2);
    (0..height)
        .flat_map(|y| output[((top + y) * crop + left) * 3..][..width * 3].to_vec())
        .collect()
}

/// Colours from luma and chroma equal those of the recommendations' formulas in `f64`.
#[wasm_bindgen_test(unsupported = test)]
fn planes_have_the_colours_of_their_recommendation() {
    let weights = [
        (Matrix::Bt601, 0.299, 0.114),
        (Matrix::Bt709, 0.2126, 0.0722),
        (Matrix::Bt2020, 0.2627, 0.0593),
    ];
    let mut rng = fastrand::Rng::with_seed(20);
    let mut worst = 0.0f64;
    for case in 0..CASES {
        let (width, height) = (rng.usize(1..70), rng.usize(1..40));
        let half = (width.div_ceil(2), height.div_ceil(2));
        let (matrix, red, blue) = weights[case as usize % 3];
        let full_range = rng.bool();
        let yuv = Yuv { matrix, full_range };
        let mut bytes = |count| (0..count).map(|_| rng.u8(..)).collect::<Vec<_>>();
        let [luma, u, v] = [width * height, half.0 * half.1, half.0 * half.1].map(&mut bytes);
        let planar = [&luma[..], &u, &v].concat();
        let pairs = u.iter().zip(&v).flat_map(|(&u, &v)| [u, v]).collect::<Vec<_>>();
        let i420 = converted(Layout::I420(yuv), (width, height), &planar);
        let nv12 = converted(Layout::Nv12(yuv), (width, height), &[&luma[..], &pairs].concat());
        assert_eq!(bits(&i420), bits(&nv12), "{width}x{height}");

        let (offset, luma_range, chroma_range) =
            if full_range { (0.0, 255.0, 255.0) } else { (16.0, 219.0, 224.0) };
        for (i, pixel) in i420.chunks_exact(3).enumerate() {
            let (x, y) = (i % width, i / width);
            let chroma = y / 2 * half.0 + x / 2;
            let light = (f64::from(luma[i]) - offset) / luma_range;
            let [u, v] = [&u, &v].map(|plane| (f64::from(plane[chroma]) - 128.0) / chroma_range);
            let r = light + 2.0 * (1.0 - red) * v;
            let b = light + 2.0 * (1.0 - blue) * u;
            let g = (light - red * r - blue * b) / (1.0 - red - blue);
            for (value, exact) in pixel.iter().zip([r, g, b]) {
                let exact = (exact * 255.0).clamp(0.0, 255.0);
                worst = worst.max((f64::from(*value) - exact).abs());
            }
        }
    }
    assert!(worst < 1e-3, "{worst}");
}

#[wasm_bindgen_test(unsupported = test)]
fn layouts_are_checked_and_give_the_same_colours() {
    let mut rng = fastrand::Rng::with_seed(21);
    for case in 0..CASES {
        let (settings, width, height) = random_case(&mut rng);
        let rgba = synthetic(width, height, case);
        let bgra: Vec<u8> = rgba.chunks_exact(4).flat_map(|p| [p[2], p[1], p[0], p[3]]).collect();
        let rect = Rect { x: 0, y: 0, width, height };
        let part = PicturePart::with_layout((width, height), rect, Layout::Bgra, &bgra).unwrap();
        let row = settings.crop * 3;
        let mut output = vec![f32::NAN; settings.crop * row];
        Preprocessor::new(settings.clone()).unwrap().run_part(part, &mut output, row).unwrap();
        assert_eq!(bits(&output), bits(&prepare(&settings, width, height, &rgba)), "{settings:?}");
    }
    let yuv = Layout::I420(Yuv { matrix: Matrix::Bt601, full_range: false });
    let part = |x, y, bytes: usize| {
        let rect = Rect { x, y, width: 5, height: 3 };
        PicturePart::with_layout((20, 20), rect, yuv, &vec![0; bytes]).map(|_| ())
    };
    part(2, 4, 15 + 2 * 6).unwrap();
    for (x, y, bytes) in [(1, 4, 27), (2, 3, 27), (2, 4, 26), (2, 4, 28)] {
        assert_eq!(part(x, y, bytes).unwrap_err().code(), "BAD_INPUT");
    }
}

/// Resizing planes before the conversion gives the same colours as converting first, for colours within the screen's
/// range.
#[wasm_bindgen_test(unsupported = test)]
fn planes_are_resized_as_their_colours() {
    let mut rng = fastrand::Rng::with_seed(22);
    let (mut sum, mut count) = (0.0, 0);
    for _ in 0..CASES {
        let (mut settings, width, height) = random_case(&mut rng);
        (settings.mean, settings.std) = ([0.0; 3], [1.0 / 255.0; 3]);
        let half = (width.div_ceil(2), height.div_ceil(2));
        let mut bytes = |count, range: std::ops::Range<u8>| -> Vec<u8> {
            (0..count).map(|_| rng.u8(range.clone())).collect()
        };
        let luma = bytes(width * height, 90..160);
        let chroma = bytes(2 * half.0 * half.1, 110..146);
        let planes = [luma, chroma].concat();
        let yuv = Layout::I420(Yuv { matrix: Matrix::Bt709, full_range: true });
        let rgb = converted(yuv, (width, height), &planes);
        let rgba: Vec<u8> = rgb
            .chunks_exact(3)
            .flat_map(|rgb| [rgb[0].round() as u8, rgb[1].round() as u8, rgb[2].round() as u8, 255])
            .collect();
        let rect = Rect { x: 0, y: 0, width, height };
        let part = PicturePart::with_layout((width, height), rect, yuv, &planes).unwrap();
        let row = settings.crop * 3;
        let mut output = vec![f32::NAN; settings.crop * row];
        Preprocessor::new(settings.clone()).unwrap().run_part(part, &mut output, row).unwrap();
        let expected = prepare(&settings, width, height, &rgba);
        let differences = output.iter().zip(&expected).map(|(value, other)| (value - other).abs());
        // Both ways round to bytes twice, and a step of 1 in U changes blue by 1.9.
        assert!(differences.clone().fold(0.0, f32::max) < 4.0, "{settings:?}");
        (sum, count) = (sum + differences.sum::<f32>(), count + output.len());
    }
    assert!(sum / (count as f32) < 0.7, "{}", sum / count as f32);
}
