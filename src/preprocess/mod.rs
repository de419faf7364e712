//! From a picture of any size to a network's input: resize so that the short side fits, crop the
//! centre, normalise.
//!
//! Checkpoints were trained and measured on what Pillow's `Image.resize` makes of a photo, so the
//! resize reproduces its 8-bit arithmetic exactly (`resize.rs`). The geometry is that of the
//! checkpoint's library:
//!
//! - The long side becomes `resize_short_side * long / short`, rounded down, in each of them.
//! - The crop starts at half of what is left over. Where that is half a pixel they differ:
//!   [`CropStart`].
//! - A resized side shorter than the crop is padded with black before the normalisation, the odd
//!   pixel behind the picture: torchvision, timm, and transformers where torchvision is installed.
//!
//! Alpha is ignored, as `Image.convert("RGB")` ignores it: a transparent pixel counts with the
//! colour it holds, nothing is composited.

mod resize;

use crate::error::Error;
use resize::{Resize, Side};

/// The longest side of a picture, in pixels: JPEG's limit, and that of Chromium's canvas.
pub const MAX_IMAGE_SIDE: usize = 65_535;

/// The largest `resize_short_side` and `crop`, in pixels. MobileNets take 96 to 320.
const MAX_SETTING: usize = 4096;

/// Red, green and blue.
const CHANNELS: usize = 3;

/// How pixels are weighed in a resize. Both filters widen with the scale when the picture shrinks
/// (antialiasing), as Pillow's do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interpolation {
    /// Triangle filter, one pixel to each side.
    Bilinear,
    /// Keys' cubic convolution with a = -0.5, two pixels to each side.
    Bicubic,
}

/// Where the crop of the centre starts when half of the pixels that are left over is no whole
/// number. The libraries agree on all else, and on 640x480; not on 1920x1080 or 640x427.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CropStart {
    /// At the even one of the two pixels, as Python's `round` has it: torchvision's `center_crop`,
    /// which timm uses too.
    Even,
    /// At the first of the two: transformers' `center_crop`.
    First,
}

/// What a checkpoint expects to be done to a picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Preprocessing {
    /// Length of the picture's shorter side after the resize, in pixels; the other side follows.
    pub resize_short_side: usize,
    /// Side of the square that is cut from the centre, in pixels: the network's resolution.
    pub crop: usize,
    /// Which of two pixels it starts at where the centre lies between them.
    pub crop_start: CropStart,
    /// Filter of the resize.
    pub interpolation: Interpolation,
    /// Subtracted from red, green and blue, which run from 0 to 1.
    pub mean: [f32; 3],
    /// Red, green and blue are divided by these after the subtraction.
    pub std: [f32; 3],
}

impl Preprocessing {
    /// torchvision's preset `ImageClassification` with its defaults, for networks of `resolution`
    /// pixels: the middle 7/8 of the shorter side (256 and 224 pixels), bilinear, the data set's
    /// mean and standard deviation.
    #[must_use]
    pub fn imagenet(resolution: usize) -> Self {
        Self {
            resize_short_side: resolution * 8 / 7,
            crop: resolution,
            crop_start: CropStart::Even,
            interpolation: Interpolation::Bilinear,
            mean: [0.485, 0.456, 0.406],
            std: [0.229, 0.224, 0.225],
        }
    }

    /// Says whether pictures can be prepared with these settings.
    ///
    /// # Errors
    /// [`Error::Preprocessing`] when a size is not from 1 to 4096, a mean is not finite, or a
    /// standard deviation is not a positive normal number.
    pub fn validate(&self) -> Result<(), Error> {
        let sizes = [("resize_short_side", self.resize_short_side), ("crop", self.crop)];
        for (field, size) in sizes {
            if !(1..=MAX_SETTING).contains(&size) {
                return Err(Error::Preprocessing {
                    field,
                    value: size.to_string(),
                    expected: format!("from 1 to {MAX_SETTING}"),
                });
            }
        }
        if !self.mean.iter().all(|mean| mean.is_finite()) {
            return Err(Error::Preprocessing {
                field: "mean",
                value: format!("{:?}", self.mean),
                expected: "three finite numbers".into(),
            });
        }
        if !self.std.iter().all(|std| std.is_normal() && *std > 0.0) {
            return Err(Error::Preprocessing {
                field: "std",
                value: format!("{:?}", self.std),
                expected: "three positive numbers".into(),
            });
        }
        Ok(())
    }
}

/// A borrowed picture: rows from top to bottom, four bytes a pixel (red, green, blue, alpha), no
/// gaps. It is what `ImageData.data` of a canvas holds.
#[derive(Debug, Clone, Copy)]
pub struct RgbaImage<'a> {
    width: usize,
    height: usize,
    pixels: &'a [u8],
}

