//! How the pixels of a picture lie in memory, and how a row of each layout becomes RGBA.
//!
//! Browsers take far longer to convert a camera's frame than to copy it: 1.0 ms against 0.07 for the
//! crop of 1280x720 in Chromium 156. So frames are taken as they are, and the rows that a resize is
//! about to read are converted here.

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

/// Fractional bits of what is added up to a colour.
const BITS: u32 = 6;

/// Pixels that are converted at a time.
const CHUNK: usize = 16;

/// What luma and chroma are multiplied by. In 6 fractional bits, as libyuv has them, so that all sums fit 16: a colour
/// is off by two levels at most, by less than one in most.
#[derive(Debug, Clone, Copy)]
pub(super) struct Coefficients {
    /// 7 fractional bits.
    luma: u16,
    bias: i16,
    red_v: i16,
    green_u: i16,
    green_v: i16,
    blue_u: i16,
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
        let fixed = |value: f64| (value * f64::from(1 << BITS)).round() as i16;
        Self {
            luma: (luma * f64::from(2 << BITS)).round() as u16,
            bias: fixed(0.5 - offset * luma),
            red_v: fixed(2.0 * (1.0 - red) * chroma),
            green_u: fixed(2.0 * (1.0 - blue) * blue / green * chroma),
            green_v: fixed(2.0 * (1.0 - red) * red / green * chroma),
            blue_u: fixed(2.0 * (1.0 - blue) * chroma),
        }
    }
}

impl Coefficients {
    /// Converts a row of `rgba.len() / 4` pixels; `chroma` gives the U and V of the pixels from an even column on, as
    /// many as it is asked for.
    fn convert(
        &self,
        luma: &[u8],
        chroma: impl Fn(usize, &mut [u8; CHUNK / 2], &mut [u8; CHUNK / 2]),
        rgba: &mut [u8],
    ) {
        let (mut u, mut v) = ([128; CHUNK / 2], [128; CHUNK / 2]);
        for (index, (luma, rgba)) in
            luma.chunks(CHUNK).zip(rgba.chunks_mut(CHUNK * RGBA)).enumerate()
        {
            chroma(index * CHUNK / 2, &mut u, &mut v);
            if let (Ok(luma), Ok(rgba)) = (luma.try_into(), <&mut [u8; _]>::try_from(&mut *rgba)) {
                self.chunk(luma, &u, &v, rgba);
            } else {
                let (mut whole, mut converted) = ([0; CHUNK], [0; CHUNK * RGBA]);
                whole[..luma.len()].copy_from_slice(luma);
                self.chunk(&whole, &u, &v, &mut converted);
                rgba.copy_from_slice(&converted[..rgba.len()]);
            }
        }
    }

    /// Of fixed length, so that the compiler makes vectors of it.
    #[inline]
    fn chunk(
        &self,
        luma: &[u8; CHUNK],
        u: &[u8; CHUNK / 2],
        v: &[u8; CHUNK / 2],
        rgba: &mut [u8; CHUNK * RGBA],
    ) {
        let clamp = |value: i16| (value >> BITS).clamp(0, 255) as u8;
        let [mut red, mut green, mut blue] = [[0; CHUNK]; 3];
        for i in 0..CHUNK {
            let light = ((u16::from(luma[i]) * self.luma) >> 1) as i16 + self.bias;
            let u = i16::from(u[i / 2]) - 128;
            let v = i16::from(v[i / 2]) - 128;
            red[i] = clamp(light.saturating_add(self.red_v * v));
            green[i] = clamp(light.saturating_sub(self.green_u * u + self.green_v * v));
            blue[i] = clamp(light.saturating_add(self.blue_u * u));
        }
        for (i, pixel) in rgba.as_chunks_mut::<RGBA>().0.iter_mut().enumerate() {
            *pixel = [red[i], green[i], blue[i], 255];
        }
    }
}

/// Converts a row of I420.
pub(super) fn i420_row(
    coefficients: &Coefficients,
    luma: &[u8],
    [u, v]: [&[u8]; 2],
    rgba: &mut [u8],
) {
    let copy = |from: &[u8], start: usize, to: &mut [u8; CHUNK / 2]| {
        let from = &from[start..from.len().min(start + CHUNK / 2)];
        to[..from.len()].copy_from_slice(from);
    };
    coefficients.convert(
        luma,
        |start, us, vs| {
            copy(u, start, us);
            copy(v, start, vs);
        },
        rgba,
    );
}

/// Converts a row of NV12.
pub(super) fn nv12_row(
    coefficients: &Coefficients,
    luma: &[u8],
    chroma: &[[u8; 2]],
    rgba: &mut [u8],
) {
    coefficients.convert(
        luma,
        |start, us, vs| {
            for ((u, v), &[from_u, from_v]) in us.iter_mut().zip(vs).zip(&chroma[start..]) {
                (*u, *v) = (from_u, from_v);
            }
        },
        rgba,
    );
}

/// Converts a row of BGRA.
pub(super) fn bgra_row(bgra: &[u8], rgba: &mut [u8]) {
    let pixels = bgra.as_chunks::<RGBA>().0.iter().zip(rgba.as_chunks_mut::<RGBA>().0);
    for (&[blue, green, red, alpha], pixel) in pixels {
        *pixel = [red, green, blue, alpha];
    }
}
