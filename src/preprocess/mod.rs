//! Preprocessing of a picture of any size to a network's input: resize the short side, crop the centre, normalise.
//!
//! Checkpoints were trained and evaluated on pictures resized by Pillow's `Image.resize`, so the resize reproduces its
//! 8-bit arithmetic exactly (`axis.rs`). The geometry follows the checkpoint's library:
//!
//! - The long side becomes `resize_short_side * long / short`, rounded down, in every library.
//! - The crop starts at half of the pixels that are left over. The libraries round that half differently:
//!   [`CropStart`].
//! - A resized side shorter than the crop is padded with black before the normalisation; an odd pixel of padding goes
//!   right or below. So do torchvision, timm, and transformers if torchvision is installed.
//!
//! Alpha is ignored, as in `Image.convert("RGB")`: a transparent pixel counts with its stored colour.

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
pub(crate) const MAX_SHORT_SIDE: usize = 4096;

/// ImageNet's mean and standard deviation of red, green and blue.
pub(crate) const IMAGENET: ([f32; 3], [f32; 3]) = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]);

/// Red, green and blue.
const CHANNELS: usize = 3;

/// The resize filter. Like Pillow's, both filters widen with the scale when the picture shrinks (antialiasing).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interpolation {
    /// Triangle filter with a radius of one pixel.
    Bilinear,
    /// Keys' cubic convolution with a = -0.5 and a radius of two pixels.
    Bicubic,
}

impl Interpolation {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::Bilinear, Self::Bicubic];

    /// Its name in files and in the package: `bicubic`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Bilinear => "bilinear",
            Self::Bicubic => "bicubic",
        }
    }
}

/// How to round the start of the centre crop if an odd number of pixels is left over. The libraries differ only in
/// this, for example at 1920x1080 or 640x427, but not at 640x480.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CropStart {
    /// To the even number, like Python's `round`: torchvision's `center_crop`, which timm uses too.
    Even,
    /// Down: transformers' `center_crop`.
    First,
}

impl CropStart {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::Even, Self::First];

    /// Its name in files and in the package: `even`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Even => "even",
            Self::First => "first",
        }
    }
}

/// The preprocessing that a checkpoint expects.
#[derive(Debug, Clone, PartialEq)]
pub struct Preprocessing {
    /// Length of the shorter side after the resize, in pixels. The resize keeps the aspect ratio.
    pub resize_short_side: usize,
    /// Side of the square that is cut from the centre, in pixels: the network's resolution.
    pub crop: usize,
    /// How the start of the crop is rounded.
    pub crop_start: CropStart,
    /// Filter of the resize.
    pub interpolation: Interpolation,
    /// Mean of red, green and blue, in the range 0 to 1; subtracted first.
    pub mean: [f32; 3],
    /// Standard deviation of red, green and blue; divides after the subtraction.
    pub std: [f32; 3],
}

impl Preprocessing {
    /// torchvision's preset `ImageClassification` with its defaults, for networks of `resolution` pixels: the centre
    /// 7/8 of the shorter side (224 of 256 pixels), bilinear, ImageNet's mean and standard deviation.
    #[must_use]
    pub fn imagenet(resolution: usize) -> Self {
        let (mean, std) = IMAGENET;
        Self {
            resize_short_side: resolution * 8 / 7,
            crop: resolution,
            crop_start: CropStart::Even,
            interpolation: Interpolation::Bilinear,
            mean,
            std,
        }
    }

