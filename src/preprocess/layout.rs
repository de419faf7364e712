//! How the pixels of a picture lie in memory, and how they become red, green and blue.
//!
//! Browsers take far longer to convert a camera's frame than to copy it: 1.0 ms against 0.07 for the
//! crop of 1280x720 in Chromium 156. So frames are taken as they are.

use super::CHANNELS;
use super::bands::Normalisation;
use crate::simd::I32x4;

/// Bytes of a pixel, in the packed layouts.
pub(super) const RGBA: usize = 4;

/// How the pixels of a [`PicturePart`](super::PicturePart) lie in memory: rows from top to bottom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// Red, green, blue, alpha.
    Rgba,
    /// Blue, green, red, alpha.
    Bgra,
    /// A plane of luma, one byte a pixel, then one of U and one of V, a byte for 2 x 2 pixels each.
    I420(Yuv),
    /// A plane of luma, then one of U and V in turns, both for 2 x 2 pixels.
    Nv12(Yuv),
}

/// Which colours luma and chroma stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Yuv {
    /// The weights of red and blue in luma.
    pub matrix: Matrix,
    /// Whether luma runs from 0 to 255, not from 16 to 235, and chroma likewise.
    pub full_range: bool,
}

/// The recommendation that weighs red, green and blue in luma.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Matrix {
    /// ITU-R BT.601: SMPTE 170M and BT.470 BG.
    Bt601,
    /// ITU-R BT.709.
    Bt709,
    /// ITU-R BT.2020, constant luminance apart.
    Bt2020,
}

impl Layout {
    /// Bytes of `width` x `height` pixels without gaps; in 64 bits, since a picture may be larger than wasm's memory.
    #[must_use]
    pub fn bytes(self, width: usize, height: usize) -> u64 {
        let pixels = width as u64 * height as u64;
        match self {
            Self::Rgba | Self::Bgra => pixels * RGBA as u64,
            Self::I420(_) | Self::Nv12(_) => {
                pixels + 2 * (width.div_ceil(2) as u64 * height.div_ceil(2) as u64)
            }
        }
    }

    /// Whether two by two pixels have a colour in common, so that a picture can only be cut between those.
    pub(super) fn is_subsampled(self) -> bool {
        matches!(self, Self::I420(_) | Self::Nv12(_))
    }
}

/// Pixels that [`I32x4::interleave_planes`] takes.
const CHUNK: usize = 16;

/// What the first three of a resized pixel's four values are, where they are not red, green and blue.
///
/// Resizing adds up pixels, and colours are sums of luma and chroma: to resize first and to convert then is the same but for
/// rounding and for what no screen shows, and there are ten times less pixels to convert.
#[derive(Debug, Clone, Copy)]
pub(super) enum Colours {
    /// The same in reverse.
    Bgr,
    /// U, V and luma.
    Yuv(Coefficients),
}

/// What luma and chroma are multiplied by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Coefficients {
    offset: f32,
    luma: f32,
    red_v: f32,
    green_u: f32,
    green_v: f32,
    blue_u: f32,
}

impl Colours {
    /// Those of a layout; `None` for red, green and blue.
    pub fn of(layout: Layout) -> Option<Self> {
        match layout {
            Layout::Rgba => None,
            Layout::Bgra => Some(Self::Bgr),
            Layout::I420(yuv) | Layout::Nv12(yuv) => Some(Self::Yuv(yuv.into())),
        }
    }
}

impl From<Yuv> for Coefficients {
    fn from(Yuv { matrix, full_range }: Yuv) -> Self {
        let (red, blue) = match matrix {
            Matrix::Bt601 => (0.299, 0.114),
            Matrix::Bt709 => (0.2126, 0.0722),
            Matrix::Bt2020 => (0.2627, 0.0593),
        };
        let green = 1.0 - red - blue;
        let (offset, luma, chroma) =
            if full_range { (0.0, 1.0, 1.0) } else { (16.0, 255.0 / 219.0, 255.0 / 224.0) };
        Self {
            offset,
            luma: luma as f32,
            red_v: (2.0 * (1.0 - red) * chroma) as f32,
            green_u: (2.0 * (1.0 - blue) * blue / green * chroma) as f32,
            green_v: (2.0 * (1.0 - red) * red / green * chroma) as f32,
            blue_u: (2.0 * (1.0 - blue) * chroma) as f32,
        }
    }
}

