//! From a picture of any size to a network's input: resize so that the short side fits, crop the
//! centre, normalise.
//!
//! Checkpoints were trained and measured on what Pillow's `Image.resize` makes of a photo, so the
//! resize reproduces its 8-bit arithmetic exactly (`axis.rs`). The geometry is that of the
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

mod axis;
mod bands;
mod cache;
mod layout;
mod picture;
mod shares;
mod strips;

pub use bands::{Bands, Scratch};
pub use cache::ResizeCache;
pub use layout::{Layout, Matrix, Yuv};
pub use picture::{MAX_IMAGE_SIDE, PicturePart, Rect, RgbaImage};
pub use strips::WHOLE;

use crate::error::Error;
use crate::plan::Threads;
use crate::simd::NativeInts;
use axis::Side;
use bands::{Normalisation, Tables};
use picture::check_sides;
use strips::Strip;

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

/// Prepares pictures with one set of settings.
///
/// It keeps the filter tables and the working rows of the last picture's size, so that a stream of
/// frames of one size allocates nothing after the first.
#[derive(Debug)]
pub struct Preprocessor {
    settings: Preprocessing,
    normalisation: Normalisation,
    /// The tables for the last picture's width and height.
    current: Option<((usize, usize), Tables)>,
    /// Working rows for these, one for each thread.
    scratch: Vec<Scratch>,
}

impl Preprocessor {
    /// Makes a preprocessor for `settings`.
    ///
    /// # Errors
    /// Those of [`Preprocessing::validate`].
    pub fn new(settings: Preprocessing) -> Result<Self, Error> {
        settings.validate()?;
        let mut normalisation = Normalisation { scale: [0.0; 4], bias: [0.0; 4] };
        for channel in 0..CHANNELS {
            let (mean, std) = (f64::from(settings.mean[channel]), f64::from(settings.std[channel]));
            normalisation.scale[channel] = (1.0 / (255.0 * std)) as f32;
            normalisation.bias[channel] = (-mean / std) as f32;
        }
        Ok(Self { settings, normalisation, current: None, scratch: Vec::new() })
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
        self.run_whole(image.into(), output, row_stride);
    }

    /// The same of a picture of which only [`Preprocessor::source`], or more, is in memory.
    ///
    /// # Errors
    /// [`Error::ImagePart`] when something of it isn't.
    ///
    /// # Panics
    /// As [`Preprocessor::run`].
    pub fn run_part(
        &mut self,
        part: PicturePart<'_>,
        output: &mut [f32],
        row_stride: usize,
    ) -> Result<(), Error> {
        self.check(&part)?;
        self.run_whole(part, output, row_stride);
        Ok(())
    }

    /// The rectangle of pictures of `width` x `height` that the crop is made of: all that is ever read
    /// of them. It begins at an even column and row and ends before one, or with the picture, so that a
    /// video frame whose colours are those of 2 x 2 pixels can be cut there.
    ///
    /// # Errors
    /// [`Error::ImageSide`] when a side is not from 1 to [`MAX_IMAGE_SIDE`].
    pub fn source(&mut self, width: usize, height: usize) -> Result<Rect, Error> {
        check_sides(width, height)?;
        Ok(self.tables((width, height)).source())
    }