impl<'a> RgbaImage<'a> {
    /// Takes `pixels` as a picture of `width` x `height`.
    ///
    /// # Errors
    /// [`Error::ImageSide`] when a side is not from 1 to [`MAX_IMAGE_SIDE`];
    /// [`Error::ImageLength`] when `pixels` has not exactly `width * height * 4` bytes.
    pub fn new(width: usize, height: usize, pixels: &'a [u8]) -> Result<Self, Error> {
        let sides = 1..=MAX_IMAGE_SIDE;
        if !sides.contains(&width) || !sides.contains(&height) {
            return Err(Error::ImageSide { width, height, max: MAX_IMAGE_SIDE });
        }
        // In 64 bits: the largest picture's length overflows wasm's usize.
        let expected = width as u64 * height as u64 * 4;
        if pixels.len() as u64 != expected {
            return Err(Error::ImageLength { width, height, expected, got: pixels.len() });
        }
        Ok(Self { width, height, pixels })
    }

    /// Pixels per row.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// Rows.
    #[must_use]
    pub fn height(&self) -> usize {
        self.height
    }

    /// The bytes.
    #[must_use]
    pub fn pixels(&self) -> &'a [u8] {
        self.pixels
    }
}

/// Prepares pictures with one set of settings.
///
/// It keeps the filter tables and the working rows of the last picture's size, so that a stream of
/// frames of one size allocates nothing after the first.
#[derive(Debug)]
pub struct Preprocessor {
    settings: Preprocessing,
    /// An output value is `byte * scale[i] + bias[i]`, where `i` counts along a row of the crop:
    /// both repeat with the channels, so that a row is one plain loop.
    scale: Vec<f32>,
    bias: Vec<f32>,
    /// The state for the last picture's width and height.
    current: Option<((usize, usize), Resize)>,
}

impl Preprocessor {
    /// Makes a preprocessor for `settings`.
    ///
    /// # Errors
    /// Those of [`Preprocessing::validate`].
    pub fn new(settings: Preprocessing) -> Result<Self, Error> {
        settings.validate()?;
        let per_channel = |value: &dyn Fn(f64, f64) -> f64| -> Vec<f32> {
            let channels: [f32; CHANNELS] = std::array::from_fn(|c| {
                value(f64::from(settings.mean[c]), f64::from(settings.std[c])) as f32
            });
            channels.repeat(settings.crop)
        };
        let scale = per_channel(&|_, std| 1.0 / (255.0 * std));
        let bias = per_channel(&|mean, std| -mean / std);
        Ok(Self { settings, scale, bias, current: None })
    }

    /// The settings it was made with.
    #[must_use]
    pub fn settings(&self) -> &Preprocessing {
        &self.settings
    }

    /// Writes the network's input for `image`: `crop` rows of `crop` pixels of 3 values (NHWC,
    /// red, green, blue), `(value / 255 - mean) / std`. `row_stride` values lie between the
    /// starts of two rows; those between the rows are left as they are, so `output` may be the
    /// inside of a padded buffer.
    ///
    /// # Panics
    /// When `row_stride` is under `crop * 3`, or `output` shorter than
    /// `(crop - 1) * row_stride + crop * 3`.
    pub fn run(&mut self, image: RgbaImage<'_>, output: &mut [f32], row_stride: usize) {
        let crop = self.settings.crop;
        let row_length = crop * CHANNELS;
        assert!(
            row_stride >= row_length,
            "rows of {row_length} values don't fit a stride of {row_stride}"
        );
        assert!(
            output.len() >= (crop - 1) * row_stride + row_length,
            "{} values don't hold {crop} rows of {row_length}, {row_stride} apart",
            output.len()
        );

        let size = (image.width, image.height);
        if self.current.as_ref().is_none_or(|(last, _)| *last != size) {
            self.current = Some((size, self.resize_for(size)));
        }
        let Some((_, resize)) = &mut self.current else { unreachable!("set above") };
        let (columns, rows) = (resize.columns(), resize.rows());
        let inside = columns.start * CHANNELS..columns.end * CHANNELS;

        resize.begin();
        for (y, row) in output.chunks_mut(row_stride).take(crop).enumerate() {
            let row = &mut row[..row_length];
            if rows.contains(&y) {
                // Black, byte 0, left and right of a picture narrower than the crop.
                row[..inside.start].copy_from_slice(&self.bias[..inside.start]);
                row[inside.end..].copy_from_slice(&self.bias[inside.end..]);
                let inside = inside.clone();
                resize.next_row(
                    image.pixels,
                    &self.scale[inside.clone()],
                    &self.bias[inside.clone()],
                    &mut row[inside],
                );
            } else {
                row.copy_from_slice(&self.bias);
            }
        }
    }

    /// Tables and working rows for pictures of `width` x `height`.
    fn resize_for(&self, (width, height): (usize, usize)) -> Resize {
        let Preprocessing { resize_short_side, crop, crop_start, interpolation, .. } =
            self.settings;
        let short = width.min(height);
        // The bounds on picture and settings keep the product under 2^28.
        let side = |length: usize| Side {
            source: length,
            resized: resize_short_side * length / short,
            crop,
            crop_start,
        };
        Resize::new(side(width), side(height), interpolation)
    }
}