impl Coefficients {
    /// Red, green and blue, from 0 to 255.
    #[inline(always)]
    fn rgb(&self, [u, v, luma]: [f32; CHANNELS]) -> [f32; CHANNELS] {
        let light = (luma - self.offset) * self.luma;
        let (u, v) = (u - 128.0, v - 128.0);
        [
            light + self.red_v * v,
            light - self.green_u * u - self.green_v * v,
            light + self.blue_u * u,
        ]
        .map(|value| value.clamp(0.0, 255.0))
    }
}

impl Colours {
    /// Makes red, green and blue of a row of resized pixels, and normalises them.
    pub fn convert(self, normalisation: &Normalisation, row: &mut [f32]) {
        /// So many at a time that vectors are made of them.
        const PIXELS: usize = 8;
        let (pixels, _) = row.as_chunks_mut::<CHANNELS>();
        let (chunks, rest) = pixels.as_chunks_mut::<PIXELS>();
        for chunk in chunks {
            *chunk = chunk.map(|pixel| self.normalised(normalisation, pixel));
        }
        for pixel in rest {
            *pixel = self.normalised(normalisation, *pixel);
        }
    }

    /// A pixel's red, green and blue, normalised.
    #[inline(always)]
    fn normalised(
        self,
        Normalisation { scale, bias }: &Normalisation,
        pixel: [f32; CHANNELS],
    ) -> [f32; CHANNELS] {
        let rgb = match self {
            Self::Bgr => [pixel[2], pixel[1], pixel[0]],
            Self::Yuv(coefficients) => coefficients.rgb(pixel),
        };
        std::array::from_fn(|channel| rgb[channel] * scale[channel] + bias[channel])
    }
}

/// Makes four bytes of each pixel, chroma, luma and 255, of a row of luma and one of chroma, which is two bytes for
/// every other pixel: `chroma` gives eight of those from one on.
pub(super) fn interleave<I: I32x4>(
    luma: &[u8],
    chroma: impl Fn(usize) -> [[u8; 2]; CHUNK / 2],
    pixels: &mut [u8],
) {
    let (lumas, luma_rest) = luma.as_chunks::<CHUNK>();
    let (chunks, rest) = pixels.as_chunks_mut::<{ CHUNK * RGBA }>();
    for (index, (luma, pixels)) in lumas.iter().zip(chunks).enumerate() {
        interleave_chunk::<I>(luma, &chroma(index * CHUNK / 2), pixels);
    }
    if !rest.is_empty() {
        let (mut luma, mut pixels) = ([0; CHUNK], [0; CHUNK * RGBA]);
        luma[..luma_rest.len()].copy_from_slice(luma_rest);
        interleave_chunk::<I>(&luma, &chroma(lumas.len() * CHUNK / 2), &mut pixels);
        rest.copy_from_slice(&pixels[..rest.len()]);
    }
}

#[inline(always)]
fn interleave_chunk<I: I32x4>(
    luma: &[u8; CHUNK],
    chroma: &[[u8; 2]; CHUNK / 2],
    pixels: &mut [u8; CHUNK * RGBA],
) {
    // SAFETY: the arrays have the lengths that are asked for.
    unsafe { I::interleave_planes(luma.as_ptr(), chroma.as_ptr().cast(), pixels.as_mut_ptr()) }
}

/// Eight pairs of U and V from two planes, of which the last ones may be missing.
#[inline(always)]
pub(super) fn pair_up([u, v]: [&[u8]; 2], start: usize) -> [[u8; 2]; CHUNK / 2] {
    const LENGTH: usize = CHUNK / 2;
    let whole = |plane: &[u8]| <[u8; LENGTH]>::try_from(plane.get(start..start + LENGTH)?).ok();
    if let (Some(u), Some(v)) = (whole(u), whole(v)) {
        return std::array::from_fn(|i| [u[i], v[i]]);
    }
    let byte = |plane: &[u8], i: usize| plane.get(start + i).copied().unwrap_or(0);
    std::array::from_fn(|i| [byte(u, i), byte(v, i)])
}

/// Eight of a row of pairs, likewise.
#[inline(always)]
pub(super) fn pairs(row: &[[u8; 2]], start: usize) -> [[u8; 2]; CHUNK / 2] {
    let whole = row.get(start..start + CHUNK / 2).and_then(|pairs| pairs.try_into().ok());
    whole
        .unwrap_or_else(|| std::array::from_fn(|i| row.get(start + i).copied().unwrap_or_default()))
}