    /// The same work in bands of rows, for several threads at once, with the working memory for
    /// `threads` of them.
    ///
    /// # Errors
    /// [`Error::ImagePart`] when something of [`Preprocessor::source`] isn't in `part`.
    pub fn bands<'a>(
        &'a mut self,
        part: PicturePart<'a>,
        threads: usize,
    ) -> Result<(Bands<'a>, &'a mut [Scratch]), Error> {
        self.check(&part)?;
        Ok(self.bands_of(part, threads))
    }

    /// Checks that `part` is enough.
    fn check(&mut self, part: &PicturePart<'_>) -> Result<(), Error> {
        check_holds(part, self.tables(part.size()).source())
    }

    /// [`Preprocessor::run_part`] by several threads, which share the bands.
    ///
    /// # Errors
    /// [`Error::ImagePart`].
    ///
    /// # Panics
    /// As [`Preprocessor::run`].
    pub fn run_on(
        &mut self,
        threads: &Threads,
        part: PicturePart<'_>,
        output: &mut [f32],
        row_stride: usize,
    ) -> Result<(), Error> {
        let rows = 0..self.settings.crop;
        let (bands, scratch) = self.bands(part, threads.count())?;
        shares::run(&bands, rows, scratch, threads, output, row_stride);
        Ok(())
    }

    /// What is to be read next of a picture of `width` x `height`, of which `cache` has all that was read: the whole of
    /// [`Preprocessor::source`], or a strip of it where that has more than [`WHOLE`] bytes. `None` once all of it was.
    ///
    /// # Errors
    /// [`Error::ImageSide`].
    pub fn next_strip(
        &mut self,
        (width, height): (usize, usize),
        cache: &ResizeCache,
    ) -> Result<Option<Rect>, Error> {
        check_sides(width, height)?;
        Ok(self.strip((width, height), cache).map(|strip| strip.source))
    }

    /// Resizes what [`Preprocessor::next_strip`] asked for into `cache`, for this preprocessor and all others that
    /// resize alike; does nothing once all of the picture is there. The threads share the work.
    ///
    /// # Errors
    /// [`Error::ImagePart`] when something of the strip isn't in `part`, and [`Error::OutOfMemory`].
    pub fn resize_strip(
        &mut self,
        threads: &Threads,
        part: PicturePart<'_>,
        cache: &mut ResizeCache,
    ) -> Result<(), Error> {
        let Some(Strip { rows, source }) = self.strip(part.size(), cache) else {
            return Ok(());
        };
        check_holds(&part, source)?;
        let (settings, _, bands, scratch) = self.parts(part, threads.count());
        cache.extend(settings, rows.end, |values| {
            let bands = Bands { normalisation: &Normalisation::NONE, ..bands };
            shares::run(&bands, rows, scratch, threads, values, settings.crop * CHANNELS);
        })
    }

    /// Writes the picture that [`Preprocessor::resize_strip`] has resized: the same bits as [`Preprocessor::run`]'s.
    ///
    /// # Errors
    /// [`Error::Unread`] when not all of it is in `cache`.
    ///
    /// # Panics
    /// As [`Preprocessor::run`].
    pub fn run_resized(
        &self,
        cache: &ResizeCache,
        output: &mut [f32],
        row_stride: usize,
    ) -> Result<(), Error> {
        let crop = self.settings.crop;
        let values = cache
            .values(&self.settings)
            .ok_or_else(|| Error::Unread { rows: cache.rows(&self.settings), crop })?;
        self.normalisation.apply(values, crop * CHANNELS, output, row_stride);
        Ok(())
    }

    /// The strip of a picture of `size` that is missing in `cache`.
    fn strip(&mut self, size: (usize, usize), cache: &ResizeCache) -> Option<Strip> {
        let (start, crop) = (cache.rows(&self.settings), self.settings.crop);
        Strip::at(start, self.tables(size), crop)
    }

    /// Runs on a part that is known to be enough.
    fn run_whole(&mut self, part: PicturePart<'_>, output: &mut [f32], row_stride: usize) {
        let crop = self.settings.crop;
        let (bands, scratch) = self.bands_of(part, 1);
        bands.rows::<NativeInts>(0..crop, &mut scratch[0], output, row_stride);
    }

    /// Bands of a part that is known to be enough.
    fn bands_of<'a>(
        &'a mut self,
        part: PicturePart<'a>,
        threads: usize,
    ) -> (Bands<'a>, &'a mut [Scratch]) {
        let (_, _, bands, scratch) = self.parts(part, threads);
        (bands, scratch)
    }

    /// The same, with what the bands were made from.
    fn parts<'a>(
        &'a mut self,
        part: PicturePart<'a>,
        threads: usize,
    ) -> (&'a Preprocessing, &'a Normalisation, Bands<'a>, &'a mut [Scratch]) {
        self.tables(part.size());
        let Self { settings, normalisation, current, scratch } = self;
        let Some((_, tables)) = current else { unreachable!("set above") };
        while scratch.len() < threads {
            scratch.push(tables.scratch());
        }
        let bands = Bands { tables, part, normalisation, crop: settings.crop };
        (settings, normalisation, bands, &mut scratch[..threads])
    }

    /// The tables for pictures of `size`, from now on the current ones.
    fn tables(&mut self, size: (usize, usize)) -> &Tables {
        if self.current.as_ref().is_none_or(|(last, _)| *last != size) {
            self.scratch.clear();
            self.current = None;
        }
        let settings = &self.settings;
        let (_, tables) = self.current.get_or_insert_with(|| (size, tables_for(settings, size)));
        tables
    }
}

/// Checks that `needed` of the picture is in memory.
fn check_holds(part: &PicturePart<'_>, needed: Rect) -> Result<(), Error> {
    if part.rect().holds(needed) {
        return Ok(());
    }
    let (width, height) = part.size();
    Err(Error::ImagePart { width, height, needed, got: part.rect() })
}

/// Tables for pictures of `width` x `height`.
fn tables_for(settings: &Preprocessing, (width, height): (usize, usize)) -> Tables {
    let &Preprocessing { resize_short_side, crop, crop_start, interpolation, .. } = settings;
    let short = width.min(height);
    // The bounds on picture and settings keep the product under 2^28.
    let side = |length: usize| Side {
        source: length,
        resized: resize_short_side * length / short,
        crop,
        crop_start,
    };
    Tables::new(side(width), side(height), interpolation)
}