    /// Checks that the settings are in range.
    ///
    /// # Errors
    /// [`Error::Preprocessing`] if a size is not from 1 to 4096, a mean is not finite, a standard deviation is not a
    /// positive normal number, or the two make infinities of black or white.
    pub fn validate(&self) -> Result<(), Error> {
        let sizes = [("resize_short_side", self.resize_short_side), ("crop", self.crop)];
        for (field, size) in sizes {
            if !(1..=MAX_SHORT_SIDE).contains(&size) {
                return Err(Error::Preprocessing {
                    field,
                    value: size.to_string(),
                    expected: format!("from 1 to {MAX_SHORT_SIDE}"),
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
        let fits = |(mean, std): (&f32, &f32)| {
            [0.0, 1.0].into_iter().all(|end: f32| ((end - mean) / std).is_finite())
        };
        if !self.mean.iter().zip(&self.std).all(fits) {
            return Err(Error::Preprocessing {
                field: "mean",
                value: format!("{:?} with std {:?}", self.mean, self.std),
                expected: "closer to 0 and 1, so that all values stay finite".into(),
            });
        }
        Ok(())
    }
}

/// Preprocesses pictures with one set of settings.
///
/// It keeps the filter tables and the working memory for the size of the last picture, so that a stream of frames of
/// one size allocates nothing after the first frame.
#[derive(Debug)]
pub struct Preprocessor {
    settings: Preprocessing,
    normalisation: Normalisation,
    /// Width and height of the last picture, and its tables.
    current: Option<((usize, usize), Tables)>,
    /// Working memory for these tables, one for each thread.
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

    /// Writes the network's input for `image`: `[y][x][rgb]`, `crop` x `crop` pixels, `(value / 255 - mean) / std`.
    /// Rows start `row_stride` values apart. Values between the rows don't change, so `output` may be the inside of a
    /// padded buffer.
    ///
    /// # Panics
    /// If `row_stride` is less than `crop * 3`, or `output` is shorter than `(crop - 1) * row_stride + crop * 3`.
    pub fn run(&mut self, image: RgbaImage<'_>, output: &mut [f32], row_stride: usize) {
        self.run_whole(image.into(), output, row_stride);
    }

    /// [`Preprocessor::run`] on a part of a picture that contains [`Preprocessor::source`].
    ///
    /// # Errors
    /// [`Error::ImagePart`] if `part` doesn't contain it.
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

    /// The rectangle that the crop needs of a picture of `width` x `height` pixels; nothing else is read. It begins and
    /// ends at even columns and rows, or at the end of the picture, so that a video frame whose 2 x 2 pixels share
    /// their chroma can be cut there.
    ///
    /// # Errors
    /// [`Error::ImageSide`] if a side is not from 1 to [`MAX_IMAGE_SIDE`].
    pub fn source(&mut self, width: usize, height: usize) -> Result<Rect, Error> {
        check_sides(width, height)?;
        Ok(self.tables((width, height)).source())
    }

    /// The same work split into bands of rows for several threads, and the working memory of `threads` threads.
    ///
    /// # Errors
    /// [`Error::ImagePart`] if `part` doesn't contain [`Preprocessor::source`].
    pub fn bands<'a>(
        &'a mut self,
        part: PicturePart<'a>,
        threads: usize,
    ) -> Result<(Bands<'a>, &'a mut [Scratch]), Error> {
        self.check(&part)?;
        Ok(self.bands_of(part, threads))
    }

    /// Checks that `part` contains the source rectangle.
    fn check(&mut self, part: &PicturePart<'_>) -> Result<(), Error> {
        check_holds(part, self.tables(part.size()).source())
    }

    /// [`Preprocessor::run_part`] on several threads.
    ///
    /// # Errors
    /// [`Error::ImagePart`] if `part` doesn't contain [`Preprocessor::source`].
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

    /// The rectangle to read next of a picture of `width` x `height`, given the rows that `cache` already has: the
    /// whole of [`Preprocessor::source`], or a strip of it if it has more than [`WHOLE`] bytes of RGBA. `None` when the
    /// cache is complete.
    ///
    /// # Errors
    /// [`Error::ImageSide`] if a side is not from 1 to [`MAX_IMAGE_SIDE`].
    pub fn next_strip(
        &mut self,
        (width, height): (usize, usize),
        cache: &ResizeCache,
    ) -> Result<Option<Rect>, Error> {
        check_sides(width, height)?;
        Ok(self.strip((width, height), cache).map(|strip| strip.source))
    }

    /// Resizes the strip that [`Preprocessor::next_strip`] asked for into `cache`, for this preprocessor and all others
    /// with the same resize settings. Does nothing if the cache is complete. The threads share the work.
    ///
    /// # Errors
    /// [`Error::ImagePart`] if `part` doesn't contain the strip, and [`Error::OutOfMemory`].
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

    /// Normalises and writes the picture that [`Preprocessor::resize_strip`] has resized. The bits are those of
    /// [`Preprocessor::run`].
    ///
    /// # Errors
    /// [`Error::Unread`] if `cache` is not complete.
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

    /// The next strip of a picture of `size` that is missing in `cache`.
    fn strip(&mut self, size: (usize, usize), cache: &ResizeCache) -> Option<Strip> {
        let (start, crop) = (cache.rows(&self.settings), self.settings.crop);
        Strip::at(start, self.tables(size), crop)
    }

    /// Runs on a part that contains the source rectangle.
    fn run_whole(&mut self, part: PicturePart<'_>, output: &mut [f32], row_stride: usize) {
        let crop = self.settings.crop;
        let (bands, scratch) = self.bands_of(part, 1);
        bands.rows::<NativeInts>(0..crop, &mut scratch[0], output, row_stride);
    }

    /// The bands of a part that contains the source rectangle.
    fn bands_of<'a>(
        &'a mut self,
        part: PicturePart<'a>,
        threads: usize,
    ) -> (Bands<'a>, &'a mut [Scratch]) {
        let (_, _, bands, scratch) = self.parts(part, threads);
        (bands, scratch)
    }

    /// The bands, and the settings that they were made from.
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

    /// The tables for pictures of `size`, which become the current ones.
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

/// Checks that `part` contains the rectangle `needed`.
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
